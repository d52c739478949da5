"""No way of writing at once gets more into a space than its quota."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from gateway.library.values import Role
from tests.dav.harness import Answer, Client
from tests.safety.cutting import Upload
from tests.safety.house import MEGABYTE, House, content, quota_of

TOO_BUSY = 429


def persistently(client: Client, method: str, path: str, body: bytes = b"", /, **headers: str) -> Answer:
    """Ask again when the account has too much in flight: that is no answer about the quota."""
    while (answer := client(method, path, body, **headers)).status == TOO_BUSY:
        pass
    return answer


@contextmanager
def watched(client: Client, quota: int) -> Iterator[None]:
    """Meanwhile what is used and what is available is the quota, and neither is ever negative."""
    over = threading.Event()
    seen = []

    def watch() -> None:
        while not over.is_set():
            used, available = quota_of(client)
            seen.append((used, available))

    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(watch)
        try:
            yield
        finally:
            over.set()
        watching.result(30)
    assert seen
    assert [pair for pair in seen if pair[0] + pair[1] != quota or min(pair) < 0] == []


def assert_told_alike(house: House, client: Client, quota: int, used: int) -> None:
    """WebDAV, the command and the rows say the same."""
    accounts = json.loads(house.gateway.run("user", "list", "--json").stdout)
    mine = next(one for one in accounts if one["name"] == client.user)
    assert (mine["quota"], mine["used"]) == (quota, used)
    assert quota_of(client) == (used, quota - used)
    assert house.sums(client.user)[:2] == (used, 0)


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_of_fifty_uploads_of_a_tenth_ten_succeed(house: House, framing: str) -> None:
    quota = 10 * MEGABYTE
    client = house.account(quota=quota)
    uploads = [Upload(f"{n}.jpg", content(MEGABYTE, n), framing) for n in range(50)]  # type: ignore[arg-type]

    def send(upload: Upload) -> int:
        while (status := upload.send(client, None)) == TOO_BUSY:
            pass
        return status

    with watched(client, quota), ThreadPoolExecutor(50) as pool:
        statuses = Counter(pool.map(send, uploads))

    assert statuses == {201: 10, 507: 40}
    assert_told_alike(house, client, quota, quota)
    house.tidy()
    assert house.strays() == set()


def test_long_bodies_of_unknown_length_fill_a_space_and_no_more(house: House) -> None:
    quota = 40 * MEGABYTE
    client = house.account(quota=quota)
    uploads = [Upload(f"{n}.jpg", content(8 * MEGABYTE, n), "chunked" if n % 2 else "length") for n in range(14)]

    with watched(client, quota), ThreadPoolExecutor(14) as pool:
        statuses = Counter(pool.map(lambda upload: upload.send(client, None), uploads))

    stored = statuses.pop(201)
    assert 1 <= stored <= 5
    assert set(statuses) == {507}
    assert house.sums(client.user) == (stored * 8 * MEGABYTE, 0, 0)
    assert Upload("again.jpg", content(quota - stored * 8 * MEGABYTE, "rest"), "chunked").send(client, None) == 201


def test_copies_at_once_are_charged_each(house: House) -> None:
    quota = 10 * MEGABYTE
    client = house.account(quota=quota)
    client("PUT", "a.jpg", content(MEGABYTE, "copied"))

    with watched(client, quota), ThreadPoolExecutor(30) as pool:
        copies = [pool.submit(persistently, client, "COPY", "a.jpg", Destination=f"{client.base}{n}.jpg")
                  for n in range(30)]  # fmt: skip
        statuses = Counter(copy.result().status for copy in copies)

    assert statuses == {201: 9, 507: 21}
    assert house.sums(client.user) == (quota, 0, 0)
    assert house.findings() == []


def test_moves_into_another_space_at_once_are_judged_by_its_quota(house: House) -> None:
    client = house.account()
    shared = f"{client.user}s-family"
    with house.opened() as library:
        library.spaces.add(shared, quota=5 * MEGABYTE)
        library.spaces.grant(shared, client.user, Role.EDITOR)
    for n in range(20):
        client("PUT", f"{n}.jpg", content(MEGABYTE, n))

    with ThreadPoolExecutor(20) as pool:
        moves = [pool.submit(persistently, client, "MOVE", f"{n}.jpg", Destination=f"/dav/{shared}/{n}.jpg")
                 for n in range(20)]  # fmt: skip
        statuses = Counter(move.result().status for move in moves)

    assert statuses == {201: 5, 507: 15}
    assert house.sums(shared) == (5 * MEGABYTE, 0, 0)
    assert house.sums(client.user) == (15 * MEGABYTE, 0, 0)
    assert quota_of(client.inside(f"/dav/{shared}/")) == (5 * MEGABYTE, 0)
    assert house.findings() == []


def test_quota_below_use_shows_nothing_available_and_lets_people_tidy_up(house: House) -> None:
    client = house.account(quota=3 * MEGABYTE)
    client("PUT", "a.jpg", content(2 * MEGABYTE, 1))
    with house.opened() as library:
        library.accounts.set_quota(client.user, MEGABYTE)

    assert quota_of(client) == (2 * MEGABYTE, 0)
    assert client("PUT", "b.jpg", b"1").status == 507
    assert Upload("b.jpg", b"1", "chunked").send(client, None) == 507
    assert client("PUT", "empty.jpg", b"").status == 201
    assert client("PUT", "a.jpg", content(MEGABYTE + 1, 2)).status == 204
    assert client("PUT", "a.jpg", content(MEGABYTE + 2, 3)).status == 507
    assert client("DELETE", "a.jpg").status == 204
    assert client("PUT", "b.jpg", b"1").status == 201
