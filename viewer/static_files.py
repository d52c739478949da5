"""Scripts, styles and the packages they use, under addresses that change with their content.

Everything is below ``/static/<release>/``, so that relative imports between scripts work and nothing is ever asked for
again. The packages' files are below ``vendor/`` there.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from flask import send_from_directory, url_for
from werkzeug.exceptions import NotFound

from viewer.modules import imports

if TYPE_CHECKING:
    from flask import Response

_OURS = Path(__file__).parent / "static"
_VENDOR = "vendor/"
_YEAR = 31_536_000


class StaticFiles:
    """The files of this release."""

    def __init__(self, packages: Path) -> None:
        """Read every file once: their content is the release's name."""
        self._packages = packages
        content = hashlib.sha256()
        for folder in (_OURS, packages):
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                content.update(str(file.relative_to(folder)).encode())
                content.update(file.read_bytes())
        self.release = content.hexdigest()[:12]

    def address(self, name: str) -> str:
        """Where a file is: ``css/base.css``, ``vendor/photoswipe/dist/photoswipe.css``."""
        return url_for("static", release=self.release, name=name)

    def modules(self, *names: str) -> list[str]:
        """Where these scripts and all that they import are, for the page to fetch them at once."""
        return [self.address(name) for name in imports(_OURS, *names)]

    def serve(self, release: str, name: str) -> Response:
        """Send a file. One of another release is not here: its page is loaded again by whoever has it open."""
        if release != self.release:
            raise NotFound
        if name.startswith(_VENDOR):
            response = send_from_directory(self._packages, name.removeprefix(_VENDOR), max_age=_YEAR)
        else:
            response = send_from_directory(_OURS, name, max_age=_YEAR)
        response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
        return response
