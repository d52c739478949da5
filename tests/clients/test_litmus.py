"""litmus, the conformance suite, against four server processes."""

from pathlib import Path

import pytest

from tests.components.gateway import Gateway
from tests.support.litmus import GROUPS, litmus

pytestmark = pytest.mark.xdist_group("clients")  # one gateway serves them all


def complaints(server: Gateway, folder: Path) -> dict[str, tuple[str, ...]]:
    """What litmus has to say against a server, by its groups; every group has to have run."""
    found = litmus(server.dav("admin"), "admin", server.admin_password, folder)
    assert set(found) == set(GROUPS)
    return {name: group.complaints for name, group in found.items() if not group.clean}


def test_litmus_is_content_with_sqlite_and_a_folder(gateway: Gateway, tmp_path: Path) -> None:
    assert complaints(gateway, tmp_path) == {}


def test_litmus_is_content_with_postgresql_and_minio(large: Gateway, tmp_path: Path) -> None:
    assert complaints(large, tmp_path) == {}
