"""Favourites: the hearts of who asks. A view of them is any view with the filter “favourite=yes”."""

from __future__ import annotations

from viewer import security
from viewer.api.endpoint import Scope, Section

section = Section("favourites", "Hearts, each person's own", photo="A photo's id.")


@section.endpoint("PUT", "/photos/<id:photo>/favourite", Scope.WRITE, None, status=204)
def add(photo: int) -> None:
    """Make a photo a favourite

    All files of its stack become one. A photo that is one already stays one.
    """
    security.library().favourites.add(security.principal(), photo)


@section.endpoint("DELETE", "/photos/<id:photo>/favourite", Scope.WRITE, None, status=204)
def remove(photo: int) -> None:
    """Let a photo be a favourite no more"""
    security.library().favourites.remove(security.principal(), photo)
