"""Whether bytes are a photograph or a video, by their first 4 KiB; and by extension, before there are any.

The signatures are those of the formats' own specifications; the brands of ISO base media files (HEIF, AVIF, MP4, CR3)
are those registered at mp4ra.org.
"""

HEAD_BYTES = 4096

_PREFIXES = (
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"II*\x00",  # TIFF, and the raw formats built on it: DNG, NEF, CR2, ARW, PEF, SRW
    b"MM\x00*",
    b"II+\x00",  # BigTIFF
    b"MM\x00+",
    b"IIRO",  # Olympus ORF
    b"IIRS",
    b"MMOR",
    b"IIU\x00",  # Panasonic RW2
    b"FUJIFILMCCD-RAW",
    b"FOVb",  # Sigma X3F
    b"\x00MRM",  # Minolta MRW
    b"II\x1a\x00\x00\x00HEAPCCDR",  # Canon CRW
    b"8BPS\x00\x01",  # Photoshop
    b"\xff\x0a",  # JPEG XL codestream
    b"\x00\x00\x00\x0cJXL \r\n\x87\n",
    b"\x00\x00\x00\x0cjP  \r\n\x87\n",  # JPEG 2000
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG video
    b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02",  # MXF
    b"OggS",
    b"FLV\x01",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF, WMV
)
_ISO_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_NOT_MEDIA_BRANDS = (b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B ")

EXTENSIONS = frozenset(
    """jpg jpeg jpe jfif png gif webp tif tiff bmp heic heif hif avif jxl jp2 dng nef nrw cr2 cr3 crw arw srf sr2 raf
    orf rw2 pef srw x3f mrw raw rwl iiq 3fr erf kdc dcr mos fff insp mpo psd mp4 m4v mov qt avi mkv webm mts m2ts ts mpg
    mpeg 3gp 3g2 wmv flv ogv mxf insv lrv""".split()
)


def may_be(name: str) -> bool:
    """Whether the extension is one of a photograph or video; a name without extension may be anything."""
    _, dot, extension = name.rpartition(".")
    return not dot or extension.lower() in EXTENSIONS


def is_indexed(head: bytes) -> bool:
    """Whether there is something to find in it: it is a photograph, a video, or the XMP file beside one."""
    words = head.replace(b"\0", b"")  # in UTF-16, too
    return b"adobe:ns:meta/" in words or b"22-rdf-syntax-ns#" in words or is_media(head)


def is_media(head: bytes) -> bool:
    """Whether a file that starts with ``head`` (its first 4 KiB or all of it) is a photograph or a video."""
    if head.startswith(_PREFIXES):
        return True
    if head[4:8] == b"ftyp":
        return head[8:12] not in _NOT_MEDIA_BRANDS
    if head[4:8] in _ISO_BOXES:  # QuickTime files of old cameras have no ftyp
        return True
    if head[:4] == b"RIFF":
        return head[8:12] in (b"WEBP", b"AVI ")
    if head[:2] == b"BM" and len(head) >= 26:
        # Two letters say little; the header's own size does: 12, 40, 52, 56, 64, 108 or 124.
        return int.from_bytes(head[14:18], "little") in (12, 40, 52, 56, 64, 108, 124)
    # MPEG transport streams repeat a sync byte every 188 bytes (192 in AVCHD, after a time code).
    return len(head) > 580 and (
        all(head[i] == 0x47 for i in (0, 188, 376)) or all(head[i] == 0x47 for i in (4, 196, 388))
    )
