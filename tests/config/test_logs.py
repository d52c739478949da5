"""What is logged, and what never is."""

import json
import logging
import re
from collections.abc import Iterator

import pytest

from config.logs import log_access, set_up

ENVIRON = {
    "REQUEST_METHOD": "PUT",
    "REQUEST_URI": "/dav/alice/My%20photo%0A.jpg?token=s3same",
    "REMOTE_ADDR": "192.0.2.7",
    "HTTP_USER_AGENT": "rclone/v1.75",
    "davgallery.account": "alice",
}


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = handlers, level


def test_human_line_has_time_level_logger_and_message(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("human", "info")

    logging.getLogger("davgallery.test").info("Moved %d photos", 3)

    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO    davgallery\.test  Moved 3 photos\n", capsys.readouterr().err
    )


def test_json_line_has_the_extra_fields(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("json", "info")

    logging.getLogger("davgallery.test").warning("Größe\n%s", "x", extra={"space": "family", "bytes": 7})

    line = json.loads(capsys.readouterr().err)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("ts"))
    assert line == {
        "level": "warning",
        "logger": "davgallery.test",
        "message": "Größe\nx",
        "space": "family",
        "bytes": 7,
    }


def test_level_is_the_least_that_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("human", "warning")

    logging.getLogger("davgallery.test").info("quiet")
    log_access(ENVIRON, 201, 0, 0.1)

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("form", ["human", "json"])
def test_traceback_is_logged(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(form, "info")  # type: ignore[arg-type]

    try:
        raise KeyError("which")
    except KeyError:
        logging.getLogger("davgallery.test").exception("It broke")

    text = capsys.readouterr().err
    assert "Traceback" in text
    assert "KeyError: 'which'" in (json.loads(text)["exception"] if form == "json" else text)


@pytest.mark.parametrize("form", ["human", "json"])
@pytest.mark.parametrize(
    ("message", "hidden"),
    [
        ("GET / Authorization: Basic YWxpY2U6b3BlbnNlc2FtZQ==", "YWxpY2U6"),
        ("{'Authorization': 'Bearer abc.def.ghi'}", "abc.def"),
        ("cannot reach postgresql://me:hush-hush@db/photos", "hush-hush"),
        ("http://store/k?X-Amz-Credential=AKIA%2F1&X-Amz-Signature=0123abcd", "0123abcd"),
        ("the password is open sesame", "open sesame"),
        ("form=open%20sesame", "open%20sesame"),
        ("form=open+sesame", "open+sesame"),
        ('with a "quote" inside', '"quote" inside'),
    ],
)
def test_secret_is_not_logged(form: str, message: str, hidden: str, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(form, "info", ["open sesame", '"quote" inside'])  # type: ignore[arg-type]

    try:
        raise ValueError(message)
    except ValueError:
        logging.getLogger("davgallery.test").exception("%s", message)

    text = capsys.readouterr().err
    assert hidden not in text
    assert hidden not in text.replace('\\"', '"')
    assert "Traceback" in text


def test_access_line_says_who_asked_for_what(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("json", "info")

    log_access(ENVIRON, 201, 5, 0.0123)

    line = json.loads(capsys.readouterr().err)
    assert {name: line[name] for name in ("method", "status", "bytes", "ms", "account", "remote", "agent")} == {
        "method": "PUT",
        "status": 201,
        "bytes": 5,
        "ms": 12.3,
        "account": "alice",
        "remote": "192.0.2.7",
        "agent": "rclone/v1.75",
    }


def test_access_line_keeps_the_path_encoded_and_drops_the_query(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("human", "info")

    log_access(ENVIRON, 201, 5, 0.0123)

    text = capsys.readouterr().err
    assert ' PUT /dav/alice/My%20photo%0A.jpg 201 5 B 12.3 ms alice 192.0.2.7 "rclone/v1.75"\n' in text
    assert "s3same" not in text


def test_access_line_without_a_request_target_encodes_the_path(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("human", "info")

    log_access({"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/dav", "PATH_INFO": "/a b\n"}, 404, 0, 0)

    assert ' GET /dav/a%20b%0A 404 0 B 0.0 ms - - "-"\n' in capsys.readouterr().err


@pytest.mark.parametrize("form", ["human", "json"])
def test_client_cannot_forge_a_line(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(form, "info")  # type: ignore[arg-type]

    log_access(ENVIRON | {"HTTP_USER_AGENT": "x\r\n2026-01-01 forged\x1b[2J\x85\u2028\u202e"}, 201, 0, 0)

    text = capsys.readouterr().err
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text
    assert "\u202e" not in text
