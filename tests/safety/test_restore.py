"""The catalogue is lost, or comes back older than the store: no photograph is, and nothing is deleted."""

import io
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from urllib.parse import quote

import pytest

from tests.components.minio import Minio
from tests.dav.harness import Client
from tests.safety.cutting import Dripping
from tests.safety.house import House, content
from tests.support.waiting import wait_until

FILES = {
    "a.jpg": content(200_000, "a"),
    "2023/summer/b.jpg": content(6_000_000, "b"),
    "2023/Größe ä.jpg": content(1_000, "c"),
    "empty.txt": b"",
}


def fill(client: Client) -> None:
    client("MKCOL", "2023")
    client("MKCOL", "2023/summer")
    for path, data in FILES.items():
        assert client("PUT", quoted(path), data).status == 201
    client("PUT", "gone.jpg", b"deleted before the snapshot")
    client("DELETE", "gone.jpg")
    client("MKCOL", "moved")
    client("MOVE", "a.jpg", Destination=f"{client.base}moved/a.jpg")
    client("PROPPATCH", "moved/a.jpg", '<propertyupdate xmlns="DAV:"><set><prop><t xmlns="x">kept</t></prop></set>'
           "</propertyupdate>")  # fmt: skip


def quoted(path: str) -> str:
    return quote(path)


def lose_the_catalogue(house: House) -> None:
    house.gateway.stop()
    for file in house.gateway.data.glob("catalogue.sqlite3*"):
        file.unlink()


def restored(house: House) -> None:
    """Run ``restore``, and start the server again."""
    done = house.gateway.run("restore")
    assert "Restored " in done.stdout
    house.gateway.start()


@pytest.mark.parametrize("store", ["folder", "minio"])
def test_lost_catalogue_comes_back_with_everything_and_what_arrived_since(
    start_house: Callable[..., House], minio: Minio, store: str
) -> None:
    house = start_house(workers=1, store=minio if store == "minio" else None)
    client, other = house.account(), house.account()
    fill(client)
    with house.opened() as library:
        assert library.upkeep.snapshot()
    late, newer = content(3_000_000, "late"), content(90_000, "newer")
    client("PUT", "2023/late.jpg", late)
    client("PUT", "moved/a.jpg", newer)
    other("PUT", "theirs.jpg", b"theirs")
    objects = house.objects()

    lose_the_catalogue(house)
    restored(house)

    assert house.objects() == objects
    assert house.findings() == []
    assert client("GET", "2023/late.jpg").body == late
    assert other("GET", "theirs.jpg").body == b"theirs"
    for path, data in FILES.items():
        if path != "a.jpg":
            assert client("GET", quoted(path)).body == data
    # Both versions of what was replaced since the snapshot are there.
    versions = {client("GET", f"moved/{name}").body for name in ("a.jpg", "a%20(restored).jpg")}
    assert versions == {FILES["a.jpg"], newer}
    assert b"kept" in client("PROPFIND", "moved/a.jpg", Depth="0").body
    with house.opened() as library:
        names = {item.name for item in library.trash.items(house.principal(client), client.user)}
    assert "gone.jpg" in names
    # However long it tidies on the older catalogue, it never deletes what that does not know.
    house.change("UPDATE chore SET due = 0, lease = 0")
    with house.opened() as library:
        library.upkeep.run_due()
    house.tidy()
    assert house.objects() == objects


def test_upload_that_was_under_way_at_the_snapshot_is_not_taken_for_abandoned(
    start_house: Callable[..., House],
) -> None:
    house = start_house(workers=1)
    client = house.account()
    upload = Dripping(client, "a.jpg", content(3_000_000, "under way"))
    wait_until(lambda: house.count("hold") == 1)
    with house.opened() as library:
        library.upkeep.snapshot()
    assert upload.finish() == 201

    lose_the_catalogue(house)
    restored(house)
    house.change("UPDATE hold SET expires = 0")
    with house.opened() as library:
        library.upkeep.end_expired_holds()
    house.tidy()

    assert client("GET", "a.jpg").body == upload.body
    assert house.findings() == []


def test_repair_after_an_older_catalogue_puts_newer_photos_into_the_trash(start_house: Callable[..., House]) -> None:
    house = start_house(workers=1)
    client = house.account()
    fill(client)
    house.gateway.stop()
    file = house.gateway.data / "catalogue.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(file, file.with_name("yesterday"))
    house.gateway.start()
    newer = {f"new{n}.jpg": content(10_000 + n, n) for n in range(5)}
    for name, data in newer.items():
        client("PUT", name, data)
    objects = house.objects()
    house.gateway.stop()
    for one in house.gateway.data.glob("catalogue.sqlite3*"):
        one.unlink()
    file.with_name("yesterday").rename(file)

    done = house.gateway.run("check", check=False)
    assert done.returncode == 1
    assert done.stdout.count("No row names the object") == 5
    assert house.objects() == objects
    assert "5 found, 5 repaired." in house.gateway.run("check", "--repair").stdout
    assert "All is well." in house.gateway.run("check").stdout
    house.gateway.run("gc")
    assert house.objects() == objects

    house.gateway.start()
    with house.opened() as library:
        principal = house.principal(client)
        found = {item.name: item for item in library.trash.items(principal, client.user) if item.path == "found"}
        assert found.keys() == newer.keys()
        for item in found.values():
            library.trash.restore(principal, client.user, item.id)
    folder = {href for href in client("PROPFIND", "found/", Depth="1").hrefs if href.endswith(".jpg")}
    assert len(folder) == 5
    assert {client("GET", href).body for href in folder} == set(newer.values())
    assert house.findings() == []


def test_objects_of_others_are_adopted_where_their_keys_say(start_house: Callable[..., House], minio: Minio) -> None:
    house = start_house(workers=1, store=minio)
    client = house.account()
    client("PUT", "a.jpg", b"mine")
    key = house.rows(f"SELECT key FROM space WHERE name = '{client.user}'")[0][0]
    data = content(100_000, "camera")
    for name in ("card/DCIM/1.jpg", "card/DCIM/a b ü.jpg", "a.jpg"):
        minio.client.put_object(house.gateway.bucket, f"{key}/{name}", io.BytesIO(data), len(data))

    done = house.gateway.run("adopt", client.user)

    assert "Took in 3 files." in done.stdout
    assert client("GET", "card/DCIM/1.jpg").body == data
    assert client("GET", "card/DCIM/a%20b%20%C3%BC.jpg").body == data
    assert client("GET", "a.jpg").body == b"mine"
    assert client("GET", "a%20(restored).jpg").body == data
    assert house.sums(client.user) == (3 * len(data) + 4, 0, 0)
    assert house.findings() == []
    assert "Took in 0 files." in house.gateway.run("adopt", client.user).stdout
