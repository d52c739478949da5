"""``Content-Type`` by a file's name: cheap enough for every row of a listing, and the same on every machine."""

from __future__ import annotations

import mimetypes

UNKNOWN = "application/octet-stream"

# Python's own table without the system's files, which differ from machine to machine.
_TYPES: dict[str, str] = {
    extension.removeprefix("."): kind for extension, kind in mimetypes.MimeTypes().types_map[1].items()
} | {
    "3fr": "image/x-hasselblad-3fr",
    "3gp": "video/3gpp",
    "arw": "image/x-sony-arw",
    "avi": "video/x-msvideo",
    "avif": "image/avif",
    "cr2": "image/x-canon-cr2",
    "cr3": "image/x-canon-cr3",
    "crw": "image/x-canon-crw",
    "dng": "image/x-adobe-dng",
    "erf": "image/x-epson-erf",
    "gpr": "image/x-gopro-gpr",
    "heic": "image/heic",
    "heics": "image/heic-sequence",
    "heif": "image/heif",
    "heifs": "image/heif-sequence",
    "hif": "image/heif",
    "insp": "image/jpeg",
    "insv": "video/mp4",
    "jfif": "image/jpeg",
    "jp2": "image/jp2",
    "jxl": "image/jxl",
    "kdc": "image/x-kodak-kdc",
    "lrv": "video/mp4",
    "m2ts": "video/mp2t",
    "m4v": "video/x-m4v",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "mpo": "image/mpo",
    "mrw": "image/x-minolta-mrw",
    "mts": "video/mp2t",
    "nef": "image/x-nikon-nef",
    "nrw": "image/x-nikon-nrw",
    "orf": "image/x-olympus-orf",
    "pef": "image/x-pentax-pef",
    "psd": "image/vnd.adobe.photoshop",
    "raf": "image/x-fuji-raf",
    "raw": "image/x-panasonic-raw",
    "rw2": "image/x-panasonic-rw2",
    "rwl": "image/x-leica-rwl",
    "sr2": "image/x-sony-sr2",
    "srw": "image/x-samsung-srw",
    "thm": "image/jpeg",
    "webm": "video/webm",
    "webp": "image/webp",
    "x3f": "image/x-sigma-x3f",
    "xmp": "application/rdf+xml",
}


def media_type(name: str) -> str:
    """The type that a name promises; what the bytes are is the indexer's business."""
    _, dot, extension = name.rpartition(".")
    return _TYPES.get(extension.lower(), UNKNOWN) if dot else UNKNOWN
