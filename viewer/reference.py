"""The page of the API: its document, for people. What it says is that document's, in English as in there."""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Blueprint, render_template, request
from markupsafe import Markup, escape

from gateway.errors import GatewayError
from viewer.api.document import of_this_app
from viewer.errors import kebab, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator

blueprint = Blueprint("reference", __name__)

_MODELS = "#/components/schemas/"
_FILTERS = "#/components/parameters/"
_PLAIN = {"string": "text", "integer": "whole number", "number": "number", "boolean": "yes or no", "null": "nothing"}


class Field(NamedTuple):
    """A parameter, or a member of an object."""

    name: str
    kind: Markup
    words: Markup
    is_required: bool


class Answer(NamedTuple):
    """What a status means, and what comes with it."""

    status: str
    words: str
    kind: Markup | None


class Operation(NamedTuple):
    """One method of one path."""

    id: str
    method: str
    path: str
    summary: str
    words: Markup
    scope: str | None
    is_for_devices: bool
    parameters: list[Field]
    has_filters: bool
    body: list[Field]
    answers: list[Answer]
    problems: list[Answer]
    example: str


class Kind(NamedTuple):
    """A problem that has a name of its own."""

    name: str
    status: int
    words: Markup


class Part(NamedTuple):
    """Operations with one subject."""

    name: str
    title: str
    operations: list[Operation]


@blueprint.get("/api")
def reference() -> str:
    """What programs can ask for, and how."""
    document = of_this_app()
    schemas = document["components"]["schemas"]
    return render_template(
        "api.html",
        about=_text(document["info"]["description"]),
        parts=list(_parts(document)),
        filters=[_parameter(one) for one in document["components"]["parameters"].values() if "." not in one["name"]],
        models=[(name, _text(one.get("description", "")), list(_members(one))) for name, one in schemas.items()],
        kinds=sorted(set(_problems(GatewayError))),
        security=[(name, _text(way["description"])) for name, way in document["components"]["securitySchemes"].items()],
        root=_root(),
    )


def _root() -> str:
    """The address that the page was asked for at, down to where we begin."""
    return request.url_root.rstrip("/")


def _problems(kind: type[GatewayError]) -> Iterator[Kind]:
    for one in kind.__subclasses__():
        if one.__module__.startswith(("gateway.", "viewer.")):
            yield Kind(kebab(one.__name__), status_of(one), _text((one.__doc__ or "").strip().split("\n\n")[0]))
        yield from _problems(one)


def _parts(document: dict[str, Any]) -> Iterator[Part]:
    operations = [
        (one["tags"][0], _operation(path, method, one, document["components"]["schemas"]))
        for path, methods in document["paths"].items()
        for method, one in methods.items()
    ]
    titles = {tag["name"]: tag["description"] for tag in document["tags"]}
    order = list(titles)
    operations.sort(key=lambda pair: order.index(pair[0]))
    for name, pairs in groupby(operations, key=lambda pair: pair[0]):
        yield Part(name, titles[name], [operation for _, operation in pairs])


def _operation(path: str, method: str, one: dict[str, Any], schemas: dict[str, Any]) -> Operation:
    ways = one["security"]
    body = _schema(one.get("requestBody", {}))
    answers = [
        Answer(status, answer["description"], _kind(schema) if (schema := _schema(answer)) else None)
        for status, answer in one["responses"].items()
    ]
    parameters = one.get("parameters", [])
    return Operation(
        id=one["operationId"],
        method=method.upper(),
        path=path,
        summary=one["summary"],
        words=_text(one.get("description", "")),
        scope=ways[0]["bearer"][0] if ways else None,
        is_for_devices=any("basic" in way for way in ways),
        parameters=[_parameter(found) for found in parameters if "$ref" not in found],
        has_filters=any("$ref" in found for found in parameters),
        body=list(_members(_resolved(body, schemas))) if body else [],
        answers=[found for found in answers if found.status < "400"],
        problems=[found for found in answers if found.status >= "400"],
        example=_example(path, method, one, schemas),
    )


def _schema(content: dict[str, Any]) -> dict[str, Any]:
    for one in content.get("content", {}).values():
        found: dict[str, Any] = one.get("schema", {})
        return found
    return {}


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schemas[schema["$ref"].removeprefix(_MODELS)] if "$ref" in schema else schema
    return found


def _parameter(one: dict[str, Any]) -> Field:
    return Field(one["name"], _kind(one["schema"]), _text(one["description"]), one.get("required", False))


def _members(schema: dict[str, Any]) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, one in schema.get("properties", {}).items():
        kinds = [kind for kind in one.get("anyOf", ()) if name in required or kind != {"type": "null"}]
        yield Field(
            name, _kind({"anyOf": kinds} if kinds else one), _text(one.get("description", "")), name in required
        )


def _kind(schema: dict[str, Any]) -> Markup:
    """What a value is, in words."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_MODELS)
        return Markup('<a href="#model-{0}">{0}</a>').format(name)
    choices = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    if choices:
        return Markup(" or ").join(Markup("<code>{}</code>").format(one) for one in choices)
    if "anyOf" in schema:
        return Markup(" or ").join(map(_kind, schema["anyOf"]))
    kind = schema.get("type", "anything")
    if kind == "array":
        if "prefixItems" in schema:
            return Markup("pair of ") + Markup(" and ").join(map(_kind, schema["prefixItems"]))
        return Markup("list of ") + _kind(schema.get("items", {}))
    if kind == "object":
        return Markup("object")
    words = "moment" if schema.get("format") == "date-time" else _PLAIN.get(kind, kind)
    return escape(words + _bounds(schema))


def _bounds(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None and high < 1 << 62:
        return f", {low} to {high}"
    longest = schema.get("maxLength")
    return f", at most {longest} characters" if longest is not None else ""


def _text(words: str) -> Markup:
    """Paragraphs, with what stands in backticks as code."""
    paragraphs = [re.sub(r"\s+", " ", one).strip() for one in words.split("\n\n") if one.strip()]
    return Markup("").join(
        Markup("<p>{}</p>").format(Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(one)))))  # noqa: S704
        for one in paragraphs
    )


def _example(path: str, method: str, one: dict[str, Any], schemas: dict[str, Any]) -> str:
    """The request as curl makes it."""
    words = ["curl" if method == "get" else f"curl -X {method.upper()}"]
    if one["security"]:
        words.append('-H "Authorization: Bearer $TOKEN"')
    parameters = [found for found in one.get("parameters", []) if "$ref" not in found]
    for found in parameters:
        if found["in"] == "path":
            path = path.replace(f"{{{found['name']}}}", str(_value(found["schema"], schemas)))
    query = "&".join(
        f"{found['name']}={_value(found['schema'], schemas, found['name'])}"
        for found in parameters
        if found["in"] == "query" and found["required"]
    )
    content = one.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        body = json.dumps(_value(content["application/json"]["schema"], schemas), ensure_ascii=False)
        words += ['-H "Content-Type: application/json"', f"-d '{body}'"]
    elif content:
        words.append("--data-binary @photo.jpg")
    words.append(f'"{_root()}{path}{"?" * bool(query)}{query}"')
    return " \\\n  ".join(words)


_EXAMPLES = {
    "box": "13.1,52.3,13.8,52.7", "from": "2019-07-14", "name": "anna", "password": "app-password", "device": "backup",
    "path": "2023/summer", "space": "anna", "zoom": "9",
}  # fmt: skip
"""Of parameters and members, by their names."""


def _value(schema: dict[str, Any], schemas: dict[str, Any], name: str = "") -> Any:
    """Something that fits a schema."""
    schema = _resolved(schema, schemas)
    if schema.get("examples"):
        return schema["examples"][0]
    if "anyOf" in schema:
        return _value(schema["anyOf"][0], schemas, name)
    if schema.get("enum"):
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            wanted = {*schema.get("required", ()), *(_EXAMPLES.keys() & schema.get("properties", {}).keys())}
            return {
                member: _value(one, schemas, member)
                for member, one in schema.get("properties", {}).items()
                if member in wanted
            }
        case "array":
            return [_value(schema["items"], schemas, name)]
        case "integer" | "number":
            return int(_EXAMPLES.get(name, max(1, schema.get("minimum", 0))))
        case "boolean":
            return True
        case _:
            return _EXAMPLES.get(name, "…")
