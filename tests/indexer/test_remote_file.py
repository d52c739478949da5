"""A file that is fetched in ranges behaves as a file does."""

import io
import os
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.remote_file import BLOCK, WHOLE, remote

SIZE = WHOLE + 3 * BLOCK + 12345
DATA = os.urandom(SIZE)


class Ranges:
    """Where a file comes from; it counts."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[tuple[int, int]] = []

    def fetch(self, start: int, length: int) -> Iterator[bytes]:
        assert 0 <= start < start + length <= len(self.data)
        self.asked.append((start, length))
        yield self.data[start : start + 5]
        yield self.data[start + 5 : start + length]


POSITIONS = st.one_of(
    st.integers(0, SIZE + 10), st.integers(-5, 5).flatmap(lambda near: st.sampled_from([BLOCK + near, SIZE + near]))
)
STEPS = st.one_of(
    st.tuples(st.just("seek"), POSITIONS, st.just(os.SEEK_SET)),
    st.tuples(st.just("seek"), st.integers(-SIZE, 10), st.just(os.SEEK_END)),
    st.tuples(st.just("seek"), st.integers(0, 100_000), st.just(os.SEEK_CUR)),
    st.tuples(st.just("read"), st.integers(0, 3 * BLOCK)),
    st.tuples(st.just("read"), st.sampled_from([-1, 0, 1, BLOCK])),
    st.tuples(st.just("readinto"), st.integers(0, 70_000)),
    st.tuples(st.just("tell")),
)


@settings(deadline=None)
@given(st.lists(STEPS, max_size=12))
def test_a_large_file_reads_as_if_it_were_here(steps: list[tuple[str, int, int]]) -> None:
    there = remote(Ranges(DATA).fetch, SIZE)
    here = io.BytesIO(DATA)
    for name, *words in steps:
        if name == "readinto":
            buffers = bytearray(words[0]), bytearray(words[0])
            assert there.readinto(buffers[0]) == here.readinto(buffers[1])
            assert buffers[0] == buffers[1]
        else:
            assert getattr(there, name)(*words) == getattr(here, name)(*words)


@pytest.mark.parametrize("size", [0, 1, 5, WHOLE])
def test_a_small_file_is_one_request(size: int) -> None:
    source = Ranges(DATA[:size])
    file = remote(source.fetch, size)
    assert file.read() == DATA[:size]
    file.seek(0)
    assert file.read(4) == DATA[: min(size, 4)]
    assert len(source.asked) == (size > 0)


def test_opening_a_large_file_asks_for_nothing() -> None:
    source = Ranges(DATA)
    file = remote(source.fetch, SIZE)
    assert file.seek(0, os.SEEK_END) == SIZE
    assert file.read() == b""
    assert source.asked == []


def test_many_small_reads_ask_once_for_a_block() -> None:
    source = Ranges(DATA)
    file = remote(source.fetch, SIZE)
    for position in range(0, BLOCK - 16, 999):
        file.seek(position)
        assert file.read(16) == DATA[position : position + 16]
    assert source.asked == [(0, BLOCK)]


def test_reading_in_turn_at_several_places_asks_once_for_each() -> None:
    source = Ranges(DATA)
    file = remote(source.fetch, SIZE)
    for step in range(100):
        for place in (0, 5 * BLOCK, 9 * BLOCK):
            file.seek(place + step * 1000)
            file.read(1000)
    assert source.asked == [(0, BLOCK), (5 * BLOCK, BLOCK), (9 * BLOCK, BLOCK)]


def test_all_of_a_large_file_at_once_is_one_request() -> None:
    source = Ranges(DATA)
    file = remote(source.fetch, SIZE)
    assert file.read() == DATA
    assert len(source.asked) == 1


def test_nothing_can_be_written() -> None:
    assert not remote(Ranges(DATA).fetch, SIZE).writable()


def test_a_place_before_the_beginning_is_an_error() -> None:
    file = remote(Ranges(DATA).fetch, SIZE)
    with pytest.raises(OSError, match="negative"):
        file.seek(-SIZE - 1, os.SEEK_END)
