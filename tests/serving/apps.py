"""A small application, and a program that serves it: `python -m tests.serving.apps`."""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from gateway.errors import Truncated
from gateway.serving import Child, Limits, StartFailed, run_worker, supervise

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

PIECE = b"p" * 262144


def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer by path: refuse, take, give, show."""
    path, body = environ["PATH_INFO"], environ["wsgi.input"]
    if path == "/full":
        start_response("507 Insufficient Storage", [("Content-Length", "5")])
        return [b"full\n"]
    if path == "/big":
        start_response("200 OK", [("Content-Length", str(len(PIECE) * 400))])
        return (PIECE for _ in range(400))
    if path == "/slow":
        time.sleep(float(environ["QUERY_STRING"]))
    if path == "/pid":
        return _text(start_response, str(os.getpid()))
    if path == "/environ":
        return _text(start_response, json.dumps({key: value for key, value in environ.items() if type(value) is str}))
    if environ["REQUEST_METHOD"] == "PUT":
        received = 0
        try:
            while piece := body.read1():
                received += len(piece)
        except Truncated as error:
            start_response("400 Bad Request", [])
            return [str(error).encode()]
        return _text(start_response, str(received), "201 Created")
    return _text(start_response, "hello")


def _text(start_response: "StartResponse", text: str, status: str = "200 OK") -> list[bytes]:
    start_response(status, [("Content-Type", "text/plain")])
    return [text.encode()]


def _children(arguments: argparse.Namespace) -> Iterator[Child]:
    words = [sys.executable, "-m", "tests.serving.apps", "--role", arguments.fault or "worker"]
    yield Child("web", words, arguments.workers)
    if arguments.helpers:
        yield Child("helper", [*words[:-1], "helper"], arguments.helpers, needs_socket=False)


def _main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--role", default="supervisor")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--helpers", type=int, default=0)
    parser.add_argument("--fault")
    arguments = parser.parse_args()
    if arguments.role == "supervisor":
        try:
            return supervise(
                list(_children(arguments)), host=arguments.host, port=arguments.port, start_seconds=5, drain_seconds=8
            )
        except StartFailed as failure:
            sys.stderr.write(f"{failure}\n")
            return failure.status
    if arguments.role == "helper":
        _help()
    elif arguments.role == "mute":
        time.sleep(60)
    elif arguments.role == "crash":
        return 7
    elif arguments.role == "wrong":
        return 2
    else:
        run_worker(app, limits=Limits(drain=3, cut=1, drain_idle=0.5))
    return 0


def _help() -> None:
    import threading

    from gateway.serving import Lifeline

    lifeline = Lifeline.inherited()
    done = threading.Event()
    lifeline.when_lost(done.set)
    lifeline.ready()
    done.wait()


if __name__ == "__main__":
    sys.exit(_main())
