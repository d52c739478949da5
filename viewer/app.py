"""The gallery as one WSGI app. Pages and JSON ask the library; nothing is decided here about data."""

from __future__ import annotations

import gzip
import logging
from secrets import token_hex
from typing import TYPE_CHECKING, cast

from flask import Flask, Response, g, make_response, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter

from gateway.errors import GatewayError
from viewer import languages, pages, room, security
from viewer.api.sections import SECTIONS
from viewer.errors import Problem, problem_of, problem_of_http
from viewer.icons import Icons
from viewer.languages import gettext
from viewer.parts import BLUEPRINTS
from viewer.qr import qr
from viewer.static_files import StaticFiles

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.library.library import Library

_COMPRESSED = ("text/html", "application/json", "application/problem+json")
_LEAST = 1000
_MOST_FORM = 64 << 10
_log = logging.getLogger("davgallery.viewer")


class Id(BaseConverter):
    """A row's id in an address, of at most 18 digits: databases refuse to look for larger numbers."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        """As views take it."""
        return int(value)


def create_app(library: Library, packages: Path, *, public_url: str | None = None) -> Flask:
    """Make the app.

    ``packages`` is the folder of the front end's installed packages (:mod:`viewer.packages`); ``public_url`` the
    address that people use, where it is not that of their requests.
    """
    app = Flask(__name__, static_folder=None)
    app.config["PUBLIC_URL"] = public_url
    app.config["MAX_CONTENT_LENGTH"] = _MOST_FORM  # what is larger is an upload, and those have doors of their own
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.compact = True  # type: ignore[attr-defined]
    static = StaticFiles(packages)
    app.extensions["library"] = library
    app.extensions["static"] = static
    app.extensions["api"] = SECTIONS
    app.add_url_rule("/static/<release>/<path:name>", "static", static.serve)
    icons = Icons(packages)
    app.jinja_env.globals.update(
        static=static.address,
        modules=static.modules,
        icon=icons.icon,
        symbol=icons.symbol,
        qr=qr,
        navigation=pages.NAVIGATION,
        room_of_mine=room.mine,
        crowded_rooms=room.crowded,
    )
    app.context_processor(
        lambda: {
            "visit": g.get("visit"),
            "principal": g.get("principal"),
            "csrf": security.csrf(),
            "theme": pages.theme(),
        }
    )
    languages.install(app)
    app.before_request(security.judge)
    app.after_request(_compress)
    app.after_request(security.protect)
    app.register_error_handler(Exception, _answer)
    app.url_map.converters["id"] = Id
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for section in SECTIONS:
        app.register_blueprint(section.blueprint)
    return app


def _answer(error: Exception) -> Response:
    """What a person or a program hears of an error: a page, or problem details (RFC 9457) below /api/."""
    if isinstance(error, HTTPException):
        if error.response is not None:  # a redirect to the address with its slash
            return cast("Response", error.response)
        problem = problem_of_http(error)
    elif isinstance(error, GatewayError):
        problem = problem_of(error)
    else:
        problem = _unexpected(error)
    if request.path.startswith("/api/"):
        return problem.response()
    response = make_response(render_template("error.html", problem=problem), problem.status)
    response.headers.update(problem.headers)
    return response


def _unexpected(error: Exception) -> Problem:
    """A mistake of ours: the person hears no more of it than the name under which the log has it."""
    reference = token_hex(4)
    _log.error("%s %s failed: reference %s", request.method, request.path, reference, exc_info=error)
    return Problem(500, gettext("This is our mistake. The log tells more under “%(reference)s”.", reference=reference))


def _compress(response: Response) -> Response:
    """Compress what is text: neither cheroot nor Flask does, and the columns of 500 photos shrink to a half."""
    if (
        response.mimetype in _COMPRESSED
        and not response.is_streamed
        and request.accept_encodings.quality("gzip") > 0
        and "Content-Encoding" not in response.headers
        and len(response.get_data()) >= _LEAST
    ):
        response.set_data(gzip.compress(response.get_data(), 5))
        response.headers["Content-Encoding"] = "gzip"
        response.vary.add("Accept-Encoding")
    return response
