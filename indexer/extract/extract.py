"""Everything that is known of one file from its bytes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeVar

from gateway.library.extracted import Extracted
from indexer.errors import Unreadable
from indexer.extract import camera, dates, exif, image, iptc, motion, place, raw, text, video, xmp
from indexer.extract.exif import Exif
from indexer.extract.extraction import Extraction
from indexer.extract.iptc import Iptc
from indexer.extract.sniff import HEAD, kind_of, sniff
from indexer.extract.video import Video
from indexer.extract.xmp import Xmp

if TYPE_CHECKING:
    from collections.abc import Callable

    from indexer.extract.image import Pictures

_log = logging.getLogger("davgallery.indexer")
_T = TypeVar("_T")


def extract(file: BinaryIO, size: int, *, zone: str, budget: int) -> Extraction:
    """Read ``file`` of ``size`` bytes, which is seekable; small reads should be cheap.

    ``zone`` is the IANA name of the server's own time zone, for instants that tell none; ``budget`` the bytes of memory
    that decoding may use. This never raises for what is in the file: a part that fails costs what it would have told,
    and nothing else.
    """
    file.seek(0)
    form = sniff(file.read(HEAD)) or ""
    kind = kind_of(form)
    if kind == "video":
        return _video(file, size, form, zone, budget)
    if kind == "other":
        return Extraction(Extracted(kind, form))
    told = _Told(
        exif=_part(lambda: exif.read(file, form), Exif()),
        xmp=_part(lambda: xmp.read(file, form), Xmp()),
        iptc=_part(lambda: iptc.read(file, form), Iptc()),
    )
    extracted = _joined(Extracted(kind, form), told, zone)
    if kind == "sidecar":
        return Extraction(extracted)
    if kind == "image":
        extracted = extracted._replace(motion=_part(lambda: motion.locate(file, size, told.xmp), None))
    orientation = told.exif.orientation or told.xmp.orientation or 1
    return _with_pictures(
        extracted,
        lambda: (
            raw.preview(file, orientation, budget=budget)
            if kind == "raw"
            else image.pictures(file, form, orientation, budget=budget)
        ),
    )


def _video(file: BinaryIO, size: int, form: str, zone: str, budget: int) -> Extraction:
    found, error = _tried(lambda: video.probe(file, size, budget=budget))
    if found is None:
        return Extraction(Extracted("video", form), error=error)
    if found.video_codec is None:
        return Extraction(Extracted("other", form))  # sound
    told = _Told(xmp=_part(lambda: xmp.parse(found.xmp or b""), Xmp()), video=found)
    extracted = _joined(Extracted("video", form), told, zone)
    poster = found.poster
    if poster is None:
        return Extraction(_shaped(extracted, found), error=found.error)
    extraction = _with_pictures(extracted, lambda: image.from_image(poster))
    return extraction._replace(extracted=_shaped(extraction.extracted, found))


class _Told(NamedTuple):
    """What a file tells about itself."""

    exif: Exif = Exif()
    xmp: Xmp = Xmp()
    iptc: Iptc = Iptc()
    video: Video = Video()


def _joined(extracted: Extracted, told: _Told, zone: str) -> Extracted:
    """With what is told in words. The camera knows best what it did, people what is seen, and XMP is theirs."""
    exif, xmp, iptc, video = told
    latitude, longitude, altitude = _position(told)
    position = None if latitude is None or longitude is None else (latitude, longitude)
    make = _first(exif.make, xmp.make, text.line(video.make))
    return extracted._replace(
        date=_part(lambda: dates.choose(exif, xmp, iptc, video, position, zone), None),
        latitude=latitude,
        longitude=longitude,
        altitude=altitude,
        place=_part(lambda: place.nearest(*position), None) if position else None,
        make=make,
        model=_first(exif.model, xmp.model, camera.model_name(video.model, make)),
        lens=_first(exif.lens, xmp.lens),
        exposure_time=_first(exif.exposure_time, xmp.exposure_time),
        aperture=_first(exif.aperture, xmp.aperture),
        iso=_first(exif.iso, xmp.iso),
        focal_length=_first(exif.focal_length, xmp.focal_length),
        focal_length_35mm=_first(exif.focal_length_35mm, xmp.focal_length_35mm),
        flash=_first(exif.flash, xmp.flash),
        title=_first(xmp.title, iptc.title, exif.title, text.line(video.title)),
        description=_first(xmp.description, iptc.caption, exif.description, text.paragraph(video.description)),
        rating=_first(xmp.rating, exif.rating),
        tags=text.names((*xmp.tags, *iptc.keywords, *exif.tags, *video.tags)),
        content_id=_first(exif.content_id, text.line(video.content_id)),
        projection=xmp.projection,
    )


def _position(told: _Told) -> tuple[float | None, float | None, float | None]:
    """Latitude, longitude and altitude, all from the same source."""
    for source in (told.exif, told.xmp, told.video):
        if source.latitude is not None and source.longitude is not None:
            return source.latitude, source.longitude, source.altitude
    return None, None, None


def _with_pictures(extracted: Extracted, make: Callable[[], Pictures]) -> Extraction:
    made, error = _tried(make)
    if made is None:
        return Extraction(extracted, error=error)
    extracted = extracted._replace(
        width=made.width,
        height=made.height,
        frames=made.frames,
        duration=made.duration,
        thumbhash=made.thumbhash,
        phash=made.phash,
    )
    return Extraction(extracted, made.renditions, made.flaw)


def _shaped(extracted: Extracted, video: Video) -> Extracted:
    return extracted._replace(
        width=video.width,
        height=video.height,
        duration=video.duration,
        video_codec=video.video_codec,
        audio_codec=video.audio_codec,
    )


def _part(make: Callable[[], _T], otherwise: _T) -> _T:
    """What ``make`` gives, or ``otherwise`` where it fails."""
    made, error = _tried(make)
    return otherwise if error else made  # type: ignore[return-value]


def _tried(make: Callable[[], _T]) -> tuple[_T | None, str | None]:
    """What ``make`` gives, or why it gives nothing, for a person."""
    try:
        return make(), None
    except Unreadable as error:
        return None, str(error)
    except MemoryError:
        return None, "It needs more memory than there is for one file."
    except Exception:  # noqa: BLE001 - what a library does not foresee must not cost the rest
        _log.exception("A part of a file could not be read")
        return None, "It is damaged in a way that nobody foresaw."


def _first(*values: _T | None) -> _T | None:
    """The first value that is known."""
    return next((value for value in values if value is not None), None)
