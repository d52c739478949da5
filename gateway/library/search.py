"""The language of the search field: words, "phrases", ``-`` before what must not be there, ``OR``, brackets, ``tag:``.

Nothing that a person types is wrong: brackets and quotes that are never closed end with the text, and an ``OR`` or a
``-`` without anything to join or refuse is left out. What was understood is written back as text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_WORDS = 50


@dataclass(frozen=True, slots=True)
class Word:
    """A text that is found in anything that is known of a photo; or the whole of one of its tags."""

    text: str
    is_tag: bool = False

    def __str__(self) -> str:
        """As it is typed."""
        quoted = _PLAIN.fullmatch(self.text) is None or (not self.is_tag and _SPECIAL.match(self.text) is not None)
        return ("tag:" if self.is_tag else "") + (f'"{self.text}"' if quoted else self.text)


@dataclass(frozen=True, slots=True)
class Not:
    """What must not be there."""

    term: Term

    def __str__(self) -> str:
        """As it is typed."""
        return f"-{_bracketed(self.term)}"


@dataclass(frozen=True, slots=True)
class Every:
    """All of several."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        """As it is typed."""
        return " ".join(f"({term})" if isinstance(term, Either) else str(term) for term in self.terms)


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of several."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        """As it is typed."""
        return " OR ".join(map(str, self.terms))


Term = Word | Not | Every | Either

_TOKEN = re.compile(r'(?P<sign>[()]|-(?=[^\s)]))|(?P<tag>tag:(?=[^\s()]))?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s()"]+))')
_PLAIN = re.compile(r'[^\s()"]+')
_SPECIAL = re.compile(r"-|tag:|OR\Z")
_Token = Word | str


def parse(text: str) -> Term | None:
    """What a text asks for; None for nothing. Raises ValueError for more than ``MOST_WORDS`` words."""
    tokens = [token for match in _TOKEN.finditer(text) if (token := _token(match)) is not None]
    if sum(isinstance(token, Word) for token in tokens) > MOST_WORDS or len(tokens) > 4 * MOST_WORDS:
        raise ValueError("too many words")
    tokens.reverse()
    terms: list[Term] = []
    while tokens:
        if (term := _either(tokens)) is not None:
            terms.append(term)
        if tokens:
            tokens.pop()  # a bracket that was never opened
    return _joined(Every, terms)


def _token(match: re.Match[str]) -> _Token | None:
    if match["sign"]:
        return match["sign"]
    if match["word"] == "OR" and not match["tag"]:
        return "OR"
    if match["word"] == "-":
        return None
    text = " ".join((match["word"] or match["phrase"]).split())
    return Word(text, is_tag=match["tag"] is not None) if text else None


def _either(tokens: list[_Token]) -> Term | None:
    terms = [_every(tokens)]
    while tokens and tokens[-1] == "OR":
        tokens.pop()
        terms.append(_every(tokens))
    return _joined(Either, terms)


def _every(tokens: list[_Token]) -> Term | None:
    terms: list[Term | None] = []
    while tokens and tokens[-1] not in ("OR", ")"):
        terms.append(_one(tokens))
    return _joined(Every, terms)


def _one(tokens: list[_Token]) -> Term | None:
    first = tokens.pop()
    if isinstance(first, Word):
        return first
    if first == "-":
        if not tokens or tokens[-1] in ("OR", ")"):
            return None
        term = _one(tokens)
        return None if term is None else Not(term)
    term = _either(tokens)
    if tokens:
        tokens.pop()  # the closing bracket
    return term


def _joined(kind: type[Every | Either], terms: Iterable[Term | None]) -> Term | None:
    """Several terms as one, without those that ask for nothing; groups of the same kind become one."""
    flat: list[Term] = []
    for term in terms:
        if isinstance(term, kind):
            flat += term.terms
        elif term is not None:
            flat.append(term)
    return kind(tuple(flat)) if len(flat) > 1 else flat[0] if flat else None


def _bracketed(term: Term) -> str:
    return f"({term})" if isinstance(term, Every | Either) else str(term)
