"""Tokens of programs: asking for them, exchanging them, seeing and ending them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from flask import after_this_request, request
from pydantic import Field, model_validator

from gateway.library.tokens import ACCESS_SECONDS
from viewer import security
from viewer.api.endpoint import Id, Line, Model, Scope, Section

if TYPE_CHECKING:
    from typing import Self

    from flask import Response

    from gateway.library.tokens import Issued

section = Section("tokens", "Tokens of programs", token="A program's id.")  # noqa: S106 - words


class Wanted(Model):
    """Who asks, and for what. In a browser that is signed in, name and password can be left out."""

    name: Line | None = None
    """Of the account."""
    password: str | None = Field(None, max_length=1000)
    """Of the account, or an app password of it."""
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope))
    """What the program may do. An app password gives those of photos and uploads."""
    device: Line = ""
    """What you call the program; shown with what it changes, and in the account's list."""

    @model_validator(mode="after")
    def both(self) -> Self:
        """A name without a password says nothing."""
        if (self.name is None) is not (self.password is None):
            raise ValueError("Give a name and a password, or neither.")
        return self


class Granted(Model):
    """Tokens (RFC 6749 §5.1). They are told once."""

    id: Id
    """Of the program, in the account's list."""
    access_token: str
    """For `Authorization: Bearer …`."""
    token_type: Literal["Bearer"]
    expires_in: int
    """Seconds that the access token lives."""
    refresh_token: str
    """Good once, for the next two; it lives for 30 days. Used twice, all tokens of the program end."""
    scope: str
    """What the tokens allow, with spaces in between."""


class Refresh(Model):
    """A refresh token."""

    refresh_token: str = Field(max_length=1000)
    """Of the last answer."""


class Program(Model):
    """A program that has tokens."""

    id: Id
    device: str
    scopes: list[Scope]
    created: datetime
    used: datetime
    """When it last took new tokens."""


@section.endpoint("POST", "/tokens", None, Granted, status=201, body=Wanted, errors=(401, 403))
def ask(body: Wanted) -> Granted:
    """Ask for tokens

    With a name and a password. Guessing is slowed down: 429.
    """
    tokens, scopes = security.library().tokens, frozenset(body.scopes)
    if body.name is not None and body.password is not None:
        device = request.user_agent.string.partition(" ")[0] or "a program"
        address = request.remote_addr or ""
        return _granted(
            tokens.issue_for(body.name, body.password, scopes, address=address, device=device, label=body.device)
        )
    return _granted(tokens.issue(security.principal(), scopes, body.device or "a program"))


@section.endpoint("POST", "/tokens/refresh", None, Granted, body=Refresh, errors=(401,))
def refresh(body: Refresh) -> Granted:
    """Exchange a refresh token for the next tokens"""
    return _granted(security.library().tokens.refresh(body.refresh_token))


@section.endpoint("POST", "/tokens/revoke", None, None, status=204, body=Refresh)
def revoke(body: Refresh) -> None:
    """End all tokens of the program that shows this refresh token

    One that is none, or has ended, is as good as ended (RFC 7009 §2.2).
    """
    security.library().tokens.end(body.refresh_token)


@section.endpoint("GET", "/tokens", Scope.ACCOUNT, list[Program])
def programs() -> list[Program]:
    """The programs that have tokens of the account"""
    return [
        Program(
            id=one.id, device=one.device, scopes=list(one.scopes), created=_moment(one.created), used=_moment(one.used)
        )
        for one in security.library().tokens.all(security.principal())
    ]


@section.endpoint("DELETE", "/tokens/<id:token>", Scope.ACCOUNT, None, status=204)
def end(token: int) -> None:
    """End all tokens of a program"""
    security.library().tokens.revoke(security.principal(), token)


def _granted(issued: Issued) -> Granted:
    @after_this_request
    def keep_nothing(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        return response

    return Granted(
        id=issued.id,
        access_token=issued.access,
        token_type="Bearer",  # noqa: S106 - its kind
        expires_in=ACCESS_SECONDS,
        refresh_token=issued.refresh,
        scope=" ".join(sorted(issued.scopes)),
    )


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC)
