"""HEIF pictures tile by tile.

Phones and cameras cut a picture into tiles, each a HEVC picture of its own. libheif, as Pillow has it, decodes all or
nothing: 200 megapixels are a gigabyte. FFmpeg gives the tiles one by one, and each is shrunk before the next one comes.
It is faster, too: 12 megapixels of a phone take 0.22 s and not 0.3, 33 of a camera with ten bits 1.1 s and not 3.9.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

import av
from PIL import Image

from indexer.errors import Unreadable
from indexer.extract import items, renditions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from av.packet import Packet
    from av.stream import Stream
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame

    from indexer.extract.items import Item


_COST, _TILE_COST, _STREAM_COST = 4, 20, 150_000
"""Bytes of memory, as measured: for each pixel that comes out, for each of a tile (ten bits, 4:2:2), for each tile."""


class Tiled(NamedTuple):
    """What the tiles give."""

    image: Image.Image
    """Not turned."""
    missing: float
    """The part of it that is not there, 0 to 1; it is grey."""


class Grid(NamedTuple):
    """How tiles lie before any turn: row by row, the last ones may reach beyond the picture."""

    size: tuple[int, int]
    tile: tuple[int, int]
    """Width and height of each."""
    numbers: tuple[int, ...]
    """Items of the file."""

    @property
    def columns(self) -> int:
        """Tiles side by side."""
        return -(-self.size[0] // self.tile[0])

    @property
    def factor(self) -> int:
        """By how much it can be shrunk: the tiles still meet, and there is enough for a preview."""
        wanted = renditions.preview_edge(*self.size)
        for factor in (8, 4, 2):
            meet = not self.tile[0] % factor and not self.tile[1] % factor
            if meet and renditions.is_enough(max(self.size) // factor, wanted):
                return factor
        return 1


def grid(file: BinaryIO, item: Item) -> Grid | None:
    """The grid of a picture's tiles; None for one that is in one piece, or put together in another way."""
    first = items.read(file, item.tiles[0]) if item.tiles else None
    if first is None or not all((*item.size, *first.size)) or item.find(b"clap"):
        return None
    found = Grid(item.size, first.size, item.tiles)
    rows = -(-found.size[1] // found.tile[1])
    return found if rows * found.columns == len(set(found.numbers)) == len(found.numbers) else None


def decode(file: BinaryIO, grid: Grid, *, budget: int) -> Tiled | None:
    """Put the picture together, at a whole part of its size.

    None if that takes more than ``budget`` bytes, or if FFmpeg can do nothing with its tiles. Raises Unreadable if they
    do not fit together.
    """
    factor = grid.factor
    size = -(-grid.size[0] // factor), -(-grid.size[1] // factor)
    needed = size[0] * size[1] * _COST + grid.tile[0] * grid.tile[1] * _TILE_COST + len(grid.numbers) * _STREAM_COST
    if needed > budget:
        return None
    image = Image.new("RGB", size, "grey")
    missing = {number: divmod(place, grid.columns) for place, number in enumerate(grid.numbers)}
    file.seek(0)
    limit = {"max_pixels": str(budget // _TILE_COST)}
    with suppress(av.FFmpegError), av.open(file, "r", format="mov", options=limit) as container:
        streams = [stream for stream in container.streams.video if stream.id in missing]
        for number, frame in _decoded(container.demux(streams), limit):
            if (frame.width, frame.height) != grid.tile or number not in missing:
                raise Unreadable("The tiles of its picture do not fit together.")
            row, column = missing.pop(number)
            tile = Image.fromarray(frame.to_ndarray(format="rgb24", threads=1)).reduce(factor)
            image.paste(tile, (column * grid.tile[0] // factor, row * grid.tile[1] // factor))
    share = len(missing) / len(grid.numbers)
    return Tiled(image, share) if share < 1 else None


def _decoded(packets: Iterable[Packet[Stream]], options: dict[str, str]) -> Iterator[tuple[int, VideoFrame]]:
    """Number and pixels of each tile. One decoder does them all: 768 of them would keep a megabyte each."""
    decoder: VideoCodecContext | None = None
    for packet in packets:
        if not packet.size:
            continue
        own = packet.stream.codec_context
        if decoder is None or decoder.extradata != own.extradata:
            decoder = cast("VideoCodecContext", av.CodecContext.create(own.codec, "r"))
            decoder.extradata, decoder.thread_count, decoder.options = own.extradata, 1, options
        with suppress(av.FFmpegError):  # a broken tile is missing
            for frame in decoder.decode(packet) + decoder.decode(None):
                yield packet.stream.id, frame
        decoder.flush_buffers()
