"""The address that devices are told, and from where it works."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.exceptions import BadRequest

from viewer.addresses import Address, Reach, address


def asked(host: str, *, public: str | None = None, below: str = "") -> Address:
    """The address in a request that came to ``host``."""
    app = Flask("test")
    app.config["PUBLIC_URL"] = public
    with app.test_request_context("/connect", environ_overrides={"HTTP_HOST": host, "SCRIPT_NAME": below}):
        return address()


@pytest.mark.parametrize(
    ("host", "reach"),
    [
        ("localhost:8080", Reach.COMPUTER),
        ("photos.localhost", Reach.COMPUTER),
        ("127.0.0.1:8080", Reach.COMPUTER),
        ("[::1]:8080", Reach.COMPUTER),
        ("192.168.1.5:8080", Reach.NETWORK),
        ("10.0.0.1", Reach.NETWORK),
        ("169.254.7.7", Reach.NETWORK),
        ("100.100.1.2", Reach.NETWORK),
        ("[fd00::1]", Reach.NETWORK),
        ("nas:8080", Reach.NETWORK),
        ("nas.local", Reach.NETWORK),
        ("photos.fritz.box", Reach.NETWORK),
        ("photos.home.arpa.", Reach.NETWORK),
        ("photos.example.org", Reach.EVERYWHERE),
        ("8.8.8.8", Reach.EVERYWHERE),
        ("[2001:4860:4860::8888]:443", Reach.EVERYWHERE),
    ],
)
def test_from_where_an_address_works(host: str, reach: Reach) -> None:
    assert asked(host).reach is reach


def test_only_names_of_the_network_itself_are_told_by_devices() -> None:
    assert asked("NAS.local:8080").is_mdns
    assert not asked("local.example.org").is_mdns


def test_the_parts_that_clients_ask_for() -> None:
    here = asked("photos.lan:8080", below="/gallery")
    assert here.dav == "http://photos.lan:8080/gallery/dav/"
    assert here.of("ann@home") == "http://photos.lan:8080/gallery/dav/ann%40home/"
    assert here.folder("Anna B") == "/gallery/dav/Anna%20B/"
    assert here.as_drive("dav", "Anna B") == "dav://Anna%20B@photos.lan:8080/gallery/dav/"
    assert (here.host, here.port, here.is_safe) == ("photos.lan", 8080, False)


def test_the_public_address_goes_before_that_of_the_request() -> None:
    here = asked("127.0.0.1:8080", public="https://photos.example.org/x")
    assert (here.dav, here.host, here.port) == ("https://photos.example.org/x/dav/", "photos.example.org", 443)
    assert (here.is_safe, here.reach) == (True, Reach.EVERYWHERE)


def test_a_number_of_six_is_in_brackets_wherever_it_stands() -> None:
    assert asked("[fd00::1]:8080").dav == "http://[fd00::1]:8080/dav/"


@pytest.mark.parametrize("host", ['"><script>', "evil.example/x", "a b", "photos.lan:0x50", ""])
def test_a_forged_host_is_not_repeated(host: str) -> None:
    with pytest.raises(BadRequest):
        asked(host)
