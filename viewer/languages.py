"""The languages of the pages: whose words, plurals, numbers and dates a person reads.

English stands in the code and is the key of every translation. The other languages are gettext catalogues, read as they
were written (``translations/<language>/LC_MESSAGES/messages.po``): nothing has to be compiled. The same catalogues give
the scripts their texts, and translate what the library says of errors.
"""

from __future__ import annotations

import re
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations
from babel.units import format_unit
from flask import g, request
from flask_babel import Babel, Domain, get_locale
from flask_babel.speaklater import LazyString
from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime, timedelta

    from babel.messages.catalog import Catalog
    from flask import Flask

LANGUAGES = {"en": "English", "es": "Español", "ru": "Русский"}
"""What a person can choose, each by its own name."""
FOLDER = Path(__file__).with_name("translations")
SCRIPTS = "viewer/static/js/"
ERRORS = "gateway/"

_PLACE = re.compile(r"%\((\w+)\)[sd]")
_UNITS = ("byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte")


class Words(NamedTuple):
    """One language's catalogue, ready for use."""

    translations: Translations
    scripts: dict[str, str | dict[str, str]]
    """What scripts say: a text, or its plural forms by the names of Intl.PluralRules."""
    sentences: tuple[tuple[re.Pattern[str], str], ...]
    """What the library says with something in it: its form, and the text that is translated."""


# --- marking texts ----------------------------------------------------------------------------------------------------


def gettext(text: str, /, **values: object) -> str:
    """The text in the language of the request; values stand at ``%(name)s``, numbers as the language writes them."""
    return filled(_words().translations.ugettext(text), values)


def pgettext(context: str, text: str, /, **values: object) -> str:
    """The same for a text that means different things in different places."""
    return filled(_words().translations.upgettext(context, text), values)


def ngettext(one: str, other: str, num: int, /, **values: object) -> str:
    """The text for a number of things, which stands at ``%(num)d``."""
    return filled(_words().translations.ungettext(one, other, num), {"num": num, **values})


def lazy_gettext(text: str, /, **values: object) -> LazyString:
    """The text in the language of whoever reads it, for what is made before there is a request."""
    return LazyString(gettext, text, **values)


def lazy_pgettext(context: str, text: str, /, **values: object) -> LazyString:
    """The same for a text that means different things in different places."""
    return LazyString(pgettext, context, text, **values)


def sentence(text: str) -> str:
    """What the library says of an error, in the language of the request; English where there is no translation."""
    words = _words()
    if (found := words.translations.ugettext(text)) != text:
        return found
    for form, key in words.sentences:
        if match := form.fullmatch(text):
            return filled(words.translations.ugettext(key), match.groupdict())
    return text


def filled(text: str, values: Mapping[str, object]) -> str:
    """Put values at their places."""

    def value(place: re.Match[str]) -> str:
        found = values.get(place[1], place[0])
        return number(found) if isinstance(found, int | float) and not isinstance(found, bool) else str(found)

    return _PLACE.sub(value, text)


# --- numbers and dates ------------------------------------------------------------------------------------------------


def number(value: float) -> str:
    """1,204 as the language writes it."""
    # Spanish groups from five digits on, which Babel does not know and browsers do.
    return format_decimal(value, locale=locale(), group_separator=abs(value) >= 10_000 or language() != "es")


def size(bytes_: int) -> str:
    """A size in the largest unit that leaves at least 1, to three digits: "15 GB", "1.23 MB"."""
    value, power = float(bytes_), 0
    while value >= 999.5 and power < len(_UNITS) - 1:
        value, power = value / 1000, power + 1
    return format_unit(value, _UNITS[power], "short", format="@##" if value else "0", locale=locale())


def day(value: date | datetime) -> str:
    """A day: "14 July 2019". Clocks of photographs are given as they stand; no zone is ever applied."""
    return format_date(value, "long", locale=locale())


def moment(value: datetime) -> str:
    """A wall clock as it stands: "14 July 2019, 14:32"."""
    return format_datetime(value, "d MMMM y, HH:mm" if language() == "en" else "long", locale=locale())


def ago(value: timedelta) -> str:
    """How long ago: "3 hours ago"."""
    return format_timedelta(-value, add_direction=True, locale=locale())


# --- which language ---------------------------------------------------------------------------------------------------


def language() -> str:
    """The language of the request: a key of ``LANGUAGES``."""
    return str(locale())


def locale() -> Locale:
    """The same as Babel knows it; English where nobody asks."""
    return get_locale() or Locale("en")


def _chosen() -> str:
    """What the account's person chose, else this browser's, else what the browser asks for."""
    visit = g.get("visit")
    for wanted in (visit and visit.language, request.cookies.get("language")):
        if wanted in LANGUAGES:
            return cast("str", wanted)
    return request.accept_languages.best_match(LANGUAGES) or "en"


# --- catalogues -------------------------------------------------------------------------------------------------------


def catalogue(language: str) -> Catalog:
    """A language's catalogue as it was written."""
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="messages", abort_invalid=True)


@cache
def words(language: str) -> Words:
    """A language's catalogue, made ready once in a process."""
    if language == "en":
        return Words(Translations(), {}, ())
    messages, compiled = catalogue(language), BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    category = Locale(language).plural_form
    translations = Translations(compiled)
    # Which of gettext's forms each name of a plural means: seen from numbers that have it.
    forms = {category(num): translations.plural(num) for num in (*range(200), 1_000_000)}
    scripts: dict[str, str | dict[str, str]] = {}
    sentences = []
    for message in messages:
        if not message.id or not message.string:
            continue
        key = message.id if isinstance(message.id, str) else message.id[0]
        places = [place for place, _ in message.locations]
        if any(place.startswith(SCRIPTS) for place in places):
            name = f"{message.context}\x04{key}" if message.context else key
            texts = message.string
            scripts[name] = texts if isinstance(texts, str) else {name: texts[form] for name, form in forms.items()}
        if any(place.startswith(ERRORS) for place in places) and _PLACE.search(key):
            sentences.append((_form(key), key))
    sentences.sort(key=lambda one: -len(_PLACE.sub("", one[1])))  # what says more fits better
    return Words(translations, scripts, tuple(sentences))


def _words() -> Words:
    return words(language())


def _form(text: str) -> re.Pattern[str]:
    """What a sentence with places looks like once they are filled."""
    parts = _PLACE.split(text)
    return re.compile(
        "".join(f"(?P<{part}>.*)" if odd % 2 else re.escape(part) for odd, part in enumerate(parts)), re.DOTALL
    )


# --- the app ----------------------------------------------------------------------------------------------------------


def _markup(translate: Callable[..., str]) -> Callable[..., Markup]:
    """The same for templates: a text may hold markup, so the values in it are escaped."""

    def marked(*texts: Any, **values: object) -> Markup:
        safe = {name: value if isinstance(value, int | float) else escape(value) for name, value in values.items()}
        return Markup(translate(*texts, **safe))  # noqa: S704 - texts are ours

    return marked


class _Texts(Domain):  # type: ignore[misc]
    """What Flask-Babel's own functions translate with: the same catalogues."""

    def get_translations(self) -> Translations:
        """Those of the request's language."""
        return _words().translations


class _Babel(Babel):  # type: ignore[misc]
    domain_instance = _Texts()


def install(app: Flask) -> None:
    """Give the app its languages, and its templates what marks and writes texts."""
    _Babel(app, locale_selector=_chosen, configure_jinja=False)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    env = app.jinja_env
    env.globals.update(
        _=_markup(gettext),
        gettext=_markup(gettext),
        ngettext=_markup(ngettext),
        pgettext=_markup(pgettext),
        languages=LANGUAGES,
    )
    env.filters.update(number=number, size=size, day=day, moment=moment, ago=ago)
    app.context_processor(lambda: {"language": language(), "words": _words().scripts})
