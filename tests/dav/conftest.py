"""One door for each file of tests; each test has a folder of its own in it."""

from collections.abc import Iterator

import pytest

from tests.dav.harness import Client, World, world


@pytest.fixture(scope="module")
def dav(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A library with its door."""
    with world(tmp_path_factory.mktemp("dav")) as made:
        yield made


@pytest.fixture(scope="module")
def anna(dav: World) -> Client:
    """An account."""
    return dav.client("anna")


@pytest.fixture
def client(anna: Client, request: pytest.FixtureRequest) -> Client:
    """Anna, in a folder of the test's own."""
    folder = f"/dav/anna/{request.node.name.partition('[')[0]}-{abs(hash(request.node.name)) % 10**6}/"
    assert anna("MKCOL", folder).status == 201
    return anna.inside(folder)
