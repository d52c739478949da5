"""What a file is, by its first bytes. Names and what clients say about types are not asked."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from indexer.extract import tiff

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = 4096
"""As many bytes as :func:`sniff` wants to see."""

_IMAGES = "jpeg png gif webp tiff bmp heic avif jxl jp2 psd"
_RAWS = "dng cr2 cr3 crw nef arw raf orf rw2 pef srw erf 3fr dcr iiq mos mrw x3f raw"
_VIDEOS = "mp4 mov 3gp webm mkv avi mpeg mts flv wmv ogv mxf"
_KINDS = dict.fromkeys(_IMAGES.split(), "image")
_KINDS |= dict.fromkeys(_RAWS.split(), "raw")
_KINDS |= dict.fromkeys(_VIDEOS.split(), "video")
_KINDS |= {"xmp": "sidecar"}

_MAGICS = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"\xff\x0a": "jxl",
    b"\0\0\0\x0cJXL \r\n\x87\n": "jxl",
    b"\0\0\0\x0cjP  \r\n\x87\n": "jp2",
    b"8BPS\0\x01": "psd",
    b"FUJIFILMCCD-RAW": "raf",
    b"II\x1a\0\0\0HEAPCCDR": "crw",
    b"\0MRM": "mrw",
    b"FOVb": "x3f",
    b"\0\0\x01\xba": "mpeg",
    b"\0\0\x01\xb3": "mpeg",
    b"FLV\x01": "flv",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "wmv",
    b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02": "mxf",
}
_TIFFS = {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"IIRO", b"IIRS", b"MMOR", b"IIU\0"}

_BRANDS = {
    **dict.fromkeys("avif avis".split(), "avif"),
    **dict.fromkeys("heic heix heim heis hevc hevx hevm hevs mif1 msf1 mif2".split(), "heic"),
    **dict.fromkeys("crx".split(), "cr3"),
    **dict.fromkeys("qt".split(), "mov"),
    **dict.fromkeys("isom iso2 iso3 iso4 iso5 iso6 iso7 iso8 iso9 mp41 mp42 mp71 avc1 dash mmp4".split(), "mp4"),
    **dict.fromkeys("M4V M4VH M4VP MSNV XAVC F4V NDAS NDSC NDSH NDSM NDSP NDSS NDXC NDXH".split(), "mp4"),
    **dict.fromkeys("3gp4 3gp5 3gp6 3gp7 3gs7 3ge6 3ge7 3gg6 3g2a 3g2b 3g2c".split(), "3gp"),
}
_SOUND = {"M4A", "M4B", "M4P"}
_OLD_QUICKTIME = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}

_XMP_ROOT = re.compile(
    rb"(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?(?>\s+|<\?.*?\?>|<!--.*?-->)*+<(x:xmpmeta|x:xapmeta|rdf:RDF)\b", re.DOTALL
)

_PHOTOMETRIC_CFA, _PHOTOMETRIC_LINEAR = 32803, 34892
_MAKERS = {
    "nikon": "nef",
    "sony": "arw",
    "pentax": "pef",
    "ricoh": "pef",
    "samsung": "srw",
    "seiko epson": "erf",
    "hasselblad": "3fr",
    "eastman kodak": "dcr",
    "kodak": "dcr",
    "phase one": "iiq",
    "leaf": "mos",
}


def sniff(head: bytes) -> str | None:
    """The format of a file that begins with ``head``, :data:`HEAD` bytes of it; None for what we do not know."""
    for magic, name in _MAGICS.items():
        if head.startswith(magic):
            return name
    if head[:4] in _TIFFS:
        return _tiff(head)
    tests: tuple[Callable[[bytes], str | None], ...] = (_riff, _boxes, _matroska, _ogg, _transport_stream, _bmp, _xmp)
    return next(filter(None, (test(head) for test in tests)), None)


def kind_of(form: str | None) -> str:
    """``image``, ``raw``, ``video``, ``sidecar``, or ``other`` for what a gallery does not show."""
    return _KINDS.get(form or "", "other")


def _tiff(head: bytes) -> str:
    """RAW formats are TIFF; what is in their first directory tells which."""
    if head[:4] in {b"IIRO", b"IIRS", b"MMOR"}:
        return "orf"
    if head.startswith(b"IIU\0"):
        return "rw2"
    if head[8:11] == b"CR\x02":
        return "cr2"
    directory = tiff.first(io.BytesIO(head))
    if head[8:12] in {b"IIII", b"MMMM"}:  # both Phase One and Leaf, whose directories lie at the end
        return "iiq"
    if directory is None:
        return "tiff"
    if 0xC612 in directory:  # DNGVersion
        return "dng"
    # A small picture first with the large one below it, or the sensor's own data: no ordinary TIFF has these.
    reduced = directory.number(0xFE) == 1 and 0x14A in directory
    if not reduced and directory.number(0x106) not in {_PHOTOMETRIC_CFA, _PHOTOMETRIC_LINEAR}:
        return "tiff"
    make = (directory.text(0x10F) or "").strip().lower()
    return next((form for maker, form in _MAKERS.items() if make.startswith(maker)), "raw")


def _riff(head: bytes) -> str | None:
    return {b"WEBP": "webp", b"AVI ": "avi"}.get(head[8:12]) if head.startswith(b"RIFF") else None


def _boxes(head: bytes) -> str | None:
    """The ISO base media format (ISO 14496-12) and QuickTime, from which it came."""
    if head[4:8] in _OLD_QUICKTIME:
        return "mov"
    if head[4:8] != b"ftyp":
        return None
    length = min(int.from_bytes(head[:4], "big"), 512)
    brands = [head[at : at + 4].decode("latin-1").rstrip(" \0") for at in (8, *range(16, length, 4))]
    if brands[0] in _SOUND:
        return None
    known = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
    if known and brands[0] in {"mif1", "msf1", "mif2"}:  # any picture; the compatible brands tell the codec
        return "avif" if "avif" in known else "heic"
    return known[0] if known else "mp4"


def _matroska(head: bytes) -> str | None:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    return "webm" if b"\x42\x82\x84webm" in head[:64] else "mkv"


def _ogg(head: bytes) -> str | None:
    return "ogv" if head.startswith(b"OggS") and b"\x80theora" in head else None


def _transport_stream(head: bytes) -> str | None:
    """MPEG-2 packets of 188 bytes; AVCHD puts four bytes of time before each."""
    for packet, first in ((188, 0), (192, 4)):
        if len(head) > first + 2 * packet and all(head[first + n * packet] == 0x47 for n in range(3)):
            return "mts"
    return None


def _bmp(head: bytes) -> str | None:
    headers = {12, 40, 52, 56, 64, 108, 124}
    good = head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in headers
    return "bmp" if good else None


def _xmp(head: bytes) -> str | None:
    return "xmp" if _XMP_ROOT.match(head.replace(b"\0", b"")) else None  # without the NULs of UTF-16
