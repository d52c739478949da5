import pytest

from gateway.library.values import Role
from tests.dav.harness import Client, World, lockinfo, propfind

PHOTO = b"a photograph"


@pytest.fixture
def tree(client: Client) -> Client:
    """``a.jpg``, and ``one/`` with ``b.jpg`` in it."""
    client("PUT", "a.jpg", PHOTO)
    client("MKCOL", "one")
    client("PUT", "one/b.jpg", b"b")
    return client


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_new_destination_is_created_and_a_taken_one_replaced(tree: Client, method: str) -> None:
    tree("PUT", "taken.jpg", b"old")
    assert tree(method, "one/b.jpg", Destination=f"{tree.base}taken.jpg").status == 204
    assert tree("GET", "taken.jpg").body == b"b"
    assert tree(method, "a.jpg", Destination=f"{tree.base}new.jpg").status == 201
    assert tree("GET", "new.jpg").body == PHOTO
    assert tree("HEAD", "a.jpg").status == (200 if method == "COPY" else 404)


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
@pytest.mark.parametrize(("overwrite", "status"), [("F", 412), ("T", 204), ("true", 204), ("x", 400)])
def test_overwrite(tree: Client, method: str, overwrite: str, status: int) -> None:
    tree("PUT", "taken.jpg", b"old")
    assert tree(method, "a.jpg", Destination=f"{tree.base}taken.jpg", Overwrite=overwrite).status == status


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_destination_in_every_form(tree: Client, method: str) -> None:
    for prefix in (f"http://127.0.0.1:{tree.port}", f"https://127.0.0.1:{tree.port}", ""):
        tree("PUT", "x.jpg", PHOTO)
        destination = f"{prefix}{tree.base}y%3F%3B%23%25.jpg"
        assert tree(method, "x.jpg", Destination=destination).status in {201, 204}
        assert tree("GET", "y%3F%3B%23%25.jpg").body == PHOTO


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
@pytest.mark.parametrize(
    ("destination", "status"),
    [
        ("http://other.example/dav/anna/x", 502),
        ("/elsewhere", 502),
        ("/dav/x", 403),
        ("/dav/", 403),
        ("nonsense", 400),
        ("/dav/anna/%ff", 400),
        ("/dav/anna/a?b", 400),
        ("/dav/anna/missing/x", 409),
        ("/dav/nobody/x", 404),
    ],
)
def test_impossible_destinations(tree: Client, method: str, destination: str, status: int) -> None:
    assert tree(method, "a.jpg", Destination=destination).status == status
    assert tree("GET", "a.jpg").body == PHOTO


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_onto_itself_and_into_itself(tree: Client, method: str) -> None:
    assert tree(method, "a.jpg", Destination=f"{tree.base}a.jpg").status == 403
    assert tree(method, "one/", Destination=f"{tree.base}one").status == 403
    assert tree(method, "one", Destination=f"{tree.base}one/two").status == 409
    assert tree(method, "one/b.jpg", Destination=f"{tree.base}one").status == 409


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_missing_source_and_missing_destination(tree: Client, method: str) -> None:
    assert tree(method, "missing", Destination=f"{tree.base}x").status == 404
    assert tree(method, "a.jpg").status == 400


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_folders_with_and_without_slashes(tree: Client, method: str) -> None:
    assert tree(method, "one/", Destination=f"{tree.base}two/").status == 201
    assert tree("GET", "two/b.jpg").body == b"b"
    assert tree(method, "two", Destination=f"{tree.base}three").status == 201
    assert tree("GET", "three/b.jpg").body == b"b"


def test_depth_0_copies_a_folder_without_its_members(tree: Client) -> None:
    assert tree("COPY", "one", Destination=f"{tree.base}two", Depth="0").status == 201
    assert tree("PROPFIND", "two", Depth="1").hrefs == [f"{tree.base}two/"]
    assert tree("COPY", "one", Destination=f"{tree.base}two", Depth="1").status == 400


def test_folder_moves_only_as_a_whole(tree: Client) -> None:
    assert tree("MOVE", "one", Destination=f"{tree.base}two", Depth="0").status == 400
    assert tree("MOVE", "one", Destination=f"{tree.base}two", Depth="infinity").status == 201


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_time_is_set_on_the_way(tree: Client, method: str) -> None:
    answer = tree(method, "a.jpg", Destination=f"{tree.base}x.jpg", X_OC_Mtime="1600000000")
    assert answer.headers["x-oc-mtime"] == "accepted"
    assert tree("HEAD", "x.jpg").headers["last-modified"] == "Sun, 13 Sep 2020 12:26:40 GMT"


def test_between_spaces(tree: Client, dav: World) -> None:
    dav.library.spaces.add("family", quota=1000)
    dav.library.spaces.grant("family", "anna", Role.EDITOR)
    assert tree("COPY", "one", Destination="/dav/family/one").status == 201
    assert tree("MOVE", "a.jpg", Destination="/dav/family/a.jpg").status == 201
    assert tree("GET", "/dav/family/a.jpg").body == PHOTO
    assert tree("GET", "/dav/family/one/b.jpg").body == b"b"
    assert tree("DELETE", "/dav/family").status == 403
    assert tree("MOVE", "/dav/family", Destination=f"{tree.base}x").status == 403
    tree("PUT", "big.jpg", b"x" * 2000)
    full = tree("COPY", "big.jpg", Destination="/dav/family/big.jpg")
    assert full.status == 507
    assert full.xml.find("{DAV:}quota-not-exceeded") is not None


def test_locked_destination_and_locked_source(tree: Client) -> None:
    tree("PUT", "x.jpg", b"old")
    token = tree("LOCK", "x.jpg", lockinfo()).headers["lock-token"]
    assert tree("COPY", "a.jpg", Destination=f"{tree.base}x.jpg").status == 423
    assert tree("MOVE", "x.jpg", Destination=f"{tree.base}y.jpg").status == 423
    assert tree("COPY", "x.jpg", Destination=f"{tree.base}z.jpg").status == 201
    there = f"<http://127.0.0.1:{tree.port}{tree.base}x.jpg> ({token})"
    assert tree("COPY", "a.jpg", Destination=f"{tree.base}x.jpg", If=there).status == 204


def test_owner_moves_a_folder_with_a_locked_file_in_it(tree: Client) -> None:
    token = tree("LOCK", "one/b.jpg", lockinfo()).headers["lock-token"]
    assert tree("MOVE", "one", Destination=f"{tree.base}two").status == 423
    there = f"<{tree.base}one/b.jpg> ({token})"
    assert tree("MOVE", "one", Destination=f"{tree.base}two", If=there).status == 201
    found = tree("PROPFIND", "two/b.jpg", propfind("lockdiscovery"), Depth="0")
    assert len(found.properties(f"{tree.base}two/b.jpg")["{DAV:}lockdiscovery"]) == 0
