"""Names for objects: drawn once, never used again, and readable for a person who looks into the bucket.

A key is ``<space key>/<folders at upload>/<name>~<12 random characters>.<ext>``. Only the random part carries meaning:
a late writer or a repeated delete can touch no key but its own. The words are a hint, so they may be cut and replaced.
Keys whose first segment begins with ``_`` belong to davgallery itself.
"""

import base64
import os
import re
import unicodedata
from collections.abc import Sequence

SEGMENT_BYTES = 255
"""The longest segment that MinIO and common file systems take, in bytes of UTF-8."""
KEY_BYTES = 1024
"""The longest key that S3 takes, in bytes of UTF-8."""
SPACE_KEY_BYTES = 64
RENDITIONS = "_davgallery/renditions/"
"""How the keys of everything begin that is derived from files."""
PARTS = "_davgallery/uploads/"
"""How the keys of parts begin, of uploads that are not whole yet."""

# Control characters, what separates or escapes segments, our own mark, and what XML 1.0 cannot carry: S3 names the
# keys to delete in XML, and MinIO answers MalformedXML for U+FFFE.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f/\\\\~\ud800-\udfff\ufffe\uffff]")
_EXTENSION = re.compile(r"[A-Za-z0-9]{1,8}", re.ASCII)
# MinIO stores "x/" as "x__XLDIR__"; objects in a folder of that name can be read but are missing from every listing.
_MINIO_FOLDER_MARK = "__XLDIR__"


def fresh(space_key: str, folders: Sequence[str], name: str) -> str:
    """Draw a key for one attempt to upload ``name`` into ``folders`` (decoded names, outermost first).

    Any text is taken for folders and name. ``space_key`` comes from ``new_space_key``; ValueError when it cannot.
    """
    if not space_key or space_key[0] in "._" or _segment(space_key) != space_key:
        raise ValueError("not a space key")
    stem, dot, extension = name.rpartition(".")
    if not (stem and _EXTENSION.fullmatch(extension)):
        stem, dot, extension = name, "", ""
    tail = f"~{_random(12)}{dot}{extension.lower()}"
    last = _cut(_clean(stem), SEGMENT_BYTES - len(tail)) + tail
    segments = [space_key]
    room = KEY_BYTES - len(space_key.encode()) - 1 - len(last.encode())
    for folder in folders:
        segment = _segment(folder)
        room -= len(segment.encode()) + 1
        if room < 0:
            break
        segments.append(segment)
    segments.append(last)
    return "/".join(segments)


def for_renditions(sha256: str) -> str:
    """Draw a key for what is derived from bytes of this hash. Each attempt has its own: they may be made again."""
    return f"{RENDITIONS}{sha256[:2]}/{sha256}~{_random(12)}.webps"


def for_playable(sha256: str) -> str:
    """Draw a key for the playable copy of a video of this hash."""
    return f"{RENDITIONS}{sha256[:2]}/{sha256}~{_random(12)}.mp4"


def for_part(transfer: str, start: int) -> str:
    """Draw a key for one attempt to store the part of an upload that begins at byte ``start``."""
    return f"{PARTS}{transfer}/{start:015}~{_random(12)}"


def new_space_key(name: str) -> str:
    """Draw the key of a new space from its first name. It stays when the space is renamed."""
    tail = f"-{_random(6)}"
    return (_cut(_clean(name).lstrip("._"), SPACE_KEY_BYTES - len(tail)) or "space") + tail


def split(key: str) -> list[str]:
    """Return the segments of a key. ValueError for what no store takes: empty, ``.``, ``..``, NUL, over 1,024 bytes."""
    segments = key.split("/")
    if "\0" in key or len(key.encode()) > KEY_BYTES or not {"", ".", ".."}.isdisjoint(segments):
        raise ValueError("not a key")
    return segments


def _random(length: int) -> str:
    """Characters of the base32 alphabet in lower case: five bits each, and alike on disks that ignore case."""
    return base64.b32encode(os.urandom(length)).decode()[:length].lower()


def _segment(name: str) -> str:
    segment = _cut(_clean(name), SEGMENT_BYTES)
    if segment in {"", ".", ".."}:
        return "_" * max(1, len(segment))
    return segment.removesuffix("__") if segment.endswith(_MINIO_FOLDER_MARK) else segment


def _clean(text: str) -> str:
    return _UNSAFE.sub("_", unicodedata.normalize("NFC", text))


def _cut(text: str, limit: int) -> str:
    """The longest beginning of ``text`` that has at most ``limit`` bytes of UTF-8."""
    encoded = text.encode()
    return text if len(encoded) <= limit else encoded[:limit].decode(errors="ignore")
