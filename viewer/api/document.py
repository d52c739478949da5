"""The OpenAPI document (version 3.1), made of what the endpoints declare."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from flask import current_app, request
from pydantic import ConfigDict, Field, TypeAdapter

from gateway.library.query import MEANINGS, ONCE, TAKES
from gateway.library.tokens import OF_DEVICES
from viewer.api.endpoint import MOST_ID, Endpoint, Model, Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SCHEMAS = "#/components/schemas/"
_JSON = "application/json"
_PARTS: dict[str, dict[str, Any]] = {
    "id": {"type": "integer", "minimum": 0, "maximum": MOST_ID},
    "string": {"type": "string", "minLength": 1},
    "path": {"type": "string", "minLength": 1},
}
_MEANT = {
    "not": "None of these values of “{}”.",
    "all": "Every one of these values of “{}”.",
    "only": "Any of these values of “{}”, without what is below them.",
}
_WORDS = {
    200: "Done.",
    201: "Made.",
    202: "It has begun.",
    204: "Done; there is nothing to say.",
    304: "Nothing changed since the answer with this ETag.",
    400: "The request cannot be understood; “detail” says why.",
    401: "Nobody is signed in, or the token has ended.",
    403: "The token, or the account's role, does not allow it.",
    404: "There is no such thing, or none that the account may see.",
    409: "What is there stands against it.",
    412: "It was changed meanwhile: the ETag of If-Match is not its own any more.",
    413: "It is too large.",
    415: "The body is of another type.",
    423: "Somebody else is using it.",
    429: "Too much at once; Retry-After says how many seconds to wait.",
    503: "The store or the database does not answer; nothing was changed.",
    507: "There is no room for it.",
}


class ProblemDetails(Model):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    """Of the problem, as an address: of this page's list, or about:blank for those that the status alone says."""
    title: str
    """The status in words."""
    status: int
    detail: str
    """What went wrong, in a sentence for people."""
    errors: list[ProblemPlace] = Field(default_factory=list)
    """Of a request that is not as its model says: what is wrong where."""


class ProblemPlace(Model):
    """A part of a request that is wrong."""

    at: str
    """The parameter's name, or a pointer into the body (RFC 6901)."""
    detail: str


section = Section("document", "This document")


@section.endpoint("GET", "/openapi.json", None, dict[str, Any])
def openapi() -> dict[str, Any]:
    """The API in the words of OpenAPI 3.1

    It is made of what the endpoints declare. As a page: `/api`.
    """
    return of_this_app()


def of_this_app() -> dict[str, Any]:
    """The document of the app that answers."""
    app = current_app.extensions["api"]
    return _made(app, request.root_path)


@cache
def _made(sections: tuple[Section, ...], root: str) -> dict[str, Any]:
    return build(sections, root)


def build(sections: Sequence[Section], root: str) -> dict[str, Any]:
    """The document of these sections; ``root`` is the path below which the whole server lives."""
    endpoints = [endpoint for section in sections for endpoint in section.endpoints]
    schemas = _Schemas(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "davgallery", "version": "1", "description": _ABOUT},
        "servers": [{"url": root or "/"}],
        "tags": [{"name": section.name, "description": section.title} for section in sections],
        "paths": paths,
        "components": {
            "schemas": schemas.all,
            "parameters": dict(_filters()),
            "securitySchemes": _SECURITY,
        },
    }


_ABOUT = """Photographs, folders and accounts of this server.

Programs authenticate with a token (`Authorization: Bearer …`) or with the name of an account and one of its app
passwords (`curl -u name:app-password`). Times without an offset are those of the photo's own clock. Errors are problem
details (RFC 9457). Answers may gain members; nothing that is documented here changes within version 1."""
_SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of `POST /api/v1/tokens`. It lives for 15 minutes and has the scopes it was "
        "asked for.",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "The account's name and an app password, for scripts: all of photos and uploads, nothing of "
        "the account.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "davgallery",
        "description": "A browser that is signed in. What changes something also needs the page's token in "
        "`X-CSRF-Token`.",
    },
}


class _Schemas:
    """The JSON Schemas of every model."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        wanted: list[tuple[Any, Any, TypeAdapter[Any]]] = [
            ("problem", "serialization", TypeAdapter(ProblemDetails)),
        ]
        for one in endpoints:
            wanted += [
                ((one.name, status), "serialization", TypeAdapter(kind))
                for status, kind in one.answers.items()
                if kind is not None
            ]
            wanted += [
                ((one.name, part), "validation", TypeAdapter(model))
                for part, model in (("query", one.query), ("body", one.body))
                if model is not None
            ]
        self._of, found = TypeAdapter.json_schemas(wanted, ref_template=_SCHEMAS + "{model}")
        self.all: dict[str, Any] = dict(sorted(found.get("$defs", {}).items()))

    @property
    def problem(self) -> Any:
        return self._of["problem", "serialization"]

    def answer(self, endpoint: Endpoint, status: int) -> Any:
        return self._of[(endpoint.name, status), "serialization"]

    def body(self, endpoint: Endpoint) -> Any:
        return self._of[(endpoint.name, "body"), "validation"]

    def query(self, endpoint: Endpoint) -> dict[str, Any]:
        schema = self._of[(endpoint.name, "query"), "validation"]
        return self.all[schema["$ref"].removeprefix(_SCHEMAS)] if "$ref" in schema else schema


def _operation(endpoint: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "tags": [endpoint.section.name],
        "summary": endpoint.summary,
        "description": endpoint.description,
        "security": [] if endpoint.scope is None else _security(endpoint),
        "parameters": list(_parameters(endpoint, schemas)),
        "responses": _responses(endpoint, schemas),
    }
    if endpoint.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(schemas.body(endpoint))}
    elif endpoint.stream:
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    return {name: value for name, value in operation.items() if value or name == "security"}


def _security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    ways: list[dict[str, list[str]]] = [{"bearer": [str(endpoint.scope)]}]
    if endpoint.scope in OF_DEVICES:
        ways.append({"basic": []})
    return [*ways, {"session": []}]


def _parameters(endpoint: Endpoint, schemas: _Schemas) -> Iterable[dict[str, Any]]:
    for name, kind in endpoint.parts.items():
        words = endpoint.section.parts[name]
        yield {"name": name, "in": "path", "required": True, "description": words, "schema": _PARTS[kind]}
    own = schemas.query(endpoint) if endpoint.query is not None else {"properties": {}}
    for name, one in own["properties"].items():
        yield {
            "name": name,
            "in": "query",
            "required": name in own.get("required", ()),
            "description": one.get("description", ""),
            "schema": _without_null(one),
        }
    if endpoint.filters:
        names = (name for name, _ in _filters() if name not in own["properties"])
        yield from ({"$ref": f"#/components/parameters/{name}"} for name in names)


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is given or not: it is never null."""
    rest = {key: value for key, value in schema.items() if key not in {"description", "title"}}
    choices = [one for one in rest.pop("anyOf", ()) if one != {"type": "null"}]
    if rest.get("default", ...) is None:
        del rest["default"]
    return {**rest, **choices[0]} if len(choices) == 1 else {**rest, **({"anyOf": choices} if choices else {})}


def _filters() -> Iterable[tuple[str, dict[str, Any]]]:
    for name, takes in TAKES.items():
        yield name, _filter(name, f"{takes[:1].upper()}{takes[1:]}.", several=name not in ONCE)
        for how in MEANINGS.get(name, ("not", "all")):
            yield f"{name}.{how}", _filter(f"{name}.{how}", _MEANT[how].format(name), several=True)


def _filter(name: str, words: str, *, several: bool) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if several:
        schema = {"type": "array", "items": schema}
    return {"name": name, "in": "query", "description": words, "schema": schema}


def _responses(endpoint: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    found: dict[int, Any] = {
        status: {"description": _WORDS[status]}
        if kind is None
        else {"description": _WORDS[status], "content": _content(schemas.answer(endpoint, status))}
        for status, kind in endpoint.answers.items()
    }
    problems = {400, 429, 503, *endpoint.errors}
    problems |= {401, 403} if endpoint.scope is not None else set()
    problems |= {404} if endpoint.parts or endpoint.filters else set()
    problems |= {413, 415} if endpoint.body is not None else set()
    for status in problems - found.keys():
        found[status] = {"description": _WORDS[status], "content": _content(schemas.problem, problem=True)}
    return {str(status): found[status] for status in sorted(found)}


def _content(schema: Any, *, problem: bool = False) -> dict[str, Any]:
    return {"application/problem+json" if problem else _JSON: {"schema": schema}}
