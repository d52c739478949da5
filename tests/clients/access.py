"""What clients asked of a gateway, from the log that it keeps of them."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from tests.components.gateway import Gateway
from tests.support.rclone import Rclone
from tests.support.waiting import wait_until

LOG = {"DAVGALLERY_LOG_FORMAT": "json"}
"""The environment of a gateway whose log can be read here."""
TRUST = {"DAVGALLERY_TRUSTED_PROXIES": "127.0.0.1"}
"""The environment of a gateway that believes a proxy."""

_SENT = re.compile(r"DEBUG : ([A-Z]+) /\S* HTTP/1\.1")
_count = 0


def requests_of(gateway: Gateway, agent: str) -> list[tuple[str, str, int]]:
    """Method, path and status of every answered request of a User-Agent that begins so, in the order of the answers."""
    return [(line["method"], line["path"], line["status"]) for line in lines_of(gateway, agent)]


def lines_of(gateway: Gateway, agent: str) -> list[dict[str, Any]]:
    """The same with all that is logged."""
    return [line for line in _lines(gateway) if line.get("agent", "").startswith(agent)]


def _lines(gateway: Gateway) -> Iterator[dict[str, Any]]:
    for line in gateway.log.splitlines():
        with suppress(json.JSONDecodeError):
            yield json.loads(line)


def watched(gateway: Gateway, rclone: Rclone, *arguments: str) -> list[tuple[str, str, int]]:
    """Run rclone and return what the gateway answered to it.

    A line of the log is written after its answer. So rclone tells what it sent, and the log is read until all is there.
    """
    global _count  # noqa: PLW0603 - a name for each run
    _count += 1
    agent = f"rclone/{_count} (test)"
    done = rclone.run(*arguments, "-vv", "--dump", "headers", "--user-agent", agent)
    sent = Counter(_SENT.findall(done.stderr))
    assert sent, done.stderr
    wait_until(lambda: Counter(method for method, _, _ in requests_of(gateway, agent)) == sent)
    return requests_of(gateway, agent)


def methods(answered: list[tuple[str, str, int]]) -> set[str]:
    return {method for method, _, _ in answered}
