"""Every text in every language: in the catalogues, on the pages, and chosen by whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import requests
from flask import Flask, g
from playwright.sync_api import expect

from tests.components.gateway import Gateway, Options
from tests.viewer.conftest import SCREENSHOTS
from tests.viewer.gallery import NEWEST, Gallery, photograph
from tests.viewer.silence import DESKTOP, silent_page
from viewer import catalogues, languages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel.messages.catalog import Message
    from playwright.sync_api import Browser, Page

LAPTOP, PHONE = (1100, 700), (390, 844)
PLACE = re.compile(r"%\(\w+\)[sd]")
TAG = re.compile(r"</?\w+>")
PAGES = """/ /?photo=1 /gallery?kind=photo /gallery?sort=-added /connect /connect?device=iphone /account /folders
    /folders/anna /search /favourites /trash /map""".split()
CUT = """[...document.querySelectorAll('h1, h2, .button, .bar, .rail a, .menu .item, label, dt, summary')]
    .filter((one) => one.checkVisibility() && !one.closest('.spoken') && one.scrollWidth > one.clientWidth + 1)
    .map((one) => one.textContent.trim())"""


def texts(message: Message) -> list[str]:
    """What it says, in each of its forms."""
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def messages(language: str) -> list[Message]:
    return [message for message in languages.catalogue(language) if message.id]


# --- catalogues -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", catalogues.TRANSLATED)
def test_the_catalogue_has_every_text_of_the_code_and_no_others(language: str) -> None:
    """Run ``python -m viewer.catalogues`` and translate what is new."""
    path = languages.FOLDER / language / "LC_MESSAGES" / "messages.po"
    assert path.read_bytes() == catalogues.written(language)


@pytest.mark.parametrize("language", catalogues.TRANSLATED)
def test_every_text_is_translated_in_each_of_its_forms(language: str) -> None:
    missing = [one.id for one in messages(language) if one.fuzzy or not catalogues.is_translated(one)]
    assert missing == []


@pytest.mark.parametrize("language", catalogues.TRANSLATED)
def test_a_translation_has_the_places_and_the_markup_of_its_text(language: str) -> None:
    wrong = []
    for message in messages(language):
        original = message.id if isinstance(message.id, str) else message.id[-1]
        for text in texts(message):
            same = set(PLACE.findall(text)) == set(PLACE.findall(original))
            if not same or sorted(TAG.findall(text)) != sorted(TAG.findall(original)) or '"' in text:
                wrong.append(text)
    assert wrong == []


def test_no_text_has_a_straight_quote_that_would_end_an_attribute() -> None:
    assert [message.id for message in messages("es") if '"' in str(message.id)] == []


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def speaking() -> Flask:
    """An app that speaks what the request wants."""
    app = Flask("test")
    languages.install(app)
    return app


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", ["1 photo", "3 photos", "1,204 photos"]), ("es", ["1 foto", "3 fotos", "1204 fotos"])],
)
def test_numbers_and_plurals_are_those_of_the_language(speaking: Flask, language: str, said: list[str]) -> None:
    with speaking.test_request_context(headers={"Accept-Language": language}):
        assert [languages.ngettext("%(num)d photo", "%(num)d photos", num) for num in (1, 3, 1204)] == said


def test_russian_has_its_plurals(speaking: Flask) -> None:
    with speaking.test_request_context(headers={"Accept-Language": "ru"}):
        said = [languages.ngettext("%(num)d photo", "%(num)d photos", num) for num in (1, 2, 5, 11, 21, 1004)]
    assert said == [
        "1 фотография",
        "2 фотографии",
        "5 фотографий",
        "11 фотографий",
        "21 фотография",
        "1\u00a0004 фотографии",
    ]


def test_scripts_get_the_forms_by_the_names_that_browsers_know() -> None:
    russian = languages.words("ru").scripts["%(num)d photo"]
    assert russian == {"one": "%(num)d фотография", "few": "%(num)d фотографии", "many": "%(num)d фотографий"}
    assert set(languages.words("es").scripts["%(num)d photo"]) == {"one", "many", "other"}


def test_what_the_library_says_is_translated_with_what_is_in_it(speaking: Flask) -> None:
    with speaking.test_request_context(headers={"Accept-Language": "es"}):
        assert languages.sentence("There is no account “anna %(x)s (1)”.") == "No existe la cuenta «anna %(x)s (1)»."
        assert languages.sentence("The space is full.") == "El espacio está lleno."
        assert languages.sentence("Nobody translated this.") == "Nobody translated this."


def test_values_in_markup_are_escaped_and_the_text_is_not(speaking: Flask) -> None:
    speaking.add_url_rule("/", view_func=lambda: "")
    template = speaking.jinja_env.from_string('{{ _("Without %(what)s", what="<i>") }} {{ _("Install <b>x</b>") }}')
    with speaking.test_request_context(headers={"Accept-Language": "es"}):
        assert template.render() == "Sin &lt;i&gt; Install <b>x</b>"


def test_the_account_goes_before_the_browsers_choice_and_that_before_its_settings(speaking: Flask) -> None:
    class Visit:
        language: str | None = "ru"

    headers = {"Accept-Language": "en-GB,en;q=0.8", "Cookie": "language=es"}
    with speaking.test_request_context(headers=headers):
        g.visit = Visit()
        assert languages.language() == "ru"
    with speaking.test_request_context(headers=headers):
        g.visit = None
        assert languages.language() == "es"
    with speaking.test_request_context(headers={"Accept-Language": "de, ru;q=0.5"}):
        assert languages.language() == "ru"
    with speaking.test_request_context(headers={"Accept-Language": "de", "Cookie": "language=tlh"}):
        assert languages.language() == "en"


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    with Gateway(tmp_path_factory.mktemp("languages"), Options(workers=1, indexers=1)) as gateway:
        gallery = Gallery(gateway)
        gateway.add_account("anna", password=gallery.password)
        gallery.put("anna/a.jpg", photograph(NEWEST))
        gallery.put("anna/notes.txt", b"notes")
        gallery.wait()
        yield gallery


def english_left(page: Page, language: str) -> list[str]:
    """What is seen or heard on the page and would be other words in its language."""
    known = {
        str(one.id): texts(one)[0] for one in messages(language) if isinstance(one.id, str) and one.id not in texts(one)
    }
    said = page.evaluate("""() => {
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const said = [];
        while (walker.nextNode()) {
            if (!walker.currentNode.parentElement.closest('script, code')) said.push(walker.currentNode.data.trim());
        }
        for (const name of ['aria-label', 'title', 'placeholder', 'alt']) {
            for (const element of document.querySelectorAll(`[${name}]`)) said.push(element.getAttribute(name));
        }
        return said.concat(document.title.split(' · '));
    }""")
    return sorted({text for text in said if text in known})


@pytest.mark.parametrize("language", catalogues.TRANSLATED)
@pytest.mark.parametrize("size", [DESKTOP, LAPTOP, PHONE], ids=["desktop", "laptop", "phone"])
def test_pages_speak_the_language_that_was_chosen_and_nothing_is_cut_off(
    browser: Browser, gallery: Gallery, language: str, size: tuple[int, int]
) -> None:
    url = gallery.gateway.url
    with silent_page(browser, f"{url}/sign-in", size, touch=size == PHONE) as page:
        page.context.add_cookies([{"name": "language", "value": language, "url": url}])
        page.goto("/sign-in")
        assert english_left(page, language) == []
        page.locator("input[name=name]").fill("anna")
        page.locator("input[name=password]").fill(gallery.password)
        with page.expect_navigation():
            page.locator("form:has(input[name=password]) button[type=submit]").click()
        for number, path in enumerate(PAGES):
            page.goto(path)
            expect(page.locator("html")).to_have_attribute("lang", language)
            page.screenshot(path=SCREENSHOTS / f"language-{language}-{size[0]}-{number}.png")
            assert english_left(page, language) == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            assert page.evaluate(CUT) == [], path


def test_errors_are_told_in_the_language_of_who_asks(gallery: Gallery) -> None:
    answer = requests.post(
        f"{gallery.gateway.url}/sign-in",
        {"name": "anna", "password": "wrong"},
        headers={"Accept-Language": "ru"},
        timeout=10,
    )
    assert answer.status_code == 401
    assert "Неверное имя или пароль." in answer.text


def test_the_language_can_be_chosen_before_one_signs_in(browser: Browser, gallery: Gallery) -> None:
    with silent_page(browser, f"{gallery.gateway.url}/sign-in?next=/connect") as page:
        page.get_by_role("button", name="Русский").click()
        expect(page.get_by_role("button", name="Войти")).to_be_visible()
        expect(page.get_by_label("Имя")).to_be_focused()
        page.screenshot(path=SCREENSHOTS / "language-sign-in.png")
        page.get_by_role("button", name="Español").click()
        expect(page.get_by_label("Nombre")).to_be_focused()
        page.get_by_label("Nombre").fill("anna")
        page.get_by_label("Contraseña").fill(gallery.password)
        page.get_by_role("button", name="Iniciar sesión").click()
        expect(page.get_by_role("heading", name="Conectar un dispositivo")).to_be_visible()


def test_what_is_no_language_changes_nothing(gallery: Gallery) -> None:
    with requests.Session() as session:
        answer = session.post(f"{gallery.gateway.url}/language", {"language": "xx", "next": "//elsewhere"}, timeout=10)
        assert '<html lang="en"' in answer.text
        assert answer.url.startswith(gallery.gateway.url)
