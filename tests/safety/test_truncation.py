"""An upload that is cut is no upload: nothing of it stays, and what was there before stays as it was."""

import hashlib
import http.client
import ssl
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from tests.dav.harness import Client
from tests.safety.cutting import ENDINGS, FRAMINGS, NO_LAST_LINE, Ending, Upload
from tests.safety.house import House, content
from tests.support.waiting import wait_until

SIZE = 20_000_000
CUTS = [0, 1, 50_000, 9_000_000, SIZE - 1]
BODY = content(SIZE, "cut")
OLD = content(60_000, "old")


def no_uploads_run(house: House) -> bool:
    return house.count("hold") == 0


@pytest.fixture
def cases() -> list[tuple[Upload, int, Ending, bool]]:
    """Every way to cut: the upload, where, how the client leaves, and whether a file is there already."""
    places = [(framing, cut) for framing, cut in product(FRAMINGS, CUTS)]
    places += [("chunked", NO_LAST_LINE), ("expected", NO_LAST_LINE)]
    return [
        (Upload(f"{number}.jpg", BODY, framing), cut, ending, overwrites)
        for number, ((framing, cut), ending, overwrites) in enumerate(product(places, ENDINGS, [False, True]))
    ]


def test_cut_uploads_leave_no_trace(house: House, cases: list[tuple[Upload, int, Ending, bool]]) -> None:
    client = house.account()
    for upload, _, _, overwrites in cases:
        if overwrites:
            assert client("PUT", upload.path, OLD, X_OC_Mtime="1500000000").status == 201
    house.tidy()
    before = house.picture(client)
    assert before.rows["garbage"] == []

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda case: case[0].send(client, case[1], case[2]), cases))

    assert len(cases) == 68
    told = {(upload.framing, cut): status for (upload, cut, ending, _), status in zip(cases, statuses, strict=True)
            if ending == "closed"}  # fmt: skip
    assert set(told.values()) == {400}, told
    wait_until(lambda: no_uploads_run(house), seconds=30)
    house.change("UPDATE garbage SET not_before = 0")
    house.gateway.run("gc")
    assert house.picture(client) == before
    for upload, _, _, overwrites in cases:
        answer = client("GET", upload.path)
        assert (answer.status, answer.body if overwrites else b"") == ((200, OLD) if overwrites else (404, b""))
    assert house.findings() == []


def test_the_same_uploads_arrive_when_nothing_cuts_them(house: House) -> None:
    client = house.account()

    for framing, overwrites in product(FRAMINGS, [False, True]):
        upload = Upload(f"{framing}.jpg", BODY[: 12_000_000 + overwrites], framing)
        assert upload.send(client, None) == (204 if overwrites else 201)
        assert client("GET", upload.path).body == upload.body
    assert house.sums(client.user) == (3 * 12_000_001, 0, 3 * 12_000_000)


@pytest.mark.parametrize(("announced", "sent"), [(5_000, 4_999), (5_000, 5_001), (7_000_000, 6_999_999), (10, 0)])
def test_chunked_upload_of_another_length_than_announced_is_refused(house: House, announced: int, sent: int) -> None:
    client = house.account()
    client("PUT", "old.jpg", OLD)
    before = house.picture(client)

    for path in ("new.jpg", "old.jpg"):
        upload = Upload(path, BODY[:sent], "chunked", (f"X-Expected-Entity-Length: {announced}",))
        assert upload.send(client, None) == 400

    house.tidy()
    assert house.picture(client) == before
    assert client("GET", "old.jpg").body == OLD


def test_cut_upload_with_a_checksum_of_what_arrived_is_still_cut(house: House) -> None:
    client = house.account()
    before = house.picture(client)
    sha1 = hashlib.sha1(BODY[:50_000]).hexdigest()
    upload = Upload("a.jpg", BODY, "length", (f"OC-Checksum: SHA1:{sha1}",))

    assert upload.send(client, 50_000) == 400

    house.tidy()
    assert house.picture(client) == before


def test_upload_with_a_wrong_checksum_leaves_no_trace(house: House) -> None:
    client = house.account()
    client("PUT", "a.jpg", OLD)
    before = house.picture(client)

    for size in (1, 100_000, 9_000_000):
        for framing in FRAMINGS:
            upload = Upload("a.jpg", BODY[:size], framing, (f"OC-Checksum: SHA1:{'0' * 40}",))
            assert upload.send(client, None) == 400

    house.tidy()
    after = house.picture(client)
    refusals = [*before.rows.pop("refusals"), (f"{client.user}/a.jpg", "ChecksumMismatch")]
    assert after.rows.pop("refusals") == refusals
    assert after == before
    assert client("GET", "a.jpg").body == OLD


def test_cut_uploads_over_tls_leave_no_trace(tls_house: tuple[House, ssl.SSLContext]) -> None:
    house, context = tls_house
    client = house.account()
    whole = Upload("old.jpg", OLD, "length")
    assert whole.send(client, None, tls=context) == 201
    before = house.picture(client)

    for framing, cut, ending in product(FRAMINGS, [0, 50_000, 65_536, 9_000_000], ENDINGS):
        for path in ("new.jpg", "old.jpg"):
            Upload(path, BODY, framing).send(client, cut, ending, context)

    wait_until(lambda: no_uploads_run(house), seconds=30)
    house.tidy()
    assert house.picture(client) == before
    assert get_over_tls(client, context, "old.jpg").endswith(OLD)


def get_over_tls(client: Client, context: ssl.SSLContext, path: str) -> bytes:
    connection = http.client.HTTPSConnection("127.0.0.1", client.port, context=context, timeout=30)
    token = b64encode(f"{client.user}:{client.password}".encode()).decode()
    connection.request("GET", client.base + path, headers={"Authorization": f"Basic {token}"})
    try:
        return connection.getresponse().read()
    finally:
        connection.close()
