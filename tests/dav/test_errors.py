from xml.etree import ElementTree as ET

import pytest

from gateway import errors
from gateway.dav.errors import Refusal, failure
from gateway.library.values import Path

D = "{DAV:}"


def href(path: Path) -> str:
    return "/dav/" + "/".join(path)


@pytest.mark.parametrize(
    ("error", "status", "condition"),
    [
        (errors.Unauthenticated(), 401, ""),
        (errors.TooManyAttempts(7), 429, ""),
        (errors.TooManyRequests("x"), 429, ""),
        (errors.Forbidden(), 403, ""),
        (errors.NotFound(), 404, ""),
        (errors.Conflict(), 409, ""),
        (errors.Exists(), 405, ""),
        (errors.BadRequest(), 400, ""),
        (errors.BadName(), 400, ""),
        (errors.ChecksumMismatch(), 400, ""),
        (errors.Truncated(), 400, ""),
        (errors.PreconditionFailed(), 412, ""),
        (errors.Locked(("a", "b")), 423, "lock-token-submitted"),
        (errors.UnsupportedType(), 415, ""),
        (errors.TooLarge(), 413, ""),
        (errors.QuotaExceeded(), 507, "quota-not-exceeded"),
        (errors.StoreFull(), 507, "sufficient-disk-space"),
        (errors.StoreUnavailable("x"), 503, ""),
        (errors.CatalogueUnavailable("x"), 503, ""),
        (errors.HoldLost("x"), 503, ""),
        (Refusal(502, "x"), 502, ""),
        (Refusal(403, "x", condition="propfind-finite-depth"), 403, "propfind-finite-depth"),
    ],
)
def test_each_error_has_its_status(error: Exception, status: int, condition: str) -> None:
    failed = failure(error, href)
    assert failed.status == status
    if condition:
        assert ET.fromstring(failed.body).find(D + condition) is not None
    else:
        assert dict(failed.headers)["Content-Type"] == "text/plain; charset=utf-8"


def test_no_error_of_the_library_is_unexpected() -> None:
    def kinds(kind: type[errors.GatewayError]) -> list[type[errors.GatewayError]]:
        return [kind, *(one for below in kind.__subclasses__() for one in kinds(below))]

    for kind in kinds(errors.GatewayError)[1:]:
        if kind.__module__ == errors.__name__:
            error = kind.__new__(kind)
            error.args = ("x",)
            error.__dict__.update(retry_after=1, path=("a",))
            assert failure(error, href).status != 500, kind


def test_waiting_is_told_in_seconds() -> None:
    for error in (errors.TooManyAttempts(7), errors.TooManyRequests("x", 7), errors.StoreUnavailable("x", 7)):
        assert dict(failure(error, href).headers)["Retry-After"] == "7"


def test_locked_names_the_entry_and_the_rule() -> None:
    locked = errors.Locked(("a", "b"))
    assert ET.fromstring(failure(locked, href).body).findtext(f"{D}lock-token-submitted/{D}href") == "/dav/a/b"
    refused = failure(locked, href, locking=True)
    assert ET.fromstring(refused.body).findtext(f"{D}no-conflicting-lock/{D}href") == "/dav/a/b"


def test_message_is_where_rclone_looks_for_it() -> None:
    body = ET.fromstring(failure(errors.QuotaExceeded("No <room>."), href).body)
    assert body.findtext("{http://sabredav.org/ns}message") == "No <room>."


def test_unexpected_error_says_only_where_to_look(caplog: pytest.LogCaptureFixture) -> None:
    failed = failure(KeyError("/srv/secret"), href)
    assert failed.status == 500
    assert b"secret" not in failed.body
    assert failed.body.decode().split()[-1] in caplog.text
