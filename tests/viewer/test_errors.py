"""What people and programs hear of mistakes that are ours."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import pytest

from tests.library.conftest import _cheap_passwords, _furnished_postgres, _furnished_sqlite, catalogue, house
from tests.library.house import PASSWORD
from tests.library.pictures import index, picture
from viewer.app import create_app

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient

    from tests.library.house import House

_FIXTURES = (_cheap_passwords, _furnished_postgres, _furnished_sqlite, catalogue, house)


@pytest.fixture
def browser(house: House, packages: Path) -> FlaskClient:
    """Alice's, on a gallery whose catalogue holds nonsense about one picture."""
    client = create_app(house.library, packages).test_client()
    client.set_cookie(
        "davgallery", house.library.sessions.sign_in("alice", PASSWORD, address="127.0.0.1", device="browser")
    )
    house.put("alice/a.jpg", picture(day=1))
    index(house)
    house.execute("UPDATE rendition_set SET pictures = 'nonsense'")
    return client


def test_an_unexpected_error_shows_the_name_under_which_the_log_has_it(
    house: House, browser: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    (photo,) = house.rows("SELECT entry_id FROM photo")[0]
    with caplog.at_level(logging.ERROR, "davgallery.viewer"):
        page = browser.get(f"/thumb/{photo}/0/240.webp")
    assert page.status_code == 500
    reference = re.search("“([0-9a-f]{8})”", page.text)
    assert reference is not None
    (line,) = caplog.records
    assert reference[1] in line.getMessage()
    assert line.exc_info is not None
    assert "nonsense" not in page.text
    assert "Traceback" not in page.text
