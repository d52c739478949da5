"""The account of who asks: how its pages are."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from viewer import security
from viewer.api.endpoint import Model, Scope, Section

section = Section("account", "The account of who asks")


class Changes(Model):
    """What is to be changed; what is left out stays."""

    theme: Literal["system", "light", "dark"] | None = None
    """The colours of pages."""
    shortcuts: bool | None = None
    """Whether keys of one character do something on pages."""
    called: str | None = Field(default=None, max_length=64)
    """What others call the person; empty for the account's name."""


@section.endpoint("PATCH", "/account", Scope.ACCOUNT, None, status=204, body=Changes)
def change(body: Changes) -> None:
    """Change how pages are for this account"""
    profiles, principal = security.library().profiles, security.principal()
    if body.called is not None:
        profiles.call(principal, body.called)
    if body.theme is not None:
        profiles.dress(principal, body.theme)
    if body.shortcuts is not None:
        profiles.use_shortcuts(principal, on=body.shortcuts)
