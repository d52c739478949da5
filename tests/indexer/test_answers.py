"""What the parent believes of a decoder: only what our own decoder would say."""

import json
from collections.abc import Iterator

import pytest

from gateway.library.extracted import Rendition
from indexer import wire
from indexer.errors import Unreadable
from indexer.remote_file import WHOLE
from indexer.sandbox import Sandbox
from tests.indexer import hostile
from tests.indexer.talking import of, told, works


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(program=hostile.PROGRAM, seconds=2) as one:
        yield one


def head(kind: bytes, first: int, second: int = 0) -> bytes:
    return wire.HEAD.pack(kind, first, second)


def found(extracted: object, renditions: object = (), error: object = None, data: bytes = b"") -> bytes:
    body = json.dumps([extracted, renditions, error]).encode()
    return head(wire.FOUND, len(body), len(data)) + body + data


GOOD = json.loads(wire.found(hostile.said("x"))[wire.HEAD.size :])[0]
WEBP = hostile.WEBP


@pytest.mark.parametrize(
    "message",
    [
        head(b"?", 0),
        head(wire.ENCODED, 0),
        head(wire.READ, 1 << 60, 1),
        head(wire.READ, 0, 1 << 60),
        head(wire.READ, 0, 0),
        head(wire.FOUND, 1 << 40),
        head(wire.FOUND, 2, 1 << 40) + b"[]",
        head(wire.FOUND, 4) + b"null",
        head(wire.FOUND, 3) + b"\xff\xff\xff",
        head(wire.FOUND, 100_000) + b"[" * 100_000,
        head(wire.FAILED, 2) + b"[]",
        head(wire.FAILED, 9) + b'["a", 99]',
        found(["image"]),
        found([7, *GOOD[1:]]),
        found([*GOOD[:2], 1 << 70, *GOOD[3:]]),
        found([*GOOD[:2], 1.5, *GOOD[3:]]),
        found(["a\0b", *GOOD[1:]]),
        found(["a" * 70_000, *GOOD[1:]]),
        found(GOOD, [["240", 4, 3, 12]], None, b"<html><script>"),
        found(GOOD, [["240", 4, 3, 12]], None, b"<html><scrip"),
        found(GOOD, [["../x", 4, 3, 12]], None, WEBP),
        found(GOOD, [["240", 0, 3, 12]], None, WEBP),
        found(GOOD, [["240", 4, 3, -12], ["480", 4, 3, 24]], None, WEBP),
        found(GOOD, [["240", 4, 3, 12], ["240", 4, 3, 12]], None, WEBP * 2),
        found(GOOD, [[str(n), 4, 3, 12] for n in range(9)], None, WEBP * 9),
    ],
)
def test_a_decoder_that_was_taken_over_is_not_believed(sandbox: Sandbox, message: bytes) -> None:
    with pytest.raises(Unreadable, match="The file took its decoder over"):
        told(sandbox, "nonsense", message)
    assert works(sandbox)


def test_the_nonsense_of_these_tests_is_nearly_sense(sandbox: Sandbox) -> None:
    rest = found(GOOD, [["240", 4, 3, 12]], None, WEBP)
    data = b"nonsense\n" + rest
    assert sandbox.extract(of(data), len(data)).renditions == (Rendition("240", 4, 3, WEBP),)


@pytest.mark.parametrize("kind", [wire.NO_ROOM, wire.TOO_LONG])
def test_a_decoder_has_no_disk_to_complain_of(sandbox: Sandbox, kind: str) -> None:
    """Else its file would be tried for ever: a full disk is not the file's fault."""
    body = json.dumps([kind, "no room"]).encode()
    with pytest.raises(Unreadable, match="no room"):
        told(sandbox, "nonsense", head(wire.FAILED, len(body)) + body)


def test_a_message_that_never_ends_takes_no_longer_than_any_file(sandbox: Sandbox) -> None:
    with pytest.raises(Unreadable, match="longer than"):
        told(sandbox, "nonsense", head(wire.FOUND, 1000) + b"[")
    assert works(sandbox)


def test_a_decoder_that_nibbles_at_the_store_is_stopped(sandbox: Sandbox) -> None:
    with pytest.raises(Unreadable, match="reads more than 1 GiB"):
        told(sandbox, "nibble", bytes(WHOLE))
    assert works(sandbox)


def test_a_reason_is_one_short_line(sandbox: Sandbox) -> None:
    body = json.dumps([wire.UNREADABLE, "so\nmany\twords\x1b\u202e " * 1000]).encode()
    with pytest.raises(Unreadable) as failure:
        told(sandbox, "nonsense", head(wire.FAILED, len(body)) + body)
    assert str(failure.value).startswith("so many words so many")
    assert str(failure.value).isprintable()
    assert len(str(failure.value)) <= 200
