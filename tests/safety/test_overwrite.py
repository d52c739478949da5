"""A file that is being replaced is the old one or the new one, for everybody, at every moment."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.dav.harness import propfind
from tests.safety.house import House, content, etag
from tests.support.flaky import FlakyProxy
from tests.support.rclone import Rclone

VERSIONS = {etag(data): data for data in (content(30_000_000 + 100 * n, n) for n in range(4))}
SIZES = {tag: str(len(data)) for tag, data in VERSIONS.items()}


def test_readers_of_a_file_that_is_replaced_see_the_old_or_the_new_one(house: House) -> None:
    client = house.account()
    first, *others = VERSIONS.items()
    assert client("PUT", "a.jpg", first[1]).headers["etag"] == first[0]
    over = threading.Event()
    seen: list[str] = []

    def read() -> None:
        while not over.is_set():
            answer = client("GET", "a.jpg")
            assert answer.status == 200
            tag = answer.headers["etag"]
            assert answer.headers["content-length"] == SIZES[tag]
            assert answer.body == VERSIONS[tag]
            seen.append(tag)

    def look() -> None:
        while not over.is_set():
            answer = client("HEAD", "a.jpg")
            assert (answer.status, answer.headers["content-length"]) == (200, SIZES[answer.headers["etag"]])
            listed = client("PROPFIND", "a.jpg", propfind("getetag", "getcontentlength"), Depth="0")
            found = listed.properties(client.base + "a.jpg")
            assert SIZES[found["{DAV:}getetag"].text or ""] == found["{DAV:}getcontentlength"].text
            seen.append(found["{DAV:}getetag"].text or "")

    with ThreadPoolExecutor(22) as pool:
        readers = [pool.submit(read) for _ in range(20)] + [pool.submit(look) for _ in range(2)]
        try:
            for tag, data in others:
                time.sleep(0.3)
                put = client("PUT", "a.jpg", data)
                assert (put.status, put.headers["etag"]) == (204, tag)
                assert client("HEAD", "a.jpg").headers["etag"] == tag
                listed = client("PROPFIND", "a.jpg", propfind("getetag"), Depth="0")
                assert listed.properties(client.base + "a.jpg")["{DAV:}getetag"].text == tag
        finally:
            over.set()
        for reader in readers:
            reader.result(60)

    assert set(seen) == set(VERSIONS)
    live, held, trash = house.sums(client.user)
    assert (live, held) == (len(others[-1][1]), 0)
    assert trash == sum(map(len, VERSIONS.values())) - live
    with house.opened() as library:
        items = library.trash.items(house.principal(client), client.user)
    assert sorted(item.size for item in items) == sorted(len(data) for _, data in list(VERSIONS.items())[:-1])
    assert house.strays() == set()


def test_one_of_twenty_wins_the_creation_of_a_name(house: House) -> None:
    client = house.account()
    bodies = [content(6_000_000, f"racer {n}") for n in range(20)]

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda body: client("PUT", "a.jpg", body, If_None_Match="*"), bodies))

    assert sorted(answer.status for answer in answers) == [201] + [412] * 19
    winner = next(body for body, answer in zip(bodies, answers, strict=True) if answer.status == 201)
    assert client("GET", "a.jpg").body == winner
    assert house.sums(client.user) == (6_000_000, 0, 0)


def test_lost_update_is_refused_though_the_body_was_sent(house: House) -> None:
    client = house.account()
    old = client("PUT", "a.jpg", b"old").headers["etag"]
    bodies = [content(8_000_000, f"editor {n}") for n in range(6)]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda body: client("PUT", "a.jpg", body, If_Match=old), bodies))

    assert sorted(answer.status for answer in answers) == [204] + [412] * 5
    winner = next(body for body, answer in zip(bodies, answers, strict=True) if answer.status == 204)
    assert client("GET", "a.jpg").body == winner


def test_photo_that_rclone_deletes_after_a_failed_upload_is_in_the_trash(
    proxied_house: tuple[House, FlakyProxy], tmp_path: Path
) -> None:
    house, proxy = proxied_house
    old, new = content(300_000, "old"), content(20_000_000, "new")
    local = tmp_path / "new.jpg"
    local.write_bytes(new)
    client = house.account()
    assert client("PUT", "a.jpg", old).status == 201
    remote = Rclone(house.gateway.dav(client.user), client.user, client.password)
    proxy.drop_all()
    proxy.cut_up = 6_000_000
    cuts = proxy.cuts

    words = ["--retries=1", "--low-level-retries=1", str(local), remote.remote("a.jpg")]
    failed = remote.run("copyto", *words, check=False)
    proxy.cut_up = None

    assert failed.returncode != 0
    assert proxy.cuts > cuts
    assert [row[1] for row in house.picture(client).rows["changes"]] == ["created", "deleted"]
    assert client("GET", "a.jpg").status == 404
    with house.opened() as library:
        principal = house.principal(client)
        (item,) = library.trash.items(principal, client.user)
        assert library.trash.restore(principal, client.user, item.id) == (client.user, "a.jpg")
    assert client("GET", "a.jpg").body == old
    assert remote.run("copyto", str(local), remote.remote("a.jpg")).returncode == 0
    assert client("GET", "a.jpg").body == new
    house.tidy()
    assert house.strays() == set()
