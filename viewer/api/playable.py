"""The playable copy of a video: how far it is, and asking for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.library.playables import Stage
from viewer import security
from viewer.api.endpoint import Model, Scope, Section

if TYPE_CHECKING:
    from gateway.library.playables import State

section = Section("playable", "Videos as browsers play them", photo="A video's id.")


class Playable(Model):
    """The copy of a video that browsers play."""

    state: Stage
    """none: nobody has asked for it; waiting, running, ready; failed: asking again has it tried again."""
    progress: int
    """Percent."""
    size: int
    """Bytes, when it is ready."""
    error: str | None
    """Why there is none."""


@section.endpoint("GET", "/photos/<id:photo>/playable", Scope.READ, Playable)
def state(photo: int) -> Playable:
    """How far the playable copy of a video is"""
    return _json(security.library().playables.state(security.principal(), photo))


@section.endpoint("POST", "/photos/<id:photo>/playable", Scope.READ, Playable, also={202: Playable}, errors=(409,))
def ask(photo: int) -> tuple[Playable, int]:
    """Have a playable copy made

    200 when it is there already, else 202 (RFC 9110 §15.3.3). It is for everybody who sees the video.
    """
    found = security.library().playables.ask(security.principal(), photo)
    return _json(found), 200 if found.stage == "ready" else 202


def _json(found: State) -> Playable:
    return Playable(state=found.stage, progress=found.progress, size=found.size, error=found.error)
