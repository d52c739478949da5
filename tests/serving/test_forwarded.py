"""Whom the headers of proxies are believed."""

from ipaddress import ip_network
from typing import Any

import pytest

from gateway.serving import forwarded
from gateway.serving.forwarded import PROXIED, plain_address

TRUSTED = [ip_network(one) for one in ("10.0.0.0/8", "::1", "fd00::/8")]
STRANGER = {
    "HTTP_X_FORWARDED_FOR": "1.1.1.1",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "evil.test",
    "HTTP_X_FORWARDED_PORT": "1",
    "HTTP_X_FORWARDED_PREFIX": "/evil",
    "HTTP_X_REAL_IP": "1.1.1.1",
    "HTTP_FORWARDED": "for=1.1.1.1",
}


def seen(peer: str = "10.0.0.1", **headers: str) -> dict[str, Any]:
    environ = {
        "REMOTE_ADDR": peer,
        "REMOTE_PORT": "5",
        "wsgi.url_scheme": "http",
        "HTTP_HOST": "inner:8080",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8080",
        "SCRIPT_NAME": "",
        **{f"HTTP_X_FORWARDED_{name.upper()}": value for name, value in headers.items()},
    }
    return forwarded(environ, TRUSTED)


def test_a_stranger_is_not_believed() -> None:
    plain = {"REMOTE_ADDR": "192.0.2.1", "wsgi.url_scheme": "http", "SCRIPT_NAME": "", "HTTP_HOST": "h"}
    assert forwarded(plain | STRANGER, TRUSTED) == plain | {PROXIED: True}


def test_nobody_behind_sees_the_headers_of_a_trusted_proxy_either() -> None:
    result = forwarded({"REMOTE_ADDR": "10.0.0.1"} | STRANGER, TRUSTED)
    assert not STRANGER.keys() & result.keys()
    assert result[PROXIED]


def test_a_request_without_a_proxy_stays_as_it_is() -> None:
    environ = {"REMOTE_ADDR": "10.0.0.1", "REMOTE_PORT": "5", "wsgi.url_scheme": "http"}
    assert forwarded(environ, TRUSTED) == environ


@pytest.mark.parametrize(
    ("peer", "chain", "client"),
    [
        ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "6.6.6.6, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "6.6.6.6, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "192.0.2.7:4711", "192.0.2.7"),
        ("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "::ffff:192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "192.0.2.7, unknown", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.7, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", " , ", "10.0.0.1"),
        ("::1", "192.0.2.7", "192.0.2.7"),
        ("fd00::5", "192.0.2.7", "192.0.2.7"),
        ("192.0.2.1", "192.0.2.7", "192.0.2.1"),
        ("", "192.0.2.7", ""),
    ],
)
def test_the_client_is_the_right_most_address_that_is_not_trusted(peer: str, chain: str, client: str) -> None:
    assert seen(peer, **{"for": chain})["REMOTE_ADDR"] == client


@pytest.mark.parametrize(
    ("chain", "proto", "scheme"),
    [
        ("192.0.2.7", "https", "https"),
        ("192.0.2.7", "HTTPS", "https"),
        ("192.0.2.7", "http", "http"),
        ("192.0.2.7", "gopher", "http"),
        ("192.0.2.7", "", "http"),
        ("192.0.2.7", "http, https", "https"),
        ("192.0.2.7, 10.0.0.2", "https, http", "https"),
        ("192.0.2.7, 10.0.0.2", "https", "https"),
        ("6.6.6.6, 192.0.2.7, 10.0.0.2", "http, https, http", "https"),
    ],
)
def test_the_scheme_is_what_the_first_trusted_proxy_saw(chain: str, proto: str, scheme: str) -> None:
    result = seen(**{"for": chain, "proto": proto})
    assert result["wsgi.url_scheme"] == scheme
    assert result.get("HTTPS") == ("on" if scheme == "https" else None)


@pytest.mark.parametrize(
    ("host", "proto", "name", "port"),
    [
        ("photos.test", "https", "photos.test", "443"),
        ("photos.test", "http", "photos.test", "80"),
        ("photos.test:8443", "https", "photos.test", "8443"),
        ("[2001:db8::1]:8443", "https", "[2001:db8::1]", "8443"),
    ],
)
def test_the_host_is_the_one_that_the_client_asked(host: str, proto: str, name: str, port: str) -> None:
    result = seen(host=host, proto=proto)
    assert (result["HTTP_HOST"], result["SERVER_NAME"], result["SERVER_PORT"]) == (host, name, port)


@pytest.mark.parametrize("host", ["", "a/b", "a b", "a@b", "a:b", "a:123456", 'a"b', "<a>"])
def test_a_malformed_host_is_ignored(host: str) -> None:
    assert seen(host=host)["HTTP_HOST"] == "inner:8080"


@pytest.mark.parametrize(
    ("prefix", "name"),
    [
        ("/photos", "/photos"),
        ("/photos/", "/photos"),
        ("/a/b%20c", "/a/b c"),
        ("/", ""),
        ("", ""),
        ("photos", ""),
        ("//evil.test", ""),
        ("/a//b", ""),
        ("/a b", ""),
        ("/a?b", ""),
    ],
)
def test_the_prefix_becomes_the_script_name(prefix: str, name: str) -> None:
    assert seen(prefix=prefix)["SCRIPT_NAME"] == name


def test_the_given_environ_is_left_alone() -> None:
    environ = {"REMOTE_ADDR": "10.0.0.1"} | STRANGER
    forwarded(environ, TRUSTED)
    assert environ == {"REMOTE_ADDR": "10.0.0.1"} | STRANGER


@pytest.mark.parametrize(
    ("address", "plain"),
    [("::ffff:192.0.2.1", "192.0.2.1"), ("fe80::1%eth0", "fe80::1"), ("192.0.2.1", "192.0.2.1"), ("?", "?")],
)
def test_addresses_are_written_in_one_way(address: str, plain: str) -> None:
    assert plain_address(address) == plain
