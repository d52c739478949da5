"""Brings the catalogues in step with the texts in the code: ``python -m viewer.catalogues``.

New texts are added without a translation, those that are gone are removed; a text that was changed is a new one.
"""

from __future__ import annotations

import ast
import re
from io import BytesIO
from typing import TYPE_CHECKING, Any

from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import write_po

from gateway import errors
from viewer.languages import FOLDER, LANGUAGES, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from babel.messages.catalog import Message

TRANSLATED = tuple(language for language in LANGUAGES if language != "en")
_ROOT = FOLDER.parents[1]
_KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_pgettext": ((1, "c"), 2)}
_SOURCES = (
    ("viewer/**/*.py", "python"),
    ("viewer/templates/**/*.html", "jinja2.ext:babel_extract"),
    ("viewer/static/js/**/*.js", "javascript"),
)
_SAYING = ("gateway/errors.py", "gateway/library/*.py", "gateway/catalogue/*.py", "gateway/store/*.py", "viewer/*.py")
"""Where errors are raised that pages show. The doors for files and the API speak to programs."""
_HEADER = """\
# %s texts of davgallery. "python -m viewer.catalogues" brings in what is new in the code.
# Places such as %%(name)s stand for values and stay as they are."""
_NOISE = rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Language-Team|Last-Translator|Report-Msgid-Bugs-To): .*\n'


def found() -> Iterator[tuple[str, Any, str | None]]:
    """Every text that the code marks, and every sentence of an error: its file, the text or its forms, its context."""
    for pattern, method in _SOURCES:
        for path in sorted(_ROOT.glob(pattern)):
            with path.open("rb") as file:
                for _, text, _, context in extract(method, file, _KEYWORDS, options={"silent": "false"}):
                    yield _name(path), text, context
    for pattern in _SAYING:
        for path in sorted(_ROOT.glob(pattern)):
            yield from ((_name(path), text, None) for text in sentences(path.read_text(encoding="utf-8")))


def updated(language: str) -> Catalog:
    """The language's catalogue with all texts that are in the code, and no others."""
    texts = Catalog()
    for place, text, context in found():
        texts.add(text, locations=[(place, 0)], context=context)
    known = catalogue(language) if _path(language).exists() else Catalog()
    fresh = Catalog(language, project="davgallery", header_comment=_HEADER % LANGUAGES[language], fuzzy=False)
    for message in sorted((one for one in texts if one.id), key=lambda one: (min(one.locations), _key(one))):
        old = known.get(message.id, message.context)
        string = old.string if old is not None and old.id == message.id else None
        fresh.add(message.id, string, sorted(set(message.locations)), context=message.context)
    return fresh


def written(language: str) -> bytes:
    """The file of :func:`updated`: the same whenever it is made."""
    file = BytesIO()
    write_po(file, updated(language), width=120, include_lineno=False)
    return re.sub(_NOISE, b"", file.getvalue())


def is_translated(message: Message) -> bool:
    """Whether it has a text, or each of its plural forms has."""
    return all(message.string) if isinstance(message.string, tuple | list) else bool(message.string)


def main() -> None:
    """Write them all, and say what waits for a translation."""
    for language in TRANSLATED:
        _path(language).parent.mkdir(parents=True, exist_ok=True)
        _path(language).write_bytes(written(language))
        texts = [message for message in catalogue(language) if message.id]
        missing = [message for message in texts if not is_translated(message)]
        print(f"{language}: {len(missing)} of {len(texts)} texts wait for a translation")  # noqa: T201 - for the person


def sentences(source: str) -> Iterator[str]:
    """What errors of the library say in this source: values that are put in stand as places."""
    kinds = {"__init__", *(name for name, kind in vars(errors).items() if isinstance(kind, type))}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args and _callee(node.func) in kinds:
            yield from _texts(node.args[0])


def _callee(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _texts(node: ast.expr) -> Iterator[str]:
    """A literal text, or each of those that a condition chooses from."""
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        names: list[str] = []
        parts = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                names.append(_value_name(part.value))
                again = names.count(names[-1])
                parts.append(f"%({names[-1]}{again if again > 1 else ''})s")
            elif isinstance(part, ast.Constant):
                parts.append(str(part.value))
        yield "".join(parts)


def _value_name(node: ast.expr) -> str:
    """What a translator calls the value: the first name in it, as it is walked from outside."""
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute | ast.Name):
            return (part.attr if isinstance(part, ast.Attribute) else part.id).strip("_").lower()
    return "value"


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _name(path: Path) -> str:
    return path.relative_to(_ROOT).as_posix()


def _path(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


if __name__ == "__main__":
    main()
