"""The API and its document say the same: schemathesis reads the one and tries the other, on a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from playwright.sync_api import expect

from gateway.library.tokens import Scope
from tests.components.gateway import Gateway, Options
from tests.viewer.gallery import NEWEST, Gallery, photograph
from tests.viewer.silence import DESKTOP, silent_page
from viewer.api.document import build
from viewer.api.sections import SECTIONS
from viewer.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

PHONE = (390, 844)
DOCUMENT = build(SECTIONS, "")
HOW: dict[str, Any] = {
    "phases": {"coverage": {"enabled": False}, "examples": {"enabled": False}},
    "checks": {
        # Dates that no calendar has, spaces that are not there: the form of a text does not say it.
        "positive_data_acceptance": {"enabled": False},
        # It guesses passwords until that is slowed down; test_routes shows everything to nobody.
        "ignored_auth": {"enabled": False},
    },
}
ANYTHING = schemathesis.openapi.from_dict(DOCUMENT, config=schemathesis.Config.from_dict(HOW))
WHAT_FITS = schemathesis.openapi.from_dict(
    DOCUMENT, config=schemathesis.Config.from_dict({**HOW, "generation": {"mode": "positive"}})
)
TRIED = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """A server with a photograph of Anna's and one of the family's."""
    with Gateway(tmp_path_factory.mktemp("gallery"), Options(workers=1, indexers=1)) as gateway:
        gallery = Gallery(gateway)
        gateway.add_account("anna", password=gallery.password)
        gateway.run("space", "add", "family")
        gateway.run("space", "grant", "family", "anna", "manager")
        for path in ("anna/a.jpg", "family/b.jpg"):
            gallery.put(path, photograph(NEWEST))
        gallery.wait()
        yield gallery


@pytest.fixture
def program(gallery: Gallery) -> dict[str, str]:
    """The header of a program that may do everything that Anna may."""
    wanted = {"name": "anna", "password": gallery.password, "scopes": [one for one in Scope if one is not Scope.ADMIN]}
    granted = requests.post(f"{gallery.gateway.url}/api/v1/tokens", json=wanted, timeout=30).json()
    return {"Authorization": f"Bearer {granted['access_token']}"}


@ANYTHING.parametrize()
@TRIED
def test_answers_are_as_the_document_says(case: schemathesis.Case, gallery: Gallery, program: dict[str, str]) -> None:
    case.call_and_validate(base_url=gallery.gateway.url, headers=program)


@WHAT_FITS.parametrize()
@settings(TRIED, max_examples=3)
def test_nobody_is_answered_as_the_document_says(case: schemathesis.Case, gallery: Gallery) -> None:
    answer = case.call(base_url=gallery.gateway.url)
    case.validate_response(answer)
    if case.operation.definition.raw["security"]:
        assert answer.status_code == 401


def test_every_address_of_the_api_is_declared(packages: Path) -> None:
    served = {
        (method.lower(), rule.rule)
        for rule in create_app(None, packages).url_map.iter_rules()  # type: ignore[arg-type]
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    declared = {(one.method.lower(), f"/api/v1{one.rule}") for section in SECTIONS for one in section.endpoints}
    assert served == declared
    assert sum(map(len, DOCUMENT["paths"].values())) == len(declared)


def test_everything_in_the_document_has_words() -> None:
    missing = []
    for path, methods in DOCUMENT["paths"].items():
        for method, one in methods.items():
            missing += [f"{method} {path}"] if not one["summary"] or one["summary"].endswith(".") else []
            parameters = [found for found in one.get("parameters", []) if "$ref" not in found]
            missing += [f"{method} {path} {found['name']}" for found in parameters if not found["description"]]
    assert missing == []


def test_the_document_is_served_to_everybody(gallery: Gallery) -> None:
    answer = requests.get(f"{gallery.gateway.url}/api/v1/openapi.json", timeout=30)
    assert answer.json() == {**DOCUMENT, "servers": [{"url": "/"}]}
    assert answer.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_of_the_api_can_be_read(browser: Browser, gallery: Gallery, packages: Path, theme: str) -> None:
    with silent_page(browser, f"{gallery.gateway.url}/api") as page:
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.evaluate((packages.parent / "vendor-dev/axe-core/axe.min.js").read_text())
        for width, height in (DESKTOP, PHONE):
            page.set_viewport_size({"width": width, "height": height})
            found: list[Any] = page.evaluate(
                "async () => (await axe.run({ preload: false })).violations.map(v => [v.id, v.nodes.map(n => n.html)])"
            )
            assert found == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        expect(page.get_by_text("Contents", exact=True)).to_be_visible()
        broken = page.evaluate(
            "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href').slice(1))"
            ".filter(id => !document.getElementById(id))"
        )
        assert broken == []
        for name in ("quota-exceeded", "invalid-token", "insufficient-scope", "invalid"):
            expect(page.locator(f"#{name}")).to_have_count(1)
