import base64
import threading
from collections.abc import Iterator

import pytest

from gateway.dav.app import build_app
from gateway.dav.auth import InFlight, credentials, device
from gateway.errors import TooManyRequests, Unauthenticated
from tests.dav.harness import PASSWORD, Client, World, serving


def basic(text: str, encoding: str = "utf-8") -> str:
    return "Basic " + base64.b64encode(text.encode(encoding)).decode()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (basic("anna:secret"), ("anna", "secret")),
        (basic("anna:a:b"), ("anna", "a:b")),
        (basic("anna:"), ("anna", "")),
        (basic("WORKGROUP\\anna:secret"), ("anna", "secret")),
        (basic("jörg:schön"), ("jörg", "schön")),
        (basic("jörg:schön", "latin-1"), ("jörg", "schön")),
        (basic("anna:secret").replace("Basic", "bASIC  "), ("anna", "secret")),
    ],
)
def test_credentials(header: str, expected: tuple[str, str]) -> None:
    assert credentials(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !",
        "Basic YQ",
        "Basic é",
        basic("anna"),
        basic(":x"),
        basic("a\0b:x"),
        "Bearer x",
        "Digest x",
    ],
)
def test_malformed_credentials_are_none(header: str) -> None:
    with pytest.raises(Unauthenticated):
        credentials(header)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("WebDAVFS/3.0.0 (03008000) Darwin/23.0.0 (x86_64)", "macOS Finder"),
        ("Microsoft-WebDAV-MiniRedir/10.0.19045", "Windows Explorer"),
        ("rclone/v1.75.2", "rclone"),
        ("Mozilla/5.0 (X11) gvfs/1.50", "GNOME Files"),
        ("Something/2 (else)", "Something"),
        ("", "WebDAV"),
        ("x" * 200, "x" * 64),
        ("\x9b/1", "WebDAV"),
    ],
)
def test_device_is_what_a_person_would_call_it(agent: str, name: str) -> None:
    assert device(agent) == name


@pytest.mark.parametrize("header", ["", "Basic !", basic("anna:wrong"), basic("nobody:" + PASSWORD), "Digest x"])
def test_wrong_credentials_are_asked_for_again(anna: Client, header: str) -> None:
    answer = anna("PROPFIND", Authorization=header)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="davgallery", charset="UTF-8"'


def test_domain_before_the_name_is_accepted(anna: Client) -> None:
    assert anna("PROPFIND", Authorization=basic(f"HOME\\anna:{PASSWORD}")).status == 207


def test_guessing_is_slowed_down(dav: World) -> None:
    client = dav.client("guessed")
    answers = [client("PROPFIND", Authorization=basic("guessed:wrong")) for _ in range(10)]
    assert answers[0].status == 401
    assert answers[-1].status == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


@pytest.mark.parametrize("method", ["GET", "PROPFIND", "PUT", "DELETE", "MKCOL", "MOVE", "LOCK", "PROPPATCH"])
def test_other_peoples_spaces_look_like_missing_ones(dav: World, anna: Client, method: str) -> None:
    name = f"secret-{method.lower()}"
    owner = dav.client(name)
    owner("PUT", "a.jpg", b"x")
    bodies = {"LOCK": b"", "PUT": b"x"}
    fields = {"Destination": "/dav/anna/x", "If": "(<urn:uuid:1>)"} if method in {"MOVE", "LOCK"} else {}
    there = anna(method, f"/dav/{name}/a.jpg", bodies.get(method, b""), **fields)
    missing = anna(method, "/dav/nobody/a.jpg", bodies.get(method, b""), **fields)
    assert (there.status, there.body) == (missing.status, missing.body)
    assert there.status in {400, 404}
    assert owner("GET", "a.jpg").body == b"x"


def test_requests_in_flight_are_limited_and_given_back() -> None:
    places = InFlight(2)
    places.take(1)
    places.take(1)
    with pytest.raises(TooManyRequests):
        places.take(1)
    places.take(2)
    places.give_back(1)
    places.take(1)


def test_the_request_after_too_many_is_told_to_wait(dav: World) -> None:
    client = dav.client("busy")
    going, entered = threading.Event(), threading.Semaphore(0)

    def app(environ: dict[str, object], start: object) -> Iterator[bytes]:
        return iter(door(environ, start))  # type: ignore[arg-type]

    door = build_app(dav.library)
    door._in_flight = InFlight(1)

    class Waiting:
        def __init__(self, body: object) -> None:
            self.body = body

        def read(self, size: int) -> bytes:
            entered.release()
            going.wait(10)
            return self.body.read(size)  # type: ignore[attr-defined,no-any-return]

    def slow(environ: dict[str, object], start: object) -> Iterator[bytes]:
        environ["wsgi.input"] = Waiting(environ["wsgi.input"])
        return app(environ, start)

    with serving(slow) as port:
        busy = Client(port, "busy", base="/dav/busy/")
        first = threading.Thread(target=busy, args=("PUT", "a.jpg", b"x"))
        first.start()
        assert entered.acquire(timeout=10)
        refused = busy("PROPFIND")
        going.set()
        first.join()
        assert refused.status == 429
        assert refused.headers["retry-after"] == "1"
        assert busy("GET", "a.jpg").body == b"x"
    assert client("GET", "a.jpg").body == b"x"


def test_options_needs_no_account(anna: Client) -> None:
    stranger = Client(anna.port, "")
    for path in ("/", "/dav", "/dav/", "/dav/anna/no/such", "*", "/dav/a%ff"):
        answer = stranger("OPTIONS", path)
        assert answer.status == 200, path
        assert answer.headers["dav"] == "1, 2"
        assert answer.headers["ms-author-via"] == "DAV"
        assert "PROPFIND" in answer.headers["allow"]


@pytest.fixture(autouse=True)
def patient(dav: World) -> Iterator[None]:
    """Forget wrong guesses, so that tests do not slow each other down."""
    yield
    with dav.library.accounts.catalogue.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM attempt")
