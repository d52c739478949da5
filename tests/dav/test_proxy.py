"""Behind a proxy that shows the product under another address."""

from collections.abc import Iterator

import pytest

from gateway.dav.app import build_app
from tests.dav.harness import PASSWORD, Client, World, serving

PUBLIC = "https://photos.example.org:8443/my%20photos"


@pytest.fixture
def proxied(dav: World, client: Client) -> Iterator[Client]:
    """The test's folder, as the proxy asks for it: without the prefix, by the inner host."""
    with serving(build_app(dav.library, public_url=PUBLIC)) as port:
        yield Client(port, "anna", PASSWORD, client.base)


def test_hrefs_carry_the_public_path(proxied: Client) -> None:
    proxied("PUT", "a.jpg", b"x")
    assert proxied("PROPFIND", Depth="1").hrefs == [f"/my%20photos{proxied.base}{name}" for name in ("", "a.jpg")]
    assert proxied("PROPFIND", "/", Depth="1").hrefs == ["/my%20photos/", "/my%20photos/dav/"]
    assert f'href="/my%20photos{proxied.base}a.jpg"' in proxied("GET").body.decode()


def test_prefix_may_be_left_on_the_address(proxied: Client) -> None:
    proxied("PUT", "a.jpg", b"x")
    assert proxied("GET", f"/my%20photos{proxied.base}a.jpg").body == b"x"


def test_destination_is_the_public_address(proxied: Client) -> None:
    proxied("PUT", "a.jpg", b"x")
    assert proxied("MOVE", "a.jpg", Destination=f"{PUBLIC}{proxied.base}b.jpg").status == 201
    assert proxied("COPY", "b.jpg", Destination=f"/my%20photos{proxied.base}c.jpg").status == 201
    assert proxied("GET", "c.jpg").body == b"x"
    assert proxied("MOVE", "b.jpg", Destination=f"https://other.example.org{proxied.base}d.jpg").status == 502
