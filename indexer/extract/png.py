"""Texts in a PNG, in which programs also keep whole profiles of metadata."""

from __future__ import annotations

import re
import zlib
from typing import BinaryIO

from indexer.extract import containers

_LARGEST = 4 << 20
"""Bytes that a text may have, also when it is decompressed."""
_KINDS = {b"tEXt", b"zTXt", b"iTXt"}


def text(file: BinaryIO, *keywords: str) -> bytes:
    """The first text with one of ``keywords`` (§11.3.4 of the specification): UTF-8 or Latin-1, as its kind has it."""
    for part in containers.png(file):
        if part.name in _KINDS:
            keyword, _, rest = containers.read(file, part, limit=_LARGEST).partition(b"\0")
            if keyword.decode("latin-1") in keywords:
                return _content(part.name, rest)
    return b""


def profile(file: BinaryIO, *names: str) -> bytes:
    """The first profile of one of ``names`` that ImageMagick wrote: a line of its name, one of its length, and hex."""
    content = text(file, *(f"Raw profile type {name}" for name in names))
    found = re.fullmatch(rb"\n?[^\n]*\n *\d+\n([0-9a-fA-F\s]*)", content)
    digits = b"".join(found[1].split()) if found else b""
    return bytes.fromhex(digits[: len(digits) // 2 * 2].decode())


def _content(kind: bytes, rest: bytes) -> bytes:
    if kind == b"tEXt":
        return rest
    if kind == b"zTXt":
        return _inflated(rest[1:])
    is_compressed, (_, _, text) = rest[:1] == b"\1", [*rest[2:].split(b"\0", 2), b"", b"", b""][:3]
    return _inflated(text) if is_compressed else text


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, _LARGEST)
    except zlib.error:
        return b""
