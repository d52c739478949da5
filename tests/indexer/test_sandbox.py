"""The sandbox against decoders that go wrong in every way; ``hostile`` is the decoder, a file says what it does."""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial

import psutil
import pytest

from gateway.errors import NotFound, StoreUnavailable
from gateway.library.extracted import Extracted, Rendition
from gateway.store.minio import MinioStore
from indexer.errors import Killed, TooLarge, TooSlow, Unreadable
from indexer.remote_file import WHOLE
from indexer.sandbox import MOST_FILES, Sandbox
from tests.components.minio import Minio
from tests.indexer import hostile
from tests.indexer.talking import of, template_of, told, works

SECONDS = 2.0
MIB = 1 << 20


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(program=hostile.PROGRAM, zone="Europe/Berlin", memory=150 * MIB, seconds=SECONDS) as one:
        yield one


def test_what_was_extracted_arrives_whole(sandbox: Sandbox) -> None:
    extraction = sandbox.extract(of(b"picture\n"), 8)
    assert extraction.extracted == Extracted(
        "image", "jpeg", 4, 3, thumbhash=b"\0\xff", phash=-(1 << 63), tags=("a", "b"), rating=-1
    )
    assert extraction.renditions == (
        Rendition("240", 4, 3, hostile.WEBP),
        Rendition("480", 8, 6, hostile.WEBP + b"x"),
    )
    assert extraction.error == "half of it"


def test_the_decoder_knows_size_zone_and_budget(sandbox: Sandbox) -> None:
    assert told(sandbox, "bounds") == "7 Europe/Berlin 268435456"


@pytest.mark.parametrize("size", [0, WHOLE - 7, WHOLE + 1, 40 * MIB + 3])
def test_a_file_of_any_size_is_read_byte_for_byte(sandbox: Sandbox, size: int) -> None:
    rest = os.urandom(size)
    assert told(sandbox, "digest", rest) == hashlib.sha256(rest).hexdigest()


def test_an_empty_file_needs_no_read(sandbox: Sandbox) -> None:
    def read(start: int, length: int) -> Iterator[bytes]:
        raise AssertionError("nothing to read")

    with pytest.raises(Unreadable):  # the hostile decoder has nothing to do
        sandbox.extract(read, 0)


def test_of_a_large_file_only_what_is_needed_is_read_and_only_once(sandbox: Sandbox) -> None:
    asked: list[int] = []
    head = b"ends\n"

    def read(start: int, length: int) -> Iterator[bytes]:
        asked.append(length)
        yield (head + bytes(length))[:length] if start == 0 else b"\1" * length

    sandbox.extract(read, 5 << 30)
    assert sum(asked) <= 4 * MIB


@pytest.mark.parametrize("owners", [(None, None), ("dora", None), (None, "emil"), ("fritz", "gerda")])
def test_a_file_leaves_nothing_behind_for_others(sandbox: Sandbox, owners: tuple[str | None, str | None]) -> None:
    assert told(sandbox, "remember", b"secret", owner=owners[0]) == "secret"
    assert told(sandbox, "remember", b"mine", owner=owners[1]) == "mine"


def test_files_of_one_owner_share_a_process_for_a_while(sandbox: Sandbox) -> None:
    processes = [told(sandbox, "process", owner="clara") for _ in range(2 * MOST_FILES)]
    assert len(set(processes)) == 2
    assert processes[0] == processes[MOST_FILES - 1]


def test_a_process_that_keeps_much_memory_is_not_used_again(sandbox: Sandbox) -> None:
    assert told(sandbox, "keep", owner="anna") != told(sandbox, "process", owner="anna")


@pytest.mark.parametrize("harm", ["segfault", "leave", "defect", "no_memory", "unreadable", "half", "kill"])
def test_a_file_that_hurt_its_process_is_no_reason_for_the_next(sandbox: Sandbox, harm: str) -> None:
    hurt = told(sandbox, "hurt", harm.encode(), owner="anna")
    assert told(sandbox, "process", owner="anna") not in {hurt, None}


def test_a_used_process_fails_with_the_same_reason(sandbox: Sandbox) -> None:
    assert told(sandbox, "count", owner="anna") == "0"
    with pytest.raises(Unreadable, match="It is a poem"):
        told(sandbox, "unreadable", owner="anna")
    assert told(sandbox, "count", owner="anna") == "0"


def test_a_file_that_takes_too_long_is_not_tried_again(sandbox: Sandbox) -> None:
    assert told(sandbox, "count", owner="anna") == "0"
    began = time.monotonic()
    with pytest.raises(TooSlow):
        told(sandbox, "hang", owner="anna")
    assert time.monotonic() - began < 2 * SECONDS


@pytest.mark.parametrize(
    ("action", "error", "reason"),
    [
        ("unreadable", Unreadable, "It is a poem."),
        ("too_large", TooLarge, "Too large: 50000 × 50000 pixels."),
        ("no_memory", TooLarge, "Too large: decoding needs more than 150 MB of memory."),
        ("memory", TooLarge, "Too large: decoding needs more than 150 MB of memory."),
        ("shared_memory", TooLarge, "Too large: decoding needs more than 150 MB of memory."),
        ("cpp_memory", TooLarge, "Too large: decoding needs more than 150 MB of memory."),
        ("defect", Unreadable, "The file is damaged, or of a kind that cannot be decoded."),
        ("hang", TooSlow, "Decoding took longer than 2 seconds."),
        ("spin", TooSlow, "Decoding took longer than 2 seconds."),
        ("stop", TooSlow, "Decoding took longer than 2 seconds."),
        ("segfault", Unreadable, "The decoder crashed (SIGSEGV)."),
        ("leave", Unreadable, "The decoder crashed (status 0)."),
        ("odd_signal", Unreadable, "The decoder crashed (status -40)."),
        ("kill", Killed, "The decoder was killed; perhaps this machine has too little memory."),
    ],
)
def test_a_decoder_that_goes_wrong_is_one_reason_and_the_next_file_finds_another(
    sandbox: Sandbox, action: str, error: type[Unreadable], reason: str
) -> None:
    template = template_of(sandbox)
    began = time.monotonic()
    with pytest.raises(error) as failure:
        told(sandbox, action)
    assert type(failure.value) is error
    assert str(failure.value) == reason
    assert time.monotonic() - began < SECONDS + 5
    assert template_of(sandbox) == template, "no library was loaded again"


@pytest.mark.parametrize("action", ["too_large", "no_memory", "memory", "hang", "segfault", "leave", "kill_template"])
def test_what_a_file_tells_about_itself_is_kept_when_its_pixels_are_too_much(sandbox: Sandbox, action: str) -> None:
    with pytest.raises(Unreadable) as failure:
        told(sandbox, action)
    data = f"pixels {action}\n".encode()
    extraction = sandbox.extract(of(data), len(data))
    assert extraction.extracted.description == "what it tells about itself"
    assert extraction.error == str(failure.value)
    assert extraction.renditions == ()


def test_a_killed_decoder_is_no_judgement_while_there_are_other_tries(sandbox: Sandbox) -> None:
    data = b"pixels kill\n"
    with pytest.raises(Killed):
        sandbox.extract(of(data), len(data), last=False)
    assert sandbox.extract(of(data), len(data)).extracted.description == "what it tells about itself"


def test_the_kernel_ends_what_the_parent_cannot_watch(sandbox: Sandbox) -> None:
    """While the store is slow, time on the processor is limited all the same."""
    head = b"spin_unwatched\n"

    template = template_of(sandbox)

    def read(start: int, length: int) -> Iterator[bytes]:
        while start and any(child.status() != psutil.STATUS_ZOMBIE for child in template.children()):
            time.sleep(0.1)
        yield (head + bytes(length))[:length] if start == 0 else bytes(length)

    with pytest.raises(Unreadable, match="longer than 2 seconds"):
        sandbox.extract(read, 40 * MIB)
    assert works(sandbox)


def test_where_it_crashed_is_logged(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Unreadable):
        told(sandbox, "segfault")
    assert "hostile.py" in caplog.text
    assert "in segfault" in caplog.text


def test_a_chatty_library_blocks_nothing(sandbox: Sandbox) -> None:
    assert told(sandbox, "chatter") == "done"


@pytest.mark.parametrize("failure", [NotFound("gone"), StoreUnavailable("down")])
@pytest.mark.parametrize("late", [False, True])
def test_what_the_store_raises_is_not_the_files_fault(sandbox: Sandbox, failure: Exception, *, late: bool) -> None:
    def read(start: int, length: int) -> Iterator[bytes]:
        if not late:
            raise failure
        return begun(length)

    def begun(length: int) -> Iterator[bytes]:
        yield bytes(length - 1)
        raise failure

    with pytest.raises(type(failure)) as raised:
        sandbox.extract(read, 1000)
    assert raised.value is failure
    assert works(sandbox)


@pytest.mark.parametrize("given", [0, 99, 101])
def test_a_store_that_gives_another_number_of_bytes_is_at_fault(sandbox: Sandbox, given: int) -> None:
    with pytest.raises(StoreUnavailable):
        sandbox.extract(lambda _start, _length: iter([bytes(given)]), 100)
    assert works(sandbox)


def test_waiting_for_the_store_is_not_decoding_time(sandbox: Sandbox) -> None:
    def read(start: int, length: int) -> Iterator[bytes]:
        time.sleep(SECONDS * 1.5)
        yield b"count\n"

    assert sandbox.extract(read, 6).extracted.description == "0"


def test_a_store_that_takes_for_ever_is_at_fault() -> None:
    def read(start: int, length: int) -> Iterator[bytes]:
        for _ in range(length):
            time.sleep(0.01)
            yield b"\n"

    with Sandbox(program=hostile.PROGRAM, patience=0.2) as sandbox:
        with pytest.raises(StoreUnavailable, match="slow"):
            sandbox.extract(read, 1_000_000)
        assert works(sandbox)


def test_a_decoder_that_reads_without_end_is_stopped() -> None:
    head = b"circles\n"
    block = bytes(MIB)

    def read(start: int, length: int) -> Iterator[bytes]:
        yield (head + block)[:length] if start == 0 else block[:length]

    with Sandbox(program=hostile.PROGRAM) as sandbox, pytest.raises(Unreadable, match="reads more than 1 GiB"):
        sandbox.extract(read, 40 * MIB)


def test_a_store_that_goes_away_in_the_middle_is_at_fault(sandbox: Sandbox, minio: Minio) -> None:
    with closing(MinioStore(minio.endpoint, minio.fresh_bucket(), minio.access_key, minio.secret_key)) as store:
        data = b"digest\n" + os.urandom(20 * MIB)
        store.put("space/photo", [data], len(data))
        read = partial(store.read, "space/photo")
        expected = hashlib.sha256(data[7:]).hexdigest()
        assert sandbox.extract(read, len(data)).extracted.description == expected
        asked: list[int] = []

        def stopping(start: int, length: int) -> Iterator[bytes]:
            asked.append(start)
            if len(asked) == 2:
                minio.stop()
            return store.read("space/photo", start, length)

        try:
            with pytest.raises(StoreUnavailable):
                sandbox.extract(stopping, len(data))
        finally:
            minio.start()
        assert len(asked) == 2
        assert sandbox.extract(read, len(data)).extracted.description == expected
        with pytest.raises(NotFound):
            sandbox.extract(partial(store.read, "space/none"), 10)
