import pytest

from tests.dav.harness import GIGABYTE, Client, World, lockinfo, propfind

D = "{DAV:}"


def test_folder_and_its_members(client: Client) -> None:
    client("PUT", "b%20b.jpg", b"x")
    client("MKCOL", "sub")
    client("PUT", "sub/c.jpg", b"x")
    answer = client("PROPFIND", Depth="1")
    assert answer.status == 207
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    assert answer.hrefs == [client.base, client.base + "b%20b.jpg", client.base + "sub/"]


def test_depth_0_is_the_folder_alone(client: Client) -> None:
    client("PUT", "a.jpg", b"x")
    assert client("PROPFIND", Depth="0").hrefs == [client.base]
    assert client("PROPFIND", "a.jpg", Depth="0").hrefs == [client.base + "a.jpg"]
    assert client("PROPFIND", "a.jpg", Depth="1").hrefs == [client.base + "a.jpg"]


def test_missing_depth_is_a_listing(client: Client) -> None:
    client("PUT", "a.jpg", b"x")
    assert len(client("PROPFIND").hrefs) == 2


def test_depth_infinity_is_refused_with_its_reason(client: Client) -> None:
    answer = client("PROPFIND", Depth="infinity")
    assert answer.status == 403
    assert answer.xml.find(D + "propfind-finite-depth") is not None


def test_nothing_is_found_where_nothing_is(client: Client) -> None:
    assert client("PROPFIND", "missing", Depth="0").status == 404
    assert client("PROPFIND", "missing/", Depth="1").status == 404


def test_folder_without_its_slash_is_listed_with_it(client: Client) -> None:
    assert client("PROPFIND", client.base.rstrip("/"), Depth="0").hrefs == [client.base]


def test_more_than_one_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.library.files._PAGE", 3)
    for number in range(7):
        client("MKCOL", str(number))
    assert client("PROPFIND", Depth="1").hrefs == [client.base] + [f"{client.base}{number}/" for number in range(7)]


def test_spaces_are_listed_with_their_quota(dav: World) -> None:
    owner = dav.client("owner", quota=1000)
    owner("PUT", "a.jpg", b"x" * 300)
    body = propfind("quota-available-bytes", "quota-used-bytes", "resourcetype", "displayname")
    answer = owner("PROPFIND", "/dav/", body, Depth="1")
    assert answer.hrefs == ["/dav/", "/dav/owner/"]
    for href, name in (("/dav/", "dav"), ("/dav/owner/", "owner")):
        found = answer.properties(href)
        assert found[D + "quota-available-bytes"].text == "700"
        assert found[D + "quota-used-bytes"].text == "300"
        assert found[D + "displayname"].text == name
    inside = owner("PROPFIND", "/dav/owner", body, Depth="0").properties("/dav/owner/")
    assert inside[D + "displayname"].text == "owner"
    assert inside[D + "quota-used-bytes"].text == "300"


def test_quota_of_a_folder_is_its_spaces(client: Client) -> None:
    found = client("PROPFIND", "", propfind("quota-available-bytes", "quota-used-bytes"), Depth="0")
    numbers = [int(one.text or "") for one in found.properties(client.base).values()]
    assert sum(numbers) == GIGABYTE


@pytest.mark.parametrize("depth", ["0", "1"])
def test_windows_looks_at_the_root_before_it_maps_a_drive(anna: Client, depth: str) -> None:
    answer = anna("PROPFIND", "/", Depth=depth)
    assert answer.status == 207
    assert answer.hrefs == ["/", "/dav/"][: int(depth) + 1]
    assert answer.properties("/")[D + "resourcetype"].find(D + "collection") is not None


def test_nothing_else_is_done_outside(anna: Client) -> None:
    for method in ("PUT", "DELETE", "MKCOL", "PROPPATCH", "LOCK", "GET"):
        assert anna(method, "/").status in {404, 405}
        assert anna(method, "/elsewhere/a.jpg").status in {404, 405}


def test_body_over_a_mebibyte_is_too_large(client: Client) -> None:
    assert client("PROPFIND", "", b" " * (1 << 20) + propfind("getetag").encode()).status == 413


def test_bomb_is_refused(client: Client) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "b">]><propfind xmlns="DAV:"><prop><a>&b;</a></prop></propfind>'
    assert client("PROPFIND", "", bomb).status == 400


def test_locks_and_properties_are_shown_on_members(client: Client) -> None:
    client("PUT", "a.jpg", b"x")
    client("PUT", "b.jpg", b"x")
    token = client("LOCK", "a.jpg", lockinfo()).headers["lock-token"].strip("<>")
    client("PROPPATCH", "b.jpg", propertyupdate('<x:mine xmlns:x="urn:x">5</x:mine>'))
    answer = client("PROPFIND", Depth="1")
    locked = answer.properties(client.base + "a.jpg")[D + "lockdiscovery"]
    (lock,) = locked
    assert lock.findtext(f"{D}locktoken/{D}href") == token
    assert lock.findtext(f"{D}lockroot/{D}href") == client.base + "a.jpg"
    assert lock.findtext(f"{D}owner/{D}href") == "http://example.org/me"
    assert answer.properties(client.base + "b.jpg")["{urn:x}mine"].text == "5"
    assert len(answer.properties(client.base + "b.jpg")[D + "lockdiscovery"]) == 0


def test_lock_of_a_folder_is_shown_on_everything_in_it(client: Client) -> None:
    client("MKCOL", "sub")
    client("PUT", "sub/a.jpg", b"x")
    client("LOCK", "sub", lockinfo(), Depth="infinity")
    for path, depth in (("sub/a.jpg", "0"), ("sub/", "1")):
        found = client("PROPFIND", path, Depth=depth).properties(client.base + "sub/a.jpg")[D + "lockdiscovery"]
        assert [lock.findtext(f"{D}lockroot/{D}href") for lock in found] == [client.base + "sub/"]


def propertyupdate(inner: str) -> str:
    return f'<propertyupdate xmlns="DAV:"><set><prop>{inner}</prop></set></propertyupdate>'
