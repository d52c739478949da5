"""The helpers that would hide failures if they read wrongly."""

import re

import pytest

from tests.support import rclone
from tests.support.litmus import parse
from tests.support.ports import free_port
from tests.support.rclone import Rclone
from tests.support.tools import tool
from tests.support.waiting import wait_until

OUTPUT = (
    "-> running `props':\n"
    "\r 0. init.................. \r 0. init.................. pass\n"
    "\r 1. propset............... \r 1. propset............... FAIL (403)\n"
    "\r 2. propget............... \r 2. propget............... SKIPPED\n"
    "-> 1 test was skipped.\n"
    "<- summary for `props': of 2 tests run: 1 passed, 1 failed. 50.0%\n"
    "-> running `http':\n"
    "\r 0. expect100............. WARNING: no 100\n    \r 0. expect100............. pass (with 1 warning)\n"
    "<- summary for `http': of 1 tests run: 1 passed, 0 failed. 100.0%\n"
    "-> running `basic':\n"
    "\r 0. init.................. \r 0. init.................. pass\n"
    "<- summary for `basic': of 1 tests run: 1 passed, 0 failed. 100.0%\n"
)


def test_litmus_failures_skips_and_warnings_are_complaints() -> None:
    groups = parse(OUTPUT)
    assert [len(groups[name].complaints) for name in ("props", "http", "basic")] == [2, 1, 0]
    assert [groups[name].clean for name in ("props", "http", "basic")] == [False, False, True]
    assert groups["props"].failed == 1


def test_rclone_is_new_enough_to_talk_like_owncloud() -> None:
    version = re.match(r"rclone v(\d+)\.(\d+)", rclone.run("version").stdout)
    assert version
    assert (int(version[1]), int(version[2])) >= (1, 75)


def test_rclone_remote_survives_quotes_in_a_password() -> None:
    remote = Rclone("http://127.0.0.1:1/it's", "o'neil", "p'w,:=\"").remote("a")
    done = rclone.run("lsf", "--retries=1", "--low-level-retries=1", remote)
    assert "connection refused" in done.stderr


def test_ports_are_given_once() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50


def test_a_missing_tool_names_the_command_that_installs_it() -> None:
    with pytest.raises(RuntimeError, match=r"apt-get install .* nosuchpackage"):
        tool("nosuchprogram", package="nosuchpackage")


def test_waiting_ends_with_an_assertion() -> None:
    with pytest.raises(AssertionError, match="never"):
        wait_until(lambda: False, seconds=0.1, message="never")
