"""The page of what arrived last: every upload can be found there, even if it was taken in 1985."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import render_template

from gateway.library.query import Query, Sort
from viewer import security
from viewer.grid import grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.library.values import Space

ARRIVALS = Query(sort=Sort.LAST_ADDED)
"""The view that this page shows, at the address that any search has."""


def page(spaces: Sequence[Space]) -> str:
    """The photos of all spaces by the day they arrived (UTC), each with its device and its folder."""
    return render_template("recent.html", grid=grid(ARRIVALS, spaces), queue=security.library().jobs.queue())
