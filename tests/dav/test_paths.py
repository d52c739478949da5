import pytest

from gateway.dav.errors import Refusal
from gateway.dav.paths import NOWHERE, Site, Target, decode, quote_name
from gateway.errors import BadName, BadRequest


def environ(uri: str = "/dav/", *, host: str = "example.org", script: str = "") -> dict[str, str]:
    return {"REQUEST_URI": uri, "HTTP_HOST": host, "SCRIPT_NAME": script, "PATH_INFO": "/"}


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ("/dav/a%3Fb%3Bc%23.jpg", ["dav", "a?b;c#.jpg"]),
        ("/dav/a%2Fb", ["dav", "a/b"]),
        ("/dav/a%252Fb", ["dav", "a%2Fb"]),
        ("/dav/100%25+1", ["dav", "100%+1"]),
        ("/dav/%F0%9F%92%9A", ["dav", "💚"]),
        ("/dav/\xc3\xa9", ["dav", "é"]),
        ("/dav//x", ["dav", "", "x"]),
    ],
)
def test_names_are_split_before_they_are_decoded(raw: str, names: list[str]) -> None:
    assert decode(raw) == (names, False)


def test_a_slash_at_the_end_is_not_a_name() -> None:
    assert decode("/dav/x/") == (["dav", "x"], True)


@pytest.mark.parametrize("raw", ["/dav/a%ff.jpg", "/dav/%C3", "/dav/%ED%A0%80", "/dav/\xff"])
def test_what_is_not_utf8_is_refused(raw: str) -> None:
    with pytest.raises(BadName):
        decode(raw)


@pytest.mark.parametrize("name", ["plain.jpg", "a?b;c#d%e&f+g 'h'.jpg", "é💚", "a\\b", "..x", "%2F", '<>"|'])
def test_an_encoded_name_is_decoded_to_itself(name: str) -> None:
    quoted = quote_name(name)
    assert decode(f"/{quoted}") == ([name], False)
    assert not set(quoted) & set("<>&\"' ?#;")


def test_request_target_is_taken_raw_and_without_its_query() -> None:
    assert Site().requested(environ("/dav/anna/a%2Fb?x=1")) == Target(("anna", "a/b"), slash=False)


def test_the_door_itself_is_the_empty_path() -> None:
    assert Site().requested(environ("/dav")) == Target((), slash=False)
    assert Site().requested(environ("/dav/")) == Target((), slash=True)


def test_absolute_request_target_is_understood() -> None:
    assert Site().requested(environ("http://example.org/dav/a")) == Target(("a",), slash=False)


@pytest.mark.parametrize("uri", ["/", "/davx/a", "/gallery", "//dav/a"])
def test_other_addresses_are_not_the_doors(uri: str) -> None:
    assert Site().requested(environ(uri)) is None


@pytest.mark.parametrize("uri", ["/dav/anna/a.jpg", "/my%20photos/dav/anna/a.jpg"])
def test_a_proxy_may_cut_the_public_prefix_off_or_not(uri: str) -> None:
    site = Site("https://example.org/my%20photos")
    assert site.requested(environ(uri)) == Target(("anna", "a.jpg"), slash=False)
    assert site.prefix(environ(uri)) == "/my%20photos/dav"


def test_script_name_begins_every_href() -> None:
    assert Site().prefix(environ(script="/f\xc3\xb6o")) == "/f%C3%B6o/dav"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/dav/anna/x%3F.jpg",
        "https://example.org/dav/anna/x%3F.jpg",
        "https://example.org:443/dav/anna/x%3F.jpg",
        "http://EXAMPLE.ORG:80/dav/anna/x%3F.jpg",
        "http://user:secret@example.org/dav/anna/x%3F.jpg",
        "/dav/anna/x%3F.jpg",
    ],
)
def test_destination_on_this_server_is_understood(url: str) -> None:
    assert Site().located(url, environ()).path == ("anna", "x?.jpg")


def test_destination_may_name_the_public_address() -> None:
    site = Site("https://photos.example.org:8443/p")
    inside = environ(host="backend:8080")
    assert site.located("https://photos.example.org:8443/p/dav/a", inside).path == ("a",)
    assert site.located("http://backend:8080/dav/a", inside).path == ("a",)


@pytest.mark.parametrize(
    "url",
    [
        "http://other.org/dav/a",
        "http://example.org:8080/dav/a",
        "http://example.org/gallery",
        "/elsewhere",
        "http:///dav/a",
    ],
)
def test_destination_elsewhere_is_a_bad_gateway(url: str) -> None:
    with pytest.raises(Refusal) as refused:
        Site().located(url, environ())
    assert refused.value.status == 502


@pytest.mark.parametrize("url", ["", "dav/a", "ftp://example.org/dav/a", "/dav/a?b", "http://example.org/dav/a#b"])
def test_destination_that_would_be_cut_is_refused(url: str) -> None:
    with pytest.raises(BadRequest):
        Site().located(url, environ())


def test_tag_of_another_server_names_no_entry() -> None:
    assert Site().tagged("http://other.org/dav/a", environ()) == NOWHERE
