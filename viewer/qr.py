"""QR codes, drawn by the server: a link that a phone's camera reads from the screen."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr(text: str) -> Markup:
    """The code as an inline SVG, black on white with its quiet zone, in both themes: cameras expect it so."""
    svg = segno.make(text, error="m", micro=False).svg_inline(
        border=4, omitsize=True, svgclass="qr", lineclass=None, dark="#000", light="#fff", draw_transparent=False
    )
    return Markup(svg)  # noqa: S704 - drawn from the text, which is not in it
