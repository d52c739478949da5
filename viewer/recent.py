"""The page of what arrived last: every upload can be found there, even if it was taken in 1985."""

from __future__ import annotations

from flask import render_template

from gateway.library.query import Query, Sort
from viewer import security
from viewer.grid import grid

ARRIVALS = Query(sort=Sort.LAST_ADDED)
"""The view that this page shows, at the address that any search has."""


def page() -> str:
    """The photos of all spaces by the day they arrived (UTC), each with its folder (the space first) and its device."""
    return render_template("recent.html", grid=grid(ARRIVALS, []), queue=security.library().jobs.queue())
