"""From the files of one name to the photos that people see: which belong together, and which stands for the others.

Files arrive one by one and in any order: the RAW file after its JPEG, the moving half of a live photo before the
still, a sidecar last. So everything here is worked out anew from all files of a name whenever one of them changes.
"""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING, NamedTuple

from gateway.library import dating, media
from gateway.library.cells import cell
from gateway.library.extracted import Moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SIDECAR = ".xmp"
_LONGEST_LIVE = 3_500
"""Milliseconds; Apple's moving halves are three seconds long, give or take a frame."""
_STILLS = ("heic", "avif", "jpeg")
"""Formats that cameras write beside a RAW file or a moving half, the likeliest first."""
_KINDS = ("image", "raw", "video")
"""What a gallery shows."""
MOST_TOGETHER = 100
"""Files of one name, or of one content id in one folder. More are no stack: nothing that a camera made."""
_LEAST_RATIO, _MOST_RATIO = 40, 320


class Flag(IntFlag):
    """What a tile says of a photo besides its kind."""

    LIVE = 1
    """It moves: it has a moving half, as a file of its own or inside it."""
    RAW = 2
    """It stands for a RAW file, or is one."""
    ANIMATED = 4
    PANORAMA = 8
    NO_PICTURE = 16
    """No picture could be made of it."""
    FAVOURITE = 32
    """Who looks at it gave it their heart. The timeline adds this one; no row of photo has it."""


class Member(NamedTuple):
    """A file whose content the indexer knows."""

    entry_id: int
    folder_id: int
    name: str
    name_key: str
    modified: int
    blob_id: int
    arrived: int
    """When its bytes did."""
    failed: bool
    kind: str
    format: str
    width: int
    height: int
    duration: int | None
    frames: int
    date_rule: str | None
    wall: int | None
    utc_offset: int | None
    zone: str | None
    offset_rule: str | None
    latitude: float | None
    longitude: float | None
    place_id: int | None
    rating: int | None
    content_id: str | None
    motion_start: int | None
    projection: str | None
    traits_id: int | None

    @property
    def date(self) -> Moment | None:
        """The date inside the file."""
        if self.date_rule is None or self.wall is None:
            return None
        return Moment(self.date_rule, self.wall, self.utc_offset, self.zone, self.offset_rule)


class Photo(NamedTuple):
    """A row of the table photo; :class:`gateway.catalogue.models.Photo` says what each column means."""

    entry_id: int
    space_id: int
    folder_id: int
    blob_id: int
    stack_id: int | None
    stacked: int
    day: int
    taken: int
    utc_offset: int | None
    zone: str | None
    date_rule: str
    offset_rule: str | None
    added: int
    ratio: int
    kind: str
    flags: int
    duration: int | None
    latitude: float | None
    longitude: float | None
    cell: int | None
    place_id: int | None
    rating: int | None
    traits_id: int | None


def stem(name: str) -> str:
    """What the files of one photo have in common: the name without ``.xmp`` and without the extension of its format."""
    if name[-len(_SIDECAR) :].lower() == _SIDECAR:
        name = name[: -len(_SIDECAR)]
    base, dot, extension = name.rpartition(".")
    return base if dot and base and extension.lower() in media.EXTENSIONS else name


def arrange(members: Sequence[Member], space_id: int, zone: str) -> list[Photo]:
    """The photos of files that share a stem or a content id, in one folder. ``zone`` is the server's own."""
    sidecars = {member.name_key.lower(): member for member in members if member.kind == "sidecar"}
    shown = sorted((m for m in members if m.kind in _KINDS), key=_rank)
    below = _stack(shown) if len(shown) <= MOST_TOGETHER else {}
    tops = {lower.entry_id: top for top, lowers in below.items() for lower in lowers}
    return [
        _photo(m, tops.get(m.entry_id), below.get(m.entry_id, []), _sidecar_of(m, sidecars), space_id, zone)
        for m in shown
    ]


def _rank(member: Member) -> tuple[int, int, str]:
    """Stills before RAW files before videos: who comes first may stand for the others."""
    form = _STILLS.index(member.format) if member.format in _STILLS else len(_STILLS)
    return _KINDS.index(member.kind), form, member.name_key


def _stack(shown: Iterable[Member]) -> dict[int, list[Member]]:
    """The files that stand for others, by their id, each with those below it."""
    below: dict[int, list[Member]] = {}
    tops: list[Member] = []
    for member in shown:
        fitting = [top for top in tops if _stands_for(top, below[top.entry_id], member)]
        if fitting:
            # Copies of a live photo share its content id: each keeps to the one of its own name.
            top = min(fitting, key=lambda top: stem(top.name_key) != stem(member.name_key))
            below[top.entry_id].append(member)
        elif member.kind == "image":
            tops.append(member)
            below[member.entry_id] = []
    return below


def _stands_for(still: Member, below: Sequence[Member], member: Member) -> bool:
    if member.kind == "image" or any(other.kind == member.kind for other in below):
        return False
    if member.kind == "video" and still.content_id is not None and member.content_id is not None:
        return still.content_id == member.content_id
    if still.format not in _STILLS or stem(still.name_key) != stem(member.name_key):
        return False
    return member.kind == "raw" or (member.duration is not None and member.duration <= _LONGEST_LIVE)


def _sidecar_of(member: Member, sidecars: dict[str, Member]) -> Member | None:
    """``x.jpg.xmp`` belongs to x.jpg alone; ``x.xmp`` to all files of the name that have none of their own."""
    own = sidecars.get(f"{member.name_key}{_SIDECAR}".lower())
    return own or sidecars.get(f"{stem(member.name_key)}{_SIDECAR}".lower())


def _photo(
    member: Member, top: int | None, below: Sequence[Member], sidecar: Member | None, space_id: int, zone: str
) -> Photo:
    moment = dating.choose(
        member.date,
        sidecar.date if sidecar else None,
        member.name,
        modified=member.modified,
        created=member.arrived,
        zone=zone,
    )
    placed = sidecar if sidecar and sidecar.latitude is not None else member
    is_placed = placed.latitude is not None and placed.longitude is not None
    return Photo(
        entry_id=member.entry_id,
        space_id=space_id,
        folder_id=member.folder_id,
        blob_id=member.blob_id,
        stack_id=top,
        stacked=len(below),
        day=dating.day(moment.wall),
        taken=moment.wall,
        utc_offset=moment.offset,
        zone=moment.zone,
        date_rule=moment.rule,
        offset_rule=moment.offset_rule,
        added=member.arrived,
        ratio=_ratio(member),
        kind=member.kind,
        flags=int(_flags(member, below)),
        duration=member.duration,
        latitude=placed.latitude,
        longitude=placed.longitude,
        cell=cell(placed.latitude or 0.0, placed.longitude or 0.0) if is_placed else None,
        place_id=placed.place_id,
        rating=sidecar.rating if sidecar and sidecar.rating is not None else member.rating,
        traits_id=member.traits_id,
    )


def _ratio(member: Member) -> int:
    if not member.width or not member.height:
        return 100
    return max(_LEAST_RATIO, min(_MOST_RATIO, round(100 * member.width / member.height)))


def _flags(member: Member, below: Iterable[Member]) -> Flag:
    kinds = {member.kind, *(other.kind for other in below)}
    is_still = member.kind == "image"
    marks = {
        Flag.LIVE: is_still and ("video" in kinds or member.motion_start is not None),
        Flag.RAW: "raw" in kinds,
        Flag.ANIMATED: is_still and member.frames > 1,
        Flag.PANORAMA: member.projection is not None or member.width > _MOST_RATIO / 100 * member.height > 0,
        Flag.NO_PICTURE: member.failed,
    }
    return Flag(sum(flag for flag, holds in marks.items() if holds))
