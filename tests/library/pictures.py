"""Files whose content says what an indexer would find in them, and an indexer that believes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gateway.library.extracted import Extracted, Moment, Place, Rendition

if TYPE_CHECKING:
    from tests.library.house import House

_JPEG = b"\xff\xd8\xff"
_XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
DAY = 86_400 * 1_000_000


def picture(kind: str = "image", form: str = "jpeg", day: int | None = None, **found: Any) -> bytes:
    """A file in which the indexer finds this; ``day`` is when it was taken, in days from 1970."""
    if day is not None:
        found["date"] = ["original", day * DAY + 1]
    described = json.dumps({"kind": kind, "format": form, "width": 400, "height": 300} | found)
    return (_XMP if kind == "sidecar" else _JPEG) + described.encode()


def found_in(content: bytes) -> Extracted:
    """What the file says of itself."""
    found = json.loads(content[content.index(b"{") :])
    for name, kind in (("date", Moment), ("place", Place)):
        if name in found:
            found[name] = kind(*found[name])
    for name in ("tags", "motion"):
        if name in found:
            found[name] = tuple(found[name])
    found.pop("pad", None)
    return Extracted(**found)


def renditions(content: bytes) -> tuple[Rendition, ...]:
    return tuple(Rendition(name, 4, 3, f"{name} of {len(content)}".encode()) for name in ("240", "480", "2048"))


def index(house: House) -> int:
    """Do every job; how many there were."""
    jobs, done = house.library.jobs, 0
    while (job := jobs.claim("tests/")) is not None:
        if not jobs.finish_like_twin(job):
            content = b"".join(jobs.read(job, 0, job.size))
            found = found_in(content)
            jobs.finish(job, found, () if found.kind == "sidecar" else renditions(content))
        done += 1
    house.library.photos.follow_folders()
    return done
