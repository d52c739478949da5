"""Icons, from the package of strokes that pages use, written into the page so that they take its colour."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from pathlib import Path

_STROKES = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_FOLDER = "lucide-static/icons"


class Icons:
    """The icons of the installed packages, by their file's name."""

    def __init__(self, packages: Path) -> None:
        """Read each when it is first asked for."""
        self.strokes = cache(lambda name: _read(packages / _FOLDER / f"{name}.svg"))

    def icon(self, name: str) -> Markup:
        """An icon beside words, or in a control that has a name: it says nothing itself."""
        svg = '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{}</svg>'
        return Markup(svg).format(self.strokes(name))  # noqa: S704 - a text of ours

    def symbol(self, name: str) -> Markup:
        """An icon that scripts use by the id ``icon-<name>``."""
        svg = '<symbol id="icon-{}" viewBox="0 0 24 24">{}</symbol>'
        return Markup(svg).format(name, self.strokes(name))  # noqa: S704 - a text of ours


def _read(path: Path) -> Markup:
    strokes = "".join(_STROKES.findall(path.read_text()))
    return Markup(re.sub(r"\s+", " ", strokes).strip())  # noqa: S704 - a file of a package that we pin
