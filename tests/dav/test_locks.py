import pytest

from gateway.library.values import Role
from tests.dav.harness import GIGABYTE, Client, World, lockinfo

D = "{DAV:}"


def token_of(client: Client, path: str, scope: str = "exclusive", **fields: str) -> str:
    answer = client("LOCK", path, lockinfo(scope), **fields)
    assert answer.status in {200, 201}, answer
    return answer.headers["lock-token"]


def test_lock_answers_with_what_it_is(client: Client) -> None:
    client("PUT", "a.jpg", b"x")
    answer = client("LOCK", "a.jpg", lockinfo(), Depth="0", Timeout="Second-600")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    token = answer.headers["lock-token"]
    assert token.startswith("<urn:uuid:")
    assert token.endswith(">")
    (active,) = answer.xml.iter(D + "activelock")
    assert active.find(f"{D}lockscope/{D}exclusive") is not None
    assert active.find(f"{D}locktype/{D}write") is not None
    assert active.findtext(D + "depth") == "0"
    assert active.findtext(f"{D}owner/{D}href") == "http://example.org/me"
    assert active.findtext(f"{D}locktoken/{D}href") == token[1:-1]
    assert active.findtext(f"{D}lockroot/{D}href") == client.base + "a.jpg"
    assert 0 < int((active.findtext(D + "timeout") or "").removeprefix("Second-")) <= 600


def test_locks_end_after_an_hour_at_most(client: Client) -> None:
    answer = client("LOCK", "a.jpg", lockinfo(), Timeout="Infinite, Second-4100000000")
    (timeout,) = answer.xml.iter(D + "timeout")
    assert 3590 <= int((timeout.text or "").removeprefix("Second-")) <= 3600


def test_lock_of_a_free_name_makes_an_empty_file(client: Client) -> None:
    assert client("LOCK", "new.jpg", lockinfo()).status == 201
    assert client("GET", "new.jpg").body == b""
    assert client("LOCK", "folder/", lockinfo()).status == 409
    assert client("LOCK", "missing/new.jpg", lockinfo()).status == 409


def test_refused_lock_leaves_nothing_behind(client: Client) -> None:
    token_of(client, client.base, Depth="infinity")
    assert client("LOCK", "new.jpg", lockinfo()).status == 423
    assert client("HEAD", "new.jpg").status == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PROPPATCH"])
def test_locked_file_is_changed_only_with_its_token(client: Client, method: str) -> None:
    body = {
        "PUT": "new",
        "DELETE": "",
        "PROPPATCH": '<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x"/></prop></set></propertyupdate>',
    }[method]
    client("PUT", "a.jpg", b"x")
    token = token_of(client, "a.jpg")
    refused = client(method, "a.jpg", body)
    assert refused.status == 423
    assert refused.xml.findtext(f"{D}lock-token-submitted/{D}href") == client.base + "a.jpg"
    assert client(method, "a.jpg", body, If="(<urn:uuid:00000000-0000-0000-0000-000000000000>)").status == 412
    assert client(method, "a.jpg", body, If=f"({token})").status in {204, 207}


def test_conflicting_lock_is_refused_with_its_reason(client: Client) -> None:
    token_of(client, "a.jpg")
    refused = client("LOCK", "a.jpg", lockinfo())
    assert refused.status == 423
    assert refused.xml.find(D + "no-conflicting-lock") is not None


def test_shared_locks_stand_beside_each_other(client: Client) -> None:
    first = token_of(client, "a.jpg", "shared")
    answer = client("LOCK", "a.jpg", lockinfo("shared"))
    assert {one.text for one in answer.xml.iter(D + "href")} >= {first[1:-1], answer.headers["lock-token"][1:-1]}
    assert client("LOCK", "a.jpg", lockinfo()).status == 423
    assert client("PUT", "a.jpg", b"x").status == 423
    assert client("PUT", "a.jpg", b"x", If=f"({first})").status == 204


def test_refresh(client: Client) -> None:
    token = token_of(client, "a.jpg", Timeout="Second-60")
    answer = client("LOCK", "a.jpg", If=f"({token})", Timeout="Second-1800")
    assert answer.status == 200
    (timeout,) = answer.xml.iter(D + "timeout")
    assert int((timeout.text or "").removeprefix("Second-")) > 1700
    assert client("LOCK", "a.jpg", If="(<urn:uuid:00000000-0000-0000-0000-000000000000>)").status == 412
    assert client("LOCK", "a.jpg").status == 400


@pytest.mark.parametrize("brackets", [True, False])
def test_unlock(client: Client, brackets: bool) -> None:  # noqa: FBT001
    token = token_of(client, "a.jpg")
    assert client("UNLOCK", "a.jpg", Lock_Token=token if brackets else token[1:-1]).status == 204
    assert client("PUT", "a.jpg", b"x").status == 204


def test_unlock_needs_the_token_of_the_address(client: Client) -> None:
    token = token_of(client, "a.jpg")
    client("PUT", "b.jpg", b"x")
    wrong = client("UNLOCK", "b.jpg", Lock_Token=token)
    assert wrong.status == 409
    assert wrong.xml.find(D + "lock-token-matches-request-uri") is not None
    assert client("UNLOCK", "a.jpg").status == 400
    assert client("UNLOCK", "missing", Lock_Token=token).status == 404


def test_lock_of_a_folder_covers_what_is_in_it(client: Client) -> None:
    client("MKCOL", "sub")
    token = token_of(client, "sub/", Depth="infinity")
    assert client("PUT", "sub/a.jpg", b"x").status == 423
    there = f"<http://127.0.0.1:{client.port}{client.base}sub> ({token})"
    assert client("PUT", "sub/a.jpg", b"x", If=there).status == 201
    assert client("DELETE", "sub", If=f"({token})").status == 204


def test_false_condition_on_another_entry_fails(client: Client) -> None:
    tag = client("PUT", "a.jpg", b"x").headers["etag"]
    there = f"<{client.base}a.jpg>"
    assert client("PUT", "b.jpg", b"y", If=f'{there} (["x"])').status == 412
    assert client("PUT", "b.jpg", b"y", If=f"{there} ([{tag}])").status == 201
    assert client("PUT", "b.jpg", b"y", If=f"<http://other.example/a> ([{tag}])").status == 412
    assert client("PUT", "b.jpg", b"y", If="(Not <DAV:no-lock>)").status == 204


def test_somebody_elses_token_is_worth_nothing(client: Client, dav: World) -> None:
    dav.library.spaces.add("team", quota=GIGABYTE)
    ben = dav.client("ben")
    for name in ("anna", "ben"):
        dav.library.spaces.grant("team", name, Role.EDITOR)
    token = token_of(client, "/dav/team/a.jpg")
    assert ben("PUT", "/dav/team/a.jpg", b"x", If=f"({token})").status == 423
    assert ben("UNLOCK", "/dav/team/a.jpg", Lock_Token=token).status == 403
    assert client("PUT", "/dav/team/a.jpg", b"x", If=f"({token})").status == 204


@pytest.mark.parametrize(
    "body",
    [
        "<x/>",
        '<lockinfo xmlns="DAV:"/>',
        lockinfo("other"),
        lockinfo().replace("write", "read"),
        lockinfo().replace("http://example.org/me", "x" * 5000),
        '<!DOCTYPE a [<!ENTITY b "b">]>' + lockinfo(),
    ],
)
def test_malformed_locks_are_refused(client: Client, body: str) -> None:
    assert client("LOCK", "a.jpg", body).status == 400
    assert client("HEAD", "a.jpg").status == 404


def test_depth_1_is_no_lock(client: Client) -> None:
    assert client("LOCK", "a.jpg", lockinfo(), Depth="1").status == 400
    assert client("LOCK", "/dav/", lockinfo()).status == 403
