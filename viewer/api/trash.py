"""The trash of a space, for programs: what is in it, restoring, and deleting for good."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from viewer import security
from viewer.api.endpoint import Id, Model, Scope, Section
from viewer.api.folders import Bytes, moment

section = Section(
    "trash",
    "What was deleted, until it is restored or its time is over",
    space="A space's name.",
    item="An item's id.",
)

_MOST = 500


class Trashed(Model):
    """A file or a folder in the trash."""

    id: Id
    name: str
    folder: str
    """Where it was, below the space, as it was called then; empty for the space itself."""
    is_folder: bool
    size: Bytes
    """With everything below it."""
    deleted: str
    """In UTC, ISO 8601."""
    device: str
    """With which it was deleted."""


class Items(Model):
    """A page of the trash, the latest first."""

    items: list[Trashed]


class Page(Model):
    """Which part."""

    before: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    """The id of the last item of the page before."""
    limit: Annotated[int, Field(ge=1, le=_MOST)] = 100
    """Items of a page."""


class Restored(Model):
    """Where something is again."""

    path: str
    """The space, folders and the name, joined with slashes."""


@section.endpoint("GET", "/trash/<string:space>", Scope.READ, Items, query=Page)
def items(space: str, query: Page) -> Items:
    """What is in the trash"""
    found = security.library().trash.items(security.principal(), space, before=query.before, limit=query.limit)
    return Items(
        items=[
            Trashed(
                id=one.id,
                name=one.name,
                folder=one.path,
                is_folder=bool(one.is_folder),
                size=one.size,
                deleted=moment(one.deleted).isoformat(),
                device=one.device,
            )
            for one in found
        ]
    )


@section.endpoint("POST", "/trash/<string:space>/<id:item>/restore", Scope.WRITE, Restored, errors=(404, 409, 423, 507))
def restore(space: str, item: int) -> Restored:
    """Put something back where it was

    Its folder may have been renamed, or is made anew where it is gone; a name that is taken gets “ (restored)”.
    """
    path = security.library().trash.restore(security.principal(), space, item)
    return Restored(path="/".join(path))


@section.endpoint("DELETE", "/trash/<string:space>/<id:item>", Scope.WRITE, None, status=204)
def purge(space: str, item: int) -> None:
    """Delete something for good"""
    security.library().trash.purge(security.principal(), space, item)


@section.endpoint("DELETE", "/trash/<string:space>", Scope.WRITE, None, status=204)
def empty(space: str) -> None:
    """Delete everything in the trash for good

    Managers of a space delete all of it, editors what they deleted themselves. The room is free within seconds.
    """
    security.library().trash.empty(security.principal(), space)
