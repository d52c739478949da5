"""What every store does, on a folder and on a real MinIO."""

import gc
import hashlib
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pytest

from gateway.errors import NotFound, StoreUnavailable, Truncated
from gateway.store import ObjectStore, fresh, identify, new_space_key
from gateway.store.local import LocalStore
from gateway.store.minio import MinioStore
from tests.store.bodies import MIB, broken_after, chunked, content, keys_of, read_all, unfinished_uploads

SIZES = [1, 4096, 65536, 100_000, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 8 * MIB, 21 * MIB + 7]


class Hangup(ConnectionError):
    """What a door raises when its client goes away. It is an OSError, as what a store must translate is."""


def leftovers(store: LocalStore | MinioStore, key: str, request: pytest.FixtureRequest) -> int:
    """How much a store holds that is not an object: temporary files, unfinished uploads in parts."""
    if isinstance(store, LocalStore):
        return len(list((request.getfixturevalue("tmp_path") / "objects/.tmp").iterdir()))
    return unfinished_uploads(request.getfixturevalue("minio"), request.getfixturevalue("bucket"), key)


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("size", SIZES)
def test_object_comes_back_as_it_was_stored(store: ObjectStore, size: int, known: bool) -> None:  # noqa: FBT001
    body = content(size)
    store.put("space/folder/a~1.jpg", chunked(body), size if known else None)
    assert read_all(store, "space/folder/a~1.jpg", size) == body
    assert [(found.key, found.size) for found in store.list()] == [("space/folder/a~1.jpg", size)]


def test_empty_object_is_kept(store: ObjectStore) -> None:
    store.put("space/empty", [], 0)
    store.put("space/nothing", [b"", b""], None)
    assert read_all(store, "space/empty", 0) == b""
    assert [found.size for found in store.list()] == [0, 0]


def test_chunks_of_any_size_are_taken(store: ObjectStore) -> None:
    dice = random.Random(7)
    body = content(9 * MIB)
    chunks, at = [], 0
    while at < len(body):
        step = dice.choice([0, 1, 2, 100, 20_000, 300_000, 3 * MIB])
        chunks.append(body[at : at + step])
        at += step
    store.put("space/mixed", iter(chunks), len(body))
    store.put("space/mixed-unknown", iter(chunks), None)
    assert read_all(store, "space/mixed", len(body)) == body
    assert read_all(store, "space/mixed-unknown", len(body)) == body


@pytest.mark.parametrize(("start", "length"), [(0, 1), (0, 10), (99_999, 1), (50_000, 25_000), (65_536, 1), (7, 0)])
def test_range_gives_exactly_its_bytes(store: ObjectStore, start: int, length: int) -> None:
    body = content(100_000)
    store.put("space/a", [body], len(body))
    assert b"".join(store.read("space/a", start, length)) == body[start : start + length]


def test_read_comes_in_chunks_of_bounded_size(store: ObjectStore) -> None:
    store.put("space/a", chunked(content(3 * MIB)), 3 * MIB)
    assert max(map(len, store.read("space/a", 0, 3 * MIB))) <= MIB


@pytest.mark.parametrize("length", [0, 1, 100])
@pytest.mark.parametrize("key", ["space/absent", "absent/folder/a", "space/a/b", "space"])
def test_reading_a_missing_object_is_not_found_before_the_first_chunk(
    store: ObjectStore, key: str, length: int
) -> None:
    store.put("space/a", [b"x"], 1)
    with pytest.raises(NotFound):
        store.read(key, 0, length)


@pytest.mark.parametrize(("start", "length"), [(0, 11), (10, 1), (5, 6)])
def test_reading_past_the_end_is_an_error_and_never_short(store: ObjectStore, start: int, length: int) -> None:
    store.put("space/a", [b"0123456789"], 10)
    with pytest.raises(StoreUnavailable):
        b"".join(store.read("space/a", start, length))


def test_reader_that_is_given_up_leaves_nothing_open(store: ObjectStore) -> None:
    store.put("space/a", chunked(content(4 * MIB)), 4 * MIB)
    open_files = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        reader = store.read("space/a", 0, 4 * MIB)
        next(reader)
        del reader
        store.read("space/a", 0, 4 * MIB)
    gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) <= open_files + 1


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("arrived", [0, 1, 65536, 5 * MIB, 5 * MIB + 1, 8 * MIB, 17 * MIB])
def test_body_that_breaks_leaves_nothing_and_its_error_passes_unchanged(
    store: LocalStore | MinioStore,
    request: pytest.FixtureRequest,
    arrived: int,
    known: bool,  # noqa: FBT001
) -> None:
    error = Hangup("the client went away")
    with pytest.raises(Hangup) as caught:
        store.put("space/cut", broken_after(arrived, error), 30 * MIB if known else None)
    assert caught.value is error
    time.sleep(0.1)
    assert keys_of(store) == []
    assert leftovers(store, "space/cut", request) == 0


@pytest.mark.parametrize("size", [10, 6 * MIB])
def test_body_that_is_refused_after_its_last_byte_leaves_nothing(store: ObjectStore, size: int) -> None:
    with pytest.raises(Hangup):
        store.put("space/checked", broken_after(size, Hangup()), size)
    time.sleep(0.1)
    assert keys_of(store) == []


@pytest.mark.parametrize("size", [10, 5 * MIB, 6 * MIB, 11 * MIB])
@pytest.mark.parametrize("surplus", [-1, 1])
def test_body_of_another_length_than_announced_is_truncated_and_leaves_nothing(
    store: LocalStore | MinioStore, request: pytest.FixtureRequest, size: int, surplus: int
) -> None:
    with pytest.raises(Truncated):
        store.put("space/wrong", chunked(content(size + surplus)), size)
    time.sleep(0.1)
    assert keys_of(store) == []
    assert leftovers(store, "space/wrong", request) == 0


def test_delete_removes_what_is_named_and_ignores_what_is_missing(store: ObjectStore) -> None:
    for key in ("space/a", "space/folder/b", "space/folder/c", "other/d"):
        store.put(key, [b"x"], 1)
    store.delete(iter(["space/a", "space/absent", "no/such/folder", "space/folder/b", "other/d", "space/folder"]))
    assert keys_of(store) == ["space/folder/c"]
    store.delete([])
    store.delete(["space/folder/c"])
    store.delete(["space/folder/c"])
    assert keys_of(store) == []


def test_delete_takes_more_keys_than_one_request_holds(store: ObjectStore) -> None:
    wanted = [f"space/{number:04}" for number in range(1100)]
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda key: store.put(key, [b"x"], 1), wanted))
    assert keys_of(store) == wanted
    store.delete(wanted)
    assert keys_of(store) == []


ODD_ORDER = ["a", "a b", "a-b", "a.b", "a/b", "a/b/c-d", "a/b/c/d", "a/c", "a0", "aa/b", "ä/b", "ö", "木/a", "🏔/a"]
# On a disk "a" cannot be a file and a folder at once; keys that are drawn never ask for it.
ORDER = [key for key in ODD_ORDER if key not in {"a", "a/b"}]


def test_list_is_sorted_by_the_bytes_of_whole_keys(store: ObjectStore) -> None:
    assert sorted(ORDER, key=str.encode) == ORDER
    for key in random.Random(3).sample(ORDER, len(ORDER)):
        store.put(key, [b"x"], 1)
    assert keys_of(store) == ORDER


@pytest.mark.parametrize(
    "prefix", ["", "a", "a/", "a/b", "a/b/", "a/b/c", "a/b/c/", "a/b/c-", "aa", "zz", "木", "a/b/c/d"]
)
@pytest.mark.parametrize("after", ["", "a", "a/", "a/b", "a/b/", "a/b/c-d", "a/b/c/", "a/c", "b", "ä", "木/a", "🏔/z"])
def test_list_begins_with_the_prefix_and_after_a_key(order_store: ObjectStore, prefix: str, after: str) -> None:
    wanted = [key for key in ORDER if key.startswith(prefix) and key > after]
    assert [found.key for found in order_store.list(prefix, after)] == wanted


@pytest.fixture(scope="module", params=["local", "minio"])
def order_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    made: LocalStore | MinioStore
    if request.param == "local":
        made = LocalStore(tmp_path_factory.mktemp("order"))
    else:
        minio = request.getfixturevalue("minio")
        made = MinioStore(minio.endpoint, minio.fresh_bucket(), minio.access_key, minio.secret_key)
    for key in ORDER:
        made.put(key, [b"x"], 1)
    yield made
    made.close()


def test_list_can_be_given_up_and_taken_up_again(store: ObjectStore) -> None:
    for number in range(25):
        store.put(f"space/{number % 3}/{number:02}", [b"x"], 1)
    seen: list[str] = []
    while page := [found.key for found in islice(store.list("space/", seen[-1] if seen else ""), 4)]:
        seen += page
    assert seen == keys_of(store)
    assert len(seen) == 25


def test_list_says_when_an_object_was_stored(store: ObjectStore) -> None:
    before = time.time()
    store.put("space/a", [b"x"], 1)
    (found,) = store.list()
    # S3 gives milliseconds at best.
    assert before - 0.1 <= found.modified / 1_000_000 <= time.time() + 0.1


KEYS = [
    fresh(
        new_space_key("Ärzte & Söhne"), ["2024 été", "100 %", "a+b=c?", "#1", "'\"<>|*", " x ", "日本"], "Ünï 'q'.JPG"
    ),
    fresh(new_space_key("a"), ["xl.meta", "part.1", "x__XLDIR__", ".", "..", "", "CON", "a."], "xl.meta"),
    fresh(new_space_key("a"), ["f" * 255] * 8, "n" * 255),
    fresh(new_space_key("é" * 100), ["é" * 200] * 3, "é" * 200 + ".heic"),
    fresh(new_space_key("a"), ["\u202eabc", "\ufffe", "\U0001f3d4\ufe0f", "\u2028", "a\tb\nc\x85"], "~\\~.tar.gz"),
]


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_every_key_that_is_drawn_can_be_stored_listed_read_and_deleted(store: ObjectStore, key: str) -> None:
    store.put(key, [b"photo"], 5)
    assert keys_of(store) == [key]
    assert read_all(store, key, 5) == b"photo"
    store.delete([key])
    assert keys_of(store) == []


@pytest.mark.parametrize("key", ["", "/a", "a//b", "a/", "a/./b", "../a", "a/..", "a\0b", "a" * 1025])
def test_what_is_no_key_is_refused_before_the_body_is_touched(store: ObjectStore, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        store.put(key, broken_after(0, AssertionError()), 1)
    with pytest.raises(ValueError, match="not a key"):
        store.read(key, 0, 1)


def test_late_writer_touches_no_other_object(store: ObjectStore) -> None:
    """A stalls, its hold ends, B stores the same photo's name and is acknowledged, and then A's bytes arrive."""
    space = new_space_key("alice")
    late, prompt = fresh(space, ["2024"], "IMG_1.jpg"), fresh(space, ["2024"], "IMG_1.jpg")

    def slow() -> Iterator[bytes]:
        yield content(6 * MIB)
        store.put(prompt, [b"B"], 1)
        yield b"A"

    store.put(late, slow(), 6 * MIB + 1)
    assert read_all(store, prompt, 1) == b"B"
    store.delete([late])
    store.delete([late])
    assert keys_of(store) == [prompt]


def test_object_is_not_visible_before_its_last_byte(store: ObjectStore) -> None:
    seen: list[list[str]] = []

    def watched() -> Iterator[bytes]:
        for chunk in chunked(content(7 * MIB), MIB):
            yield chunk
            seen.append(keys_of(store))

    store.put("space/a", watched(), 7 * MIB)
    assert seen == [[]] * 7


def test_32_threads_at_once_store_read_and_delete(store: ObjectStore) -> None:
    space = new_space_key("busy")

    def work(worker: int) -> None:
        for turn in range(6):
            body = hashlib.sha256(f"{worker} {turn}".encode()).digest() * 3000
            key = fresh(space, ["shared", f"{turn}"], f"{worker}.jpg")
            store.put(key, chunked(body), len(body) if turn % 2 else None)
            assert read_all(store, key, len(body)) == body
            store.delete([key])

    with ThreadPoolExecutor(32) as threads:
        list(threads.map(work, range(32)))
    assert keys_of(store) == []


MEMORY = """
import resource, sys
from pathlib import Path
from gateway.store.local import LocalStore
from gateway.store.minio import MinioStore

store = LocalStore(Path(sys.argv[2])) if sys.argv[1] == "local" else MinioStore(*sys.argv[2:])
chunk = bytes(256 * 1024)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

def put(key, chunks, size):
    store.put(key, (bytes(256 * 1024) for _ in range(chunks)), size)
    return sum(map(len, store.read(key, 0, chunks * len(chunk))))

put("space/warm", 40, None)
put("space/warm-known", 40, 40 * len(chunk))
before = peak()
assert put("space/unknown", 1200, None) == 1200 * len(chunk)
assert put("space/known", 1200, 1200 * len(chunk)) == 1200 * len(chunk)
print(peak() - before)
store.close()
"""


@pytest.mark.parametrize("kind", ["local", "minio"])
def test_memory_does_not_grow_with_300_mib(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    arguments = [str(tmp_path)]
    if kind == "minio":
        minio = request.getfixturevalue("minio")
        arguments = [minio.endpoint, minio.fresh_bucket(), minio.access_key, minio.secret_key]
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, kind, *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) <= 10, f"grew by {done.stdout} MiB"


def test_store_gets_one_id_and_keeps_it(store: ObjectStore) -> None:
    first = identify(store, pause=0)
    assert len(first) == 32
    assert identify(store) == first
    assert keys_of(store) == ["_davgallery/id"]


def test_processes_that_start_at_once_on_an_empty_store_agree_on_its_id(store: ObjectStore) -> None:
    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(lambda _: identify(store), range(8)))
    assert len(ids) == 1


def test_store_that_works_passes_its_check(store: ObjectStore) -> None:
    store.check()
