"""A huge upload that cannot succeed is refused before it is sent, and costs the server nothing."""

from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass

import pytest

from tests.dav.harness import Client, lockinfo
from tests.safety.house import MEGABYTE, House, content
from tests.serving.client import Client as Wire

HUGE = 10_000_000_000
PIECE = content(MEGABYTE, "piece")


@dataclass(frozen=True)
class Case:
    """An upload that is refused: its path, more headers, the status; whether only a known length tells."""

    path: str
    status: int
    headers: tuple[str, ...] = ()
    authorized: bool = True
    by_length: bool = False


def cases(client: Client, other: Client, limited: Client) -> dict[str, Case]:
    client("PUT", "old.jpg", b"old")
    client("PUT", "locked.jpg", b"locked")
    client("LOCK", "locked.jpg", lockinfo())
    client("MKCOL", "folder")
    mine = client.base
    return {
        "without an account": Case(mine + "a.jpg", 401, authorized=False),
        "another account's space": Case(other.base + "a.jpg", 404),
        "nobody's space": Case("/dav/nobody/a.jpg", 404),
        "list of spaces": Case("/dav/a.jpg", 403),
        "no parent": Case(mine + "missing/a.jpg", 409),
        "parent is a file": Case(mine + "old.jpg/a.jpg", 409),
        "a folder": Case(mine + "folder", 405),
        "changed meanwhile": Case(mine + "old.jpg", 412, ('If-Match: "0"',)),
        "exists": Case(mine + "old.jpg", 412, ("If-None-Match: *",)),
        "locked": Case(mine + "locked.jpg", 423),
        "bad name": Case(mine + "a%00.jpg", 400),
        "a part": Case(mine + "a.jpg", 400, ("Content-Range: bytes 0-9/10",)),
        "over the quota": Case(mine + "a.jpg", 507, by_length=True),
        "over the space's file size": Case(limited.base + "a.jpg", 413, by_length=True),
    }


def head(client: Client, case: Case, *, chunked: bool, expect: bool) -> bytes:
    lines = [f"PUT {case.path} HTTP/1.1", "Host: t", *case.headers]
    if case.authorized:
        lines.append("Authorization: Basic " + b64encode(f"{client.user}:{client.password}".encode()).decode())
    lines.append("Transfer-Encoding: chunked" if chunked else f"Content-Length: {HUGE}")
    if chunked and case.by_length:
        lines.append(f"X-Expected-Entity-Length: {HUGE}")
    if expect:
        lines.append("Expect: 100-continue")
    return "\r\n".join([*lines, "", ""]).encode()


def send_until_answered(wire: Wire, *, chunked: bool) -> int:
    """Send what a client sends that does not wait; how many bytes the server let it send."""
    piece = b"%x\r\n%b\r\n" % (len(PIECE), PIECE) if chunked else PIECE
    sent = 0
    with suppress(OSError):
        while wire.silent(0.001) and sent < HUGE:
            wire.send(piece)
            sent += len(piece)
    return sent


def test_huge_uploads_are_refused_before_they_are_sent(house: House) -> None:
    client, other = house.account(quota=100 * MEGABYTE), house.account()
    limited = client.inside(f"/dav/{client.user}s-small/")
    with house.opened() as library:
        library.spaces.add(f"{client.user}s-small", quota=HUGE * 2)
        library.spaces.set_policy(f"{client.user}s-small", media_only=False, max_file_size=MEGABYTE)
        library.spaces.grant(f"{client.user}s-small", client.user, 2)  # type: ignore[arg-type]
    refused = cases(client, other, limited)
    for case in refused.values():  # every worker has seen everything once
        client("PUT", case.path, b"", **({"If_Match": '"0"'} if case.status != 507 else {}))
    house.tidy()
    before, memory = house.picture(client), house.memory()

    for name, case in refused.items():
        for chunked in (False, True):
            for expect in (False, True):
                with Wire(("127.0.0.1", client.port)) as wire:
                    wire.send(head(client, case, chunked=chunked, expect=expect))
                    sent = 0 if expect else send_until_answered(wire, chunked=chunked)
                    answer = wire.answer()
                    told = (name, chunked, expect, sent, answer)
                    assert answer.status == case.status, told  # so there was no 100 before it
                    assert sent < 60 * MEGABYTE, told
                    assert answer.headers["connection"] == "close", told
                    if expect:
                        # What was not invited is no request either.
                        with suppress(OSError):
                            wire.send(f"GET {client.base}old.jpg HTTP/1.1\r\nHost: t\r\n\r\n")
                        assert wire.at_end(), told

    assert house.memory() - memory < 8 * MEGABYTE
    after = house.picture(client)
    assert after.rows.pop("refusals") != before.rows.pop("refusals")  # people are told which uploads did not fit
    assert after == before


@pytest.mark.parametrize(("quota", "status"), [(2 * MEGABYTE, 507), (100 * MEGABYTE, 507), (100_000 * MEGABYTE, 413)])
def test_endless_upload_of_unknown_length_ends_at_the_quota_or_the_file_size(
    house: House, quota: int, status: int
) -> None:
    client = house.account(quota=quota)
    with house.opened() as library:
        library.spaces.set_policy(client.user, media_only=False, max_file_size=150 * MEGABYTE)
    client("PUT", "old.jpg", b"old")
    before, memory = house.picture(client), house.memory()

    for path in ("new.jpg", "old.jpg"):
        with Wire(("127.0.0.1", client.port)) as wire:
            wire.send(head(client, Case(client.base + path, status), chunked=True, expect=False))
            sent = send_until_answered(wire, chunked=True)
            assert (wire.answer().status, sent < quota + 80 * MEGABYTE) == (status, True)

    assert house.memory() - memory < 24 * MEGABYTE  # up to 8 MiB of a part, and the thread's own
    house.tidy()
    after = house.picture(client)
    assert len(after.rows.pop("refusals")) == len(before.rows.pop("refusals")) + 2
    assert after == before


def test_small_refused_upload_leaves_the_connection_usable(house: House) -> None:
    client = house.account()
    client("PUT", "old.jpg", b"old")
    token = "Authorization: Basic " + b64encode(f"{client.user}:{client.password}".encode()).decode()

    with Wire(("127.0.0.1", client.port)) as wire:
        for _ in range(3):
            # In one piece, the next request right behind the body, and a request inside the body.
            inside = f"DELETE {client.base}old.jpg HTTP/1.1\r\nHost: t\r\n{token}\r\n\r\n".encode()
            wire.request("PUT", f"{client.base}missing/a.jpg", token, body=inside * 20)
            wire.request("GET", f"{client.base}old.jpg", token)
            assert wire.answer().status == 409
            assert (answer := wire.answer()).status == 200
            assert answer.body == b"old"


@pytest.mark.parametrize("size", ["ffffffffffffff", "7fffffffffffffff", "fffffffffffffffff", "-1", "0x10", "1_0", ""])
def test_giant_or_malformed_chunks_cost_nothing(folder_house: House, size: str) -> None:
    client = folder_house.account()
    before, memory = folder_house.picture(client), folder_house.memory()

    with Wire(("127.0.0.1", client.port)) as wire:
        wire.send(head(client, Case(client.base + "a.jpg", 0), chunked=True, expect=False))
        wire.send(f"{size}\r\n", PIECE[:200_000])
        with suppress(OSError):
            wire.socket.shutdown(1)
        assert wire.answer().status == 400

    assert folder_house.memory() - memory < 8 * MEGABYTE
    assert folder_house.picture(client) == before
