"""The little that is needed of makers' notes. All of them are a directory; only these entries of it are read."""

from __future__ import annotations

import struct

from indexer.extract.tiff import Directory, first

_MAKER_NOTE = 0x927C
_NOT_SET = 0x7FFE
"""The city of a Canon whose owner never chose one; its clock then counts as that of the factory, +09:00."""
_ORDERS = {b"II": "<", b"MM": ">"}


def content_id(camera: Directory) -> str | None:
    """Apple's ContentIdentifier (tag 0x11, which exiftool calls MediaGroupUUID), the same in a live photo's video."""
    start, head = _note(camera)
    if not head.startswith(b"Apple iOS\0") or head[12:14] not in _ORDERS:
        return None
    return Directory(camera.file, _ORDERS[head[12:14]], start, 14).text(0x11)


def offset(camera: Directory, make: str | None) -> int | None:
    """Minutes east of UTC that a Canon or Nikon was set to.

    Canon's number has daylight saving time in it, Nikon's has not (photostructure/exiftool-vendored.js#215).
    """
    start, head = _note(camera)
    if head.startswith(b"Nikon\0\2"):
        note = first(camera.file, start + 10)
        world_time = note.data(0x24) if note else b""
        if note is not None and len(world_time) >= 3:
            minutes, summer = struct.unpack(note.order + "hB", world_time[:3])
            return int(minutes + 60 * (summer == 1))
    elif start and (make or "").casefold().startswith("canon"):
        time_info = Directory(camera.file, camera.order, camera.base, start - camera.base).data(0x35)
        if len(time_info) >= 12:
            _, minutes, city = struct.unpack(camera.order + "3i", time_info[:12])
            return None if city == _NOT_SET or not (minutes or city) else int(minutes)
    return None


def _note(camera: Directory) -> tuple[int, bytes]:
    """Where the note lies in the file, and how it begins."""
    start, length = camera.place(_MAKER_NOTE)
    if length < 16:
        return 0, b""
    camera.file.seek(start)
    return start, camera.file.read(16)
