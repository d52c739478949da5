"""The page at / and the answer everywhere else."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from gateway.welcome import welcome


def ask(path: str = "/", public_url: str | None = None, **environ: str) -> tuple[str, dict[str, str], str]:
    """Return status, headers and body."""
    values: dict[str, Any] = {"PATH_INFO": path, "REQUEST_METHOD": "GET", "HTTP_HOST": "photos.lan:8080", **environ}
    setup_testing_defaults(values)
    said: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> Any:
        said.extend((status, dict(headers)))
        return lambda _data: None

    body = b"".join(welcome(public_url)(values, start_response)).decode()
    return said[0], said[1], body


def commands(page: str) -> list[str]:
    """The texts that can be copied."""
    return re.findall(r"<code>(.*?)</code>", page, re.DOTALL)


def test_page_gives_each_client_its_exact_address() -> None:
    status, _, page = ask(public_url="https://photos.example.org")

    rclone = "rclone config create photos webdav url=https://photos.example.org/dav/ vendor=owncloud"
    assert status == "200 OK"
    for text in (
        f"{rclone} user=NAME pass=PASSWORD",
        "https://photos.example.org/dav/",
        "davs://photos.example.org/dav/",
        "webdavs://photos.example.org/dav/",
        "sudo mount -t davfs https://photos.example.org/dav/ /mnt",
        "curl -u NAME -T photo.jpg https://photos.example.org/dav/NAME/",
        "photos.example.org",
        "443",
        "/dav/NAME",
    ):
        assert text in commands(page)


def test_without_a_public_address_it_is_the_address_of_the_request() -> None:
    page = ask()[2]

    assert "http://photos.lan:8080/dav/" in commands(page)
    assert "dav://photos.lan:8080/dav/" in commands(page)
    assert "8080" in commands(page)


def test_address_below_a_path_is_kept() -> None:
    page = ask(public_url="https://example.org/photos")[2]

    assert "https://example.org/photos/dav/" in commands(page)
    assert "/photos/dav/NAME" in commands(page)


def test_address_without_encryption_is_warned_of() -> None:
    assert "is not encrypted" in ask()[2]
    assert "is not encrypted" not in ask(public_url="https://photos.example.org")[2]


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"])
def test_address_that_works_on_this_computer_only_is_warned_of(host: str) -> None:
    assert "works on this computer only" in ask(HTTP_HOST=host)[2]


@pytest.mark.parametrize("host", ['"><script>alert(1)</script>', "evil.example/x", "a b", ""])
def test_forged_host_is_not_repeated(host: str) -> None:
    page = ask(HTTP_HOST=host)[2]

    assert "http://127.0.0.1:80/dav/" in commands(page)
    assert "evil" not in page
    assert "<script" not in page


def test_page_loads_nothing_and_runs_nothing() -> None:
    _, headers, page = ask()
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()

    assert f"default-src 'none'; style-src 'sha256-{digest}';" in headers["Content-Security-Policy"]
    assert "style=" not in page
    assert "url(" not in page
    assert not re.search(r"(src|href)=\"(?!data:image/svg)", page)


def test_page_is_well_formed() -> None:
    opened: list[str] = []

    class Checker(HTMLParser):
        def handle_starttag(self, tag: str, _attrs: object) -> None:
            if tag not in {"meta", "link", "path", "rect", "circle"}:
                opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            if tag not in {"path", "rect", "circle"}:
                assert opened.pop() == tag

    Checker().feed(ask()[2])

    assert opened == []


def test_other_address_is_a_page_too() -> None:
    status, headers, page = ask("/favicon.ico", public_url="https://photos.example.org")

    assert status == "404 Not Found"
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert '<a href="https://photos.example.org/">' in page


def test_head_has_the_headers_and_no_body() -> None:
    assert ask(REQUEST_METHOD="HEAD")[2] == ""
    assert ask(REQUEST_METHOD="HEAD")[1] == ask()[1]


@pytest.mark.parametrize("method", ["PUT", "POST", "MKCOL", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/photos/a.jpg"])
def test_files_are_never_taken_outside_the_door(method: str, path: str) -> None:
    status, headers, text = ask(path, REQUEST_METHOD=method)

    assert status == "405 Method Not Allowed"
    assert headers["Allow"] == "GET, HEAD"
    assert text == "Files go to http://photos.lan:8080/dav/ and nowhere else.\n"
