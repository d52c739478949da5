"""Clients that are slow, many, broken or wicked cost others nothing, and learn nothing."""

import http.client
import re
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

import psutil
import pytest

from gateway.library.locks import MAX_PER_ACCOUNT
from tests.dav.harness import Answer, Client, lockinfo, propfind
from tests.safety.cutting import Upload
from tests.safety.house import MEGABYTE, House, content
from tests.serving.client import Client as Wire

WRONG = "wrong password"


def authorization(name: str, password: str) -> str:
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode()


def slowest_listing(client: Client, times: int = 10) -> float:
    """The longest of some PROPFINDs, each on a new connection, in seconds."""
    longest = 0.0
    for _ in range(times):
        began = time.monotonic()
        assert client("PROPFIND", "", Depth="1").status == 207
        longest = max(longest, time.monotonic() - began)
    return longest


@contextmanager
def peak(house: House) -> Iterator[list[int]]:
    """The most memory that the workers have meanwhile, as the only member of the list."""
    over, most = threading.Event(), [house.memory()]

    def watch() -> None:
        while not over.wait(0.05):
            most[0] = max(most[0], house.memory())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


# --- slow and many ---------------------------------------------------------------------------------------------------


def test_two_hundred_slow_uploads_delay_nobody(house: House) -> None:
    slow = [house.account() for _ in range(8)]
    client = house.account()
    client("PUT", "a.jpg", b"a")
    upload = Upload("slow.jpg", content(MEGABYTE, "slow"), "length")
    with ExitStack() as ending:
        connections = []
        for n in range(200):
            owner = slow[n % len(slow)]
            connection = ending.enter_context(socket.create_connection(("127.0.0.1", client.port), 20))
            connection.sendall(replace(upload, path=f"{n}.jpg").head(owner) + upload.body[:1_000])
            connections.append(connection)
        for _ in range(3):
            began = time.monotonic()
            assert slowest_listing(client, 5) < 1
            for connection in connections:
                connection.sendall(upload.body[:1_000])
            time.sleep(max(0.0, 1 - (time.monotonic() - began)))
        assert house.count("hold") >= 190
        assert client("PUT", "b.jpg", b"b").status == 201


def test_clients_that_never_finish_their_headers_hold_no_thread(folder_house: House) -> None:
    client = folder_house.account()
    with ExitStack() as ending:
        for n in range(600):
            connection = ending.enter_context(socket.create_connection(("127.0.0.1", client.port), 20))
            if n % 2:
                connection.sendall(b"PUT /dav/a HTTP/1.1\r\nHost: t\r\nX-Slow: ")
        assert slowest_listing(client) < 1


def test_silent_and_half_tls_handshakes_delay_nobody(tls_house: tuple[House, ssl.SSLContext]) -> None:
    house, context = tls_house
    client = house.account()
    upload = Upload("a.jpg", b"a", "length")
    assert upload.send(client, None, tls=context) == 201
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(20)
    with ExitStack() as ending:
        for n in range(300):
            connection = ending.enter_context(socket.create_connection(("127.0.0.1", client.port), 20))
            connection.sendall((b"", hello, b"GET / HTTP/1.1\r\n\r\n", b"\x00\xff")[n % 4])
        for _ in range(3):
            began = time.monotonic()
            assert upload.send(client, None, tls=context) == 204
            assert time.monotonic() - began < 1


@pytest.mark.parametrize(("framing", "count", "each"), [("length", 64, 3), ("chunked", 16, 20)])
def test_memory_does_not_grow_with_the_size_of_parallel_uploads(
    minio_house: House, framing: str, count: int, each: int
) -> None:
    house = minio_house
    clients = [house.account() for _ in range(4)]
    body = content(30 * MEGABYTE, "parallel")
    for client in clients:
        client("PUT", "first.jpg", body[: 6 * MEGABYTE])
    before = house.memory()

    def send(number: int) -> int:
        upload = Upload(f"{number}.jpg", body, framing)  # type: ignore[arg-type]
        while (status := upload.send(clients[number % len(clients)], None)) == 429:
            time.sleep(0.1)
        return status

    with peak(house) as most, ThreadPoolExecutor(count) as pool:
        statuses = Counter(pool.map(send, range(count)))

    assert statuses == {201: count}
    assert most[0] - before < count * each * MEGABYTE


def test_account_with_too_many_requests_in_flight_is_told_to_wait(folder_house: House) -> None:
    client, other = folder_house.account(), folder_house.account()
    upload = Upload("slow.jpg", content(MEGABYTE, "slow"), "length")
    with ExitStack() as ending:
        for n in range(100):
            connection = ending.enter_context(socket.create_connection(("127.0.0.1", client.port), 20))
            connection.sendall(replace(upload, path=f"{n}.jpg").head(client) + upload.body[:100])
        time.sleep(0.5)
        answers = [client("GET", client.base) for _ in range(20)]
        assert 429 in {answer.status for answer in answers}
        assert all(answer.headers["retry-after"] for answer in answers if answer.status == 429)
        assert other("GET", other.base).status == 200
        assert folder_house.count("hold") <= 64


def test_flood_of_locks_ends_at_a_cap_of_the_account(folder_house: House) -> None:
    client, other = folder_house.account(), folder_house.account()
    with folder_house.opened() as library:
        principal = folder_house.principal(client)
        for n in range(MAX_PER_ACCOUNT - 3):
            library.locks.acquire(
                principal, (client.user, f"{n}"), exclusive=True, infinite=False, owner="", seconds=600
            )

    statuses = [client("LOCK", f"more{n}", lockinfo(), Timeout="Second-4100000000").status for n in range(6)]

    assert statuses == [201, 201, 201, 429, 429, 429]
    assert client("PROPFIND", "more3", Depth="0").status == 404
    assert other("LOCK", "a", lockinfo()).status == 201
    assert slowest_listing(client, 3) < 2


# --- broken ----------------------------------------------------------------------------------------------------------

LAUGHS = "<!DOCTYPE l [<!ENTITY a0 'ha'>" + "".join(
    f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)
) + "]><propfind xmlns='DAV:'><prop><x>&a11;</x></prop></propfind>"  # fmt: skip
XML = {
    "billion laughs": LAUGHS,
    "quadratic": f"<!DOCTYPE l [<!ENTITY a '{'x' * 50_000}'>]><propfind xmlns='DAV:'>{'&a;' * 5_000}</propfind>",
    "file": "<!DOCTYPE l [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><propfind xmlns='DAV:'><x>&a;</x></propfind>",
    "address": "<!DOCTYPE l SYSTEM 'http://127.0.0.1:1/l.dtd'><propfind xmlns='DAV:'><allprop/></propfind>",
    "parameter": "<!DOCTYPE l [<!ENTITY % a SYSTEM 'http://127.0.0.1:1/a'> %a;]><propfind xmlns='DAV:'/>",
    "deep": "<propfind xmlns='DAV:'>" + "<a>" * 100_000 + "</a>" * 100_000 + "</propfind>",
    "ten megabytes": "<propfind xmlns='DAV:'><prop>" + "<a/>" * 2_500_000 + "</prop></propfind>",
    "one element of ten megabytes": "<propfind xmlns='DAV:'><prop><a b='" + "x" * 10_000_000 + "'/></prop></propfind>",
    "not XML": "{}",
    "cut": "<propfind xmlns='DAV:'><prop>",
    "unknown prefix": "<d:propfind><d:allprop/></d:propfind>",
    "unknown encoding": "<?xml version='1.0' encoding='klingon'?><propfind xmlns='DAV:'><allprop/></propfind>",
    "another encoding": "<?xml version='1.0' encoding='utf-7'?><propfind xmlns='DAV:'>+ADw-allprop/+AD4-</propfind>",
    "NUL": "<propfind xmlns='DAV:'>\0</propfind>",
    "another root": "<lockinfo xmlns='DAV:'/>" * 2,
}


@pytest.mark.parametrize("method", ["PROPFIND", "PROPPATCH", "LOCK"])
def test_wicked_xml_is_refused_and_costs_nothing(folder_house: House, method: str) -> None:
    client = folder_house.account()
    client("PUT", "a.jpg", b"a")
    client(method, "a.jpg", XML["cut"])
    before = folder_house.picture(client)

    with peak(folder_house) as most:
        memory = most[0]
        for name, body in XML.items():
            for framing in ({}, {"Transfer_Encoding": "chunked"}):
                answer = send_xml(client, method, body.encode(), chunked=bool(framing))
                assert 400 <= answer.status < 500, (name, answer)
                assert b"root:" not in answer.body

    assert most[0] - memory < 40 * MEGABYTE
    assert folder_house.picture(client) == before


def send_xml(client: Client, method: str, body: bytes, *, chunked: bool) -> Answer:
    """One request; the answer is read though the server may not take all of the body."""
    with Wire(("127.0.0.1", client.port)) as wire:
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
        lines = [f"{method} {client.base}a.jpg HTTP/1.1", "Host: t", "Depth: 0", framing]
        with suppress(BrokenPipeError, ConnectionResetError):
            wire.send("\r\n".join([*lines, f"Authorization: {authorization(client.user, client.password)}", "", ""]))
            wire.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if chunked else body)
        answer = wire.answer()
    return Answer(answer.status, answer.headers, answer.body)


HEADERS = [
    "Basic", "Basic ", "Basic =", "Basic ====", "Basic !!!!", "Basic YQ", "Basic YTo", "Basic OnB3", "Basic Og==",
    "Basic " + "A" * 8000, "Basic " + b64encode(b"\xff\xfe:\xff").decode(), "Basic " + b64encode(b"a\0b:c").decode(),
    "Basic " + b64encode(b"admin\n:x").decode(), "Bearer x.y.z", "Digest username=admin", "Negotiate AAAA",
    "basic", ",", "Basic YTpi, Basic YTpi", "BasicYTpi", "Basic \xe9\xe8",
    "Basic " + b64encode(("x" * 5000 + ":y").encode()).decode(),
    "Basic " + b64encode("\u202eadmin:\ud83d".encode("utf-8", "surrogatepass")).decode(),
]  # fmt: skip


def test_malformed_credentials_are_nobodys(exposed_house: House) -> None:
    house = exposed_house
    statuses: Counter[int] = Counter()
    for header in HEADERS:
        for method in ("GET", "PROPFIND", "PUT"):
            with Wire(("127.0.0.1", house.gateway.port)) as wire:
                wire.request(method, "/dav/admin/a.jpg", f"Authorization: {header}", body=b"")
                answer = wire.answer()
                statuses[answer.status] += 1
                assert answer.status in {401, 429, 400}, (header, answer)
                assert answer.status != 401 or "Basic" in answer.headers["www-authenticate"]
    assert statuses[401] >= 45
    client = house.account()
    assert client("PUT", "a.jpg", b"a").status == 201


def test_no_thread_is_lost(folder_house: House) -> None:
    """After every kind of mistreatment in this folder the shared server has all its threads, and each answers."""
    client = folder_house.account()
    client("PUT", "a.jpg", b"a")
    threads = [psutil.Process(pid).num_threads() for pid in folder_house.gateway.pids()]
    upload = Upload("a.jpg", content(200_000, "abused"), "chunked")
    for n in range(300):
        upload.send(client, 70_000, "reset")
        if n % 10 == 0:
            send_xml(client, "PROPFIND", XML["deep"][:100_000].encode(), chunked=True)

    assert [psutil.Process(pid).num_threads() for pid in folder_house.gateway.pids()] == threads
    assert min(threads) >= 256
    with ThreadPoolExecutor(16) as pool:
        statuses = Counter(answer.status for answer in pool.map(lambda _: client("GET", "a.jpg"), range(512)))
    assert statuses == {200: 512}


# --- wicked ----------------------------------------------------------------------------------------------------------


def normal(answer: Answer, *names: str) -> tuple[int, dict[str, str], bytes]:
    """An answer without what is different each time: the dates, and the names that were asked for."""
    moving = {"date", "last-modified", "content-length"}
    headers = {name: value for name, value in answer.headers.items() if name not in moving}
    body = answer.body
    for name in sorted(filter(None, names), key=len, reverse=True):
        body = body.replace(name.encode(), b"NAME")
        headers = {key: value.replace(name, "NAME") for key, value in headers.items()}
    return answer.status, headers, body


def test_nobody_can_do_or_learn_anything_in_a_space_of_others(house: House) -> None:
    theirs, mine = house.account(), house.account()
    theirs("PUT", "secret.jpg", b"secret")
    theirs("MKCOL", "folder")
    theirs("PUT", "folder/inside.jpg", b"secret")
    locked = theirs("LOCK", "folder", lockinfo())
    token = locked.headers["lock-token"]
    mine("PUT", "own.jpg", b"own")
    etag = theirs("HEAD", "secret.jpg").headers["etag"]
    before = [house.picture(client) for client in (theirs, mine)]
    nobody = "xnobodyx"
    allowed = mine("OPTIONS", "own.jpg").headers["allow"].split(", ")
    assert len(allowed) >= 12
    bodies = {
        "PROPFIND": propfind("getetag"),
        "LOCK": lockinfo(),
        "PUT": "body",
        "PROPPATCH": "<propertyupdate xmlns='DAV:'><set><prop><a xmlns='x'>1</a></prop></set></propertyupdate>",
    }
    paths = ["", "secret.jpg", "missing.jpg", "folder/", "folder/inside.jpg", "folder/missing/x.jpg"]
    own = f"http://t{mine.base}own.jpg"
    extras: list[dict[str, str]] = [
        {}, {"If": f"({token})"}, {"If_Match": etag}, {"If_None_Match": "*"}, {"Overwrite": "F"}, {"Depth": "infinity"},
    ]  # fmt: skip
    asked = 0
    for method in (method for method in allowed if method != "OPTIONS"):
        for path in paths:
            for extra in extras:
                headers = dict(extra)
                if method == "UNLOCK":
                    headers["Lock_Token"] = token
                if method in {"COPY", "MOVE"}:
                    headers["Destination"] = own
                real = mine(method, f"{theirs.base}{path}", bodies.get(method, ""), **headers)
                none = mine(method, f"/dav/{nobody}/{path}", bodies.get(method, ""), **headers)
                asked += 1
                assert real.status >= 400, (method, path, extra, real)
                assert normal(real, theirs.user, path) == normal(none, nobody, path), (method, path, extra)
                if method in {"COPY", "MOVE"}:
                    for source in ("own.jpg", ""):
                        real = mine(method, source, **extra, Destination=f"http://t{theirs.base}{path}")
                        none = mine(method, source, **extra, Destination=f"http://t/dav/{nobody}/{path}")
                        assert real.status >= 400, (method, path, extra, real)
                        assert normal(real, theirs.user, path) == normal(none, nobody, path), (method, path, extra)
    assert asked == 11 * 6 * 6
    anonymous = Client(mine.port, "")
    for method in (method for method in allowed if method != "OPTIONS"):
        answers = {
            str(normal(anonymous(method, where + path), theirs.user, mine.user, nobody, path))
            for where in (theirs.base, mine.base, f"/dav/{nobody}/", "/dav/")
            for path in paths
        }
        assert len(answers) == 1
        assert answers.pop().startswith("(401,")
    assert [house.picture(client) for client in (theirs, mine)] == before
    assert theirs("GET", "secret.jpg").body == b"secret"


def test_no_spelling_of_a_path_leads_into_a_space_of_others(house: House) -> None:
    theirs, mine = house.account(), house.account()
    theirs("PUT", "secret.jpg", b"secret")
    before = [house.picture(client) for client in (theirs, mine)]
    name = theirs.user
    spellings = [
        f"/dav/{name.upper()}/secret.jpg",
        f"/dav/%61{name[1:]}/secret.jpg",
        f"/dav//{name}/secret.jpg",
        f"{mine.base}../{name}/secret.jpg",
        f"{mine.base}%2e%2e/{name}/secret.jpg",
        f"{mine.base}..%2f{name}/secret.jpg",
        f"/dav/./{name}/secret.jpg",
        f"/dav/{name}%00/secret.jpg",
        f"/dav/{name}./secret.jpg",
        f"/dav/{name}%20/secret.jpg",
        f"/DAV/{name}/secret.jpg",
        f"/dav/{name};a=b/secret.jpg",
        f"/dav/../dav/{name}/secret.jpg",
        f"http://t/dav/{name}/secret.jpg",
        f"/dav/{name}/secret.jpg?x={mine.base}",
        f"/dav/{name}%2fsecret.jpg",
        f"/dav%2f{name}/secret.jpg",
        f"/dav/%ff{name}/secret.jpg",
        f"/{name}/secret.jpg",
    ]
    for spelling in spellings:
        for method in ("GET", "PUT", "DELETE", "PROPFIND", "MKCOL"):
            with Wire(("127.0.0.1", mine.port)) as wire:
                token = authorization(mine.user, mine.password)
                wire.request(
                    method, spelling, f"Authorization: {token}", "Depth: 1", body=b"x" if method == "PUT" else b""
                )
                answer = wire.answer()
                assert answer.status >= 400, (method, spelling, answer)
                assert b"secret" not in answer.body.replace(b"secret.jpg", b"")
    assert [house.picture(client) for client in (theirs, mine)] == before


def test_conditions_tell_nothing_about_files_of_others(house: House) -> None:
    theirs, mine = house.account(), house.account()
    theirs("PUT", "secret.jpg", b"secret")
    etag = theirs("HEAD", "secret.jpg").headers["etag"]
    mine("PUT", "own.jpg", b"own")

    for condition in (f"([{etag}])", f"(Not [{etag}])", "(Not <urn:uuid:0>)", "(<urn:uuid:0>)"):
        real = mine("GET", "own.jpg", If=f"<http://127.0.0.1:{mine.port}{theirs.base}secret.jpg> {condition}")
        none = mine("GET", "own.jpg", If=f"<http://127.0.0.1:{mine.port}{theirs.base}missing.jpg> {condition}")
        assert normal(real) == normal(none)
        real = mine("PUT", "own.jpg", "x", If=f"<{theirs.base}secret.jpg> {condition}")
        none = mine("PUT", "own.jpg", "x", If=f"<{theirs.base}missing.jpg> {condition}")
        assert normal(real) == normal(none)


def test_list_of_spaces_has_only_ones_own(house: House) -> None:
    theirs, mine = house.account(), house.account()

    listed = mine("PROPFIND", "/dav/", Depth="1")

    assert listed.hrefs == ["/dav/", mine.base]
    assert theirs.user.encode() not in mine("GET", "/dav/").body


@pytest.mark.parametrize("end", ["revoke", "remove", "password"])
def test_what_is_revoked_ends_at_once_in_every_worker(house: House, end: str) -> None:
    client = house.account()
    client("PUT", "a.jpg", b"a")
    password = client.password
    with house.opened() as library:
        if end == "password":
            password = "chosen by a person"
            library.accounts.set_password(client.user, password)
    house.change("DELETE FROM attempt")  # of other tests from this address
    token = {"Authorization": authorization(client.user, password)}
    connections = [http.client.HTTPConnection("127.0.0.1", client.port, timeout=20) for _ in range(24)]

    def statuses() -> Counter[int]:
        found: Counter[int] = Counter()
        for connection in connections:
            connection.request("GET", client.base + "a.jpg", headers=token)
            response = connection.getresponse()
            response.read()
            found[response.status] += 1
        return found

    assert statuses() == {200: 24}
    with house.opened() as library:
        if end == "revoke":
            (device,) = (one for one in library.accounts.credentials(client.user) if one.kind == "app")
            library.accounts.revoke(client.user, device.id)
        elif end == "remove":
            library.accounts.remove(client.user)
        else:
            library.accounts.set_password(client.user, "another one of theirs")
    ended = statuses()  # the very next request on every connection
    for connection in connections:
        connection.close()
    assert set(ended) <= {401, 429}
    assert ended[401] >= 1


def test_guessing_is_slow_and_keeps_nobody_out(exposed_house: House) -> None:
    house = exposed_house
    client, neighbour = house.account(), house.account()
    with house.opened() as library:
        library.accounts.set_password(neighbour.user, "chosen by a person")

    def guess(name: str, address: str, password: str = WRONG) -> Answer:
        return Client(client.port, name, password)("GET", "/dav/", X_Forwarded_For=address)

    for address, free in (("10.0.0.1", 5), ("10.1.0.1", 20)):
        names = [neighbour.user if free == 5 else f"nobody{n}" for n in range(free + 15)]
        tried = Counter(guess(name, address).status for name in names)
        assert set(tried) == {401, 429}
        assert tried[401] <= free + 4
        refused = guess(neighbour.user, address, "chosen by a person")
        assert (refused.status, int(refused.headers["retry-after"]) > 0) == (429, True)
    assert guess(neighbour.user, "10.2.0.1", "chosen by a person").status == 200
    assert client("GET", client.base).status == 200  # a device of the account that is being guessed at
    assert WRONG not in house.gateway.log


def test_many_guesses_at_once_are_few_guesses(exposed_house: House) -> None:
    client = exposed_house.account()

    def guess(n: int) -> int:
        return Client(client.port, client.user, f"{WRONG} {n}")("GET", "/dav/", X_Forwarded_For="10.3.0.1").status

    with ThreadPoolExecutor(60) as pool:
        tried = Counter(pool.map(guess, range(60)))

    assert tried[401] <= 12, tried
    assert set(tried) == {401, 429}


def test_presigned_addresses_are_in_answers_and_not_in_the_log(exposed_house: House) -> None:
    house = exposed_house
    client = house.account()
    client("PUT", "a.jpg", content(100_000, "a"))

    answer = client("GET", "a.jpg")

    signature = re.search(r"X-Amz-Signature=([0-9a-f]{64})", answer.headers["x-accel-redirect"])
    assert signature
    assert signature[1] not in house.gateway.log
