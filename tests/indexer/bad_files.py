"""Files that hurt decoders, made here; ``tests.components.kits`` has those that hurt somebody before."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pillow_heif
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PNG = b"\x89PNG\r\n\x1a\n"


def scene(width: int, height: int) -> Image.Image:
    """A picture with edges, areas and noise, as a photograph has them; the same each time."""
    rows, columns = np.mgrid[0:height, 0:width]
    picture = np.stack([rows * 255 // height, columns * 255 // width, (rows // 16 + columns // 16) % 2 * 200], axis=-1)
    noise = np.random.default_rng(0).integers(0, 24, (height, width, 1))
    return Image.fromarray((picture + noise).clip(0, 255).astype(np.uint8))


def encoded(form: str, picture: Image.Image | None = None, **options: object) -> bytes:
    """A picture as a file of that format of Pillow's."""
    pillow_heif.register_heif_opener()
    file = io.BytesIO()
    (picture or scene(320, 240)).save(file, form, **options)
    return file.getvalue()


def truncations(data: bytes) -> Iterator[bytes]:
    """The file cut at many places."""
    for part in (0.002, 0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.99):
        yield data[: int(len(data) * part)]
    yield data[:-1]


# PNG


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def zeros(count: int) -> bytes:
    """A zlib stream of ``count`` zeros, made without making them: one block again and again."""
    block = 1 << 20
    deflate = zlib.compressobj(9, wbits=-15)
    deflate.compress(bytes(block))
    deflate.flush(zlib.Z_FULL_FLUSH)  # blocks after it know nothing of what was before
    again = deflate.compress(bytes(block)) + deflate.flush(zlib.Z_FULL_FLUSH)
    last = zlib.compressobj(9, wbits=-15)
    end = last.compress(bytes(count % block)) + last.flush()
    adler = ((count % 65521) << 16) | 1
    return b"\x78\xda" + again * (count // block) + end + struct.pack(">I", adler)


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 2) -> bytes:
    return b"".join(
        [
            PNG,
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)),
            *chunks,
            chunk(b"IEND", b""),
        ]
    )


def black_png(width: int, height: int, *, depth: int = 8, colour: int = 2) -> bytes:
    """A picture of one colour: a thousandth of its pixels, as a file."""
    row = 1 + (width * depth * (3 if colour == 2 else 1) + 7) // 8
    return png(width, height, chunk(b"IDAT", zeros(row * height)), depth=depth, colour=colour)


def png_with(name: bytes, head: bytes, count: int) -> bytes:
    """A good small picture with a compressed text or profile of ``count`` bytes."""
    good = encoded("PNG")
    end_of_header = 8 + 25
    return good[:end_of_header] + chunk(name, head + zeros(count)) + good[end_of_header:]


def apng(frames: int) -> bytes:
    """An animation of so many frames of 1 × 1 pixels."""
    control = struct.Struct(">IIIIIHHBB")
    data = zlib.compress(b"\0\0\0\0")
    pieces = [chunk(b"acTL", struct.pack(">II", frames, 0)), chunk(b"fcTL", control.pack(0, 1, 1, 0, 0, 1, 100, 0, 0))]
    pieces.append(chunk(b"IDAT", data))
    for number in range(1, frames):
        pieces.append(chunk(b"fcTL", control.pack(2 * number - 1, 1, 1, 0, 0, 1, 100, 0, 0)))
        pieces.append(chunk(b"fdAT", struct.pack(">I", 2 * number) + data))
    return png(1, 1, *pieces)


# GIF


def gif(frames: int, width: int = 1, height: int = 1) -> bytes:
    """An animation of so many frames of 1 × 1 pixels on a canvas."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"\x21\xf9\x04\0\x0a\0\0\0" + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return head + frame * frames + b";"


# TIFF and EXIF


def tiff(entries: Iterable[tuple[int, int, int, int]], following: int = 0, data: bytes = b"") -> bytes:
    """A TIFF of one directory of (tag, type, count, value or offset); ``data`` lies at its end."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(packed) // 12) + packed + struct.pack("<I", following) + data


def gray_tiff(width: int, height: int, *more: tuple[int, int, int, int], following: int = 0) -> bytes:
    strip = 4096
    entries = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, strip),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, width * height & 0xFFFFFFFF),
        *more,
    ]
    head = tiff(sorted(entries), following)
    return head + bytes(strip - len(head)) + bytes(min(width * height, 1 << 16))


def jpeg_with(marker: int, *segments: bytes, picture: bytes = b"") -> bytes:
    """A good JPEG with segments right at its start."""
    good = picture or encoded("JPEG")
    pieces = b"".join(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body for body in segments)
    return good[:2] + pieces + good[2:]


def jpeg_with_exif(block: bytes) -> bytes:
    return jpeg_with(0xE1, b"Exif\0\0" + block)


def jpeg_with_xmp(packet: str) -> bytes:
    return jpeg_with(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet.encode())


def xmp_laughing() -> str:
    """Entities in entities: three billion words (https://en.wikipedia.org/wiki/Billion_laughs_attack)."""
    entities = ['<!ENTITY a0 "lol">', *(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))]
    return (
        f"<!DOCTYPE x [{''.join(entities)}]>"
        '<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:RDF>'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>&a9;</dc:title></rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    )


def xmp_deep(levels: int) -> str:
    return '<x:xmpmeta xmlns:x="adobe:ns:meta/">' + "<a>" * levels + "</a>" * levels + "</x:xmpmeta>"


# Videos


def box(name: bytes, body: bytes, *, size: int | None = None) -> bytes:
    """A box of an MP4 or HEIC, whose size may lie."""
    return struct.pack(">I", len(body) + 8 if size is None else size) + name + body


def deep_boxes(levels: int) -> bytes:
    """Containers in containers."""
    inner = b""
    for _ in range(levels):
        inner = box(b"moov", inner)
    return box(b"ftyp", b"isom\0\0\0\0isom") + inner


class Endless:
    """The reader of a file that begins with ``head`` and goes on with ``body`` for ever; it counts what is read."""

    def __init__(self, head: bytes, body: bytes, size: int) -> None:
        self.head, self.body, self.size = head, body, size
        self.read = 0

    def __call__(self, start: int, length: int) -> Iterator[bytes]:
        self.read += length
        end = start + length
        if start < len(self.head):
            piece = self.head[start:end]
            yield piece
            start += len(piece)
        while start < end:
            offset = (start - len(self.head)) % len(self.body)
            piece = self.body[offset : offset + end - start]
            yield piece
            start += len(piece)


def noise(size: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).bytes(size)
