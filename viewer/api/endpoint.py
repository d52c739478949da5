"""How an endpoint of the API is declared: once, so that what is served and what is documented cannot differ.

    section = Section("photos", "Photos", photo="A photo's id.")

    @section.endpoint("GET", "/photos/<id:photo>/position", Scope.READ, Position, filters=True)
    def position(photo: int, filters: Query) -> Position:
        \"\"\"Where a photo stands in a view.

        What more there is to say about it, for the document.
        \"\"\"

The function is given the parts of its path by their names, and what it declares: ``query``, ``body`` and ``filters``.
It returns its answer: a model or what :class:`pydantic.TypeAdapter` can write; a dict, which is sent as it is, for the
large ones; either with another status, ``(answer, 202)``; None for 204; or a response of its own.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from functools import cached_property, wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from gateway.errors import BadRequest
from gateway.library.query import Query
from gateway.library.tokens import Scope
from viewer import security

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    View = Callable[..., Any]

__all__ = ["MOST_ID", "PREFIX", "Endpoint", "Id", "Invalid", "Line", "Model", "Scope", "Section", "Version"]

PREFIX = "/api/v1"
MOST_ID = 10**18 - 1
Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A text of one line, such as a name."""
Id = Annotated[int, Field(ge=0, le=MOST_ID)]
"""Of a row: a photo, a space."""
Version = Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{1,12}$")]
"""Of a photo's pictures: a part of their addresses."""
_PART = re.compile(r"<(?:(?P<kind>[a-z]+):)?(?P<name>[a-z_]+)>")


class Model(BaseModel):
    """What is asked or answered. The text below a field says what it is, here and in the document."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Invalid(BadRequest):
    """A request that is not as its model says; ``errors`` names each place and what is wrong there (RFC 9457 §3)."""

    def __init__(self, error: ValidationError, model: type[Model], place: Callable[[Sequence[object]], object]) -> None:
        """Take over what Pydantic found."""
        found = error.errors(include_url=False, include_context=False, include_input=False)
        self.errors = [{"at": place(one["loc"]), "detail": one["msg"]} for one in found]
        words = f"“{'.'.join(map(str, found[0]['loc']))}”: {found[0]['msg']}." if found[0]["loc"] else found[0]["msg"]
        known = model.model_fields.get(str(found[0]["loc"][0])) if found[0]["loc"] else None
        super().__init__(f"{words} {known.description}" if known and known.description else words)


@dataclass(frozen=True)
class Endpoint:
    """One method of one path."""

    section: Section
    method: str
    rule: str
    """As Flask takes it, below :data:`PREFIX`."""
    view: View
    scope: Scope | None
    """What a token must be allowed; None where nobody has to be signed in."""
    answer: Any
    """A type that Pydantic knows, or None where there is nothing to say."""
    status: int
    also: Mapping[int, Any]
    """Answers with other statuses."""
    query: type[Model] | None
    body: type[Model] | None
    stream: bool
    """The body is bytes, which the function reads itself."""
    filters: bool
    """The address may have the filters of a view."""
    errors: Collection[int]

    @property
    def name(self) -> str:
        """Of all endpoints no other has it."""
        return f"{self.section.name}_{self.view.__name__}"

    @property
    def path(self) -> str:
        """As OpenAPI writes it."""
        return PREFIX + _PART.sub(r"{\g<name>}", self.rule)

    @property
    def parts(self) -> dict[str, str]:
        """The variable parts of the path, each with its converter."""
        return {part["name"]: part["kind"] or "string" for part in _PART.finditer(self.rule)}

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return inspect.cleandoc(self.view.__doc__ or "").partition("\n")[0]

    @property
    def description(self) -> str:
        """The other lines."""
        return inspect.cleandoc(self.view.__doc__ or "").partition("\n")[2].strip()

    @property
    def answers(self) -> dict[int, Any]:
        """Every good status with what comes with it."""
        return {self.status: self.answer, **self.also}

    @cached_property
    def _adapters(self) -> dict[int, TypeAdapter[Any]]:
        return {status: TypeAdapter(kind) for status, kind in self.answers.items() if kind is not None}

    def __call__(self, **given: Any) -> Response:
        """Answer the request that is being answered."""
        if self.scope is not None:
            security.require(self.scope)
        if self.query is not None:
            given["query"] = _asked(self.query, self.filters)
        if self.filters:
            own = self.query.model_fields if self.query is not None else {}
            names = {one.alias or name for name, one in own.items()}
            given["filters"] = Query.parse({name: texts for name, texts in request.args.lists() if name not in names})
        elif self.query is None and request.args:
            raise BadRequest(f"“{next(iter(request.args))[:50]}” means nothing here.")
        if self.body is not None:
            given["body"] = _sent(self.body)
        return self._response(self.view(**given))

    def _response(self, answer: Any) -> Response:
        if isinstance(answer, Response):
            return answer
        status = self.status
        if isinstance(answer, tuple) and len(answer) == 2 and answer[1] in self.answers:
            answer, status = answer
        if answer is None:
            return Response(status=HTTPStatus.NO_CONTENT if status == HTTPStatus.OK else status)
        if isinstance(answer, dict):
            response = jsonify(answer)
            response.status_code = status
            return response
        text = self._adapters[status].dump_json(answer, by_alias=True)
        return Response(text, status, mimetype="application/json")


def _asked(model: type[Model], with_filters: bool) -> Model:  # noqa: FBT001 - of this module
    """The parameters of the address, except filters."""
    given: dict[str, Any] = {}
    known = {one.alias or name: one for name, one in model.model_fields.items()}
    for name, texts in request.args.lists():
        if name in known:
            several = getattr(known[name].annotation, "__origin__", None) in {list, tuple}
            given[name] = texts if several or len(texts) > 1 else texts[0]
        elif not with_filters:
            given[name] = texts
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Invalid(error, model, lambda place: ".".join(map(str, place))) from None


def _sent(model: type[Model]) -> Model:
    """The JSON text of the body."""
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError as error:
        raise Invalid(error, model, lambda place: "#" + "".join(f"/{part}" for part in place)) from None


@dataclass(eq=False)
class Section:
    """Endpoints with one subject."""

    name: str
    title: str
    parts: dict[str, str]
    """What the variable parts of paths mean."""
    blueprint: Blueprint
    endpoints: list[Endpoint] = field(default_factory=list)

    def __init__(self, name: str, title: str, **parts: str) -> None:
        """``name`` is a word; ``parts`` says what the variable parts of paths mean."""
        self.name, self.title, self.parts, self.endpoints = name, title, parts, []
        self.blueprint = Blueprint(f"api_{name}", __name__, url_prefix=PREFIX)

    def endpoint(
        self,
        method: str,
        rule: str,
        scope: Scope | None,
        answer: Any,
        *,
        status: int = 200,
        also: Mapping[int, Any] | None = None,
        query: type[Model] | None = None,
        body: type[Model] | None = None,
        stream: bool = False,
        filters: bool = False,
        errors: Collection[int] = (),
    ) -> Callable[[View], View]:
        """Declare an endpoint; :class:`Endpoint` says what each means.

        ``errors`` are the statuses that neither the scope nor the request's form explain.
        """

        def declare(view: View) -> View:
            found = Endpoint(
                self, method, rule, view, scope, answer, status, also or {}, query, body, stream, filters, errors
            )

            @wraps(view)
            def serve(**given: Any) -> Response:
                return found(**given)

            self.endpoints.append(found)
            self.blueprint.add_url_rule(rule, view.__name__, serve, methods=[method])
            return view

        return declare
