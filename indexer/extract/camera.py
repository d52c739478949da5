"""What people call a camera and its lens, from what makers write; and the numbers of an exposure."""

from __future__ import annotations

import math
import re

from indexer.extract import text

_NO_LENS = re.compile(r"[\W_0]*|0\.?0* ?mm f/?0\.?0*|unknown.*|none|n/a|null", re.IGNORECASE)
_NO_DESCRIPTIONS = {
    *(f"{maker} digital camera" for maker in "olympus minolta samsung pentax medion traveler benq vivitar".split()),
    *"konica minolta digital camera|kodak digital still camera|digital camera|digital still camera".split("|"),
    *"sony dsc|dcim|exif_jpeg_picture|jpeg_picture|samsung camera pictures|default|untitled".split("|"),
}


def model_name(model: str | None, make: str | None) -> str | None:
    """``model`` without the words of ``make`` that it begins with: ``EOS 350D`` for ``Canon Canon EOS 350D``."""
    name = text.line(model)
    makers = set(re.findall(r"\w+", (make or "").casefold()))
    while name:
        word, _, rest = name.partition(" ")
        if word.casefold() not in makers or not rest:
            break
        name = rest
    return name


def lens_name(name: str | None) -> str | None:
    """``name`` without what cameras write when they do not know the lens."""
    name = text.line(name)
    return None if name is None or _NO_LENS.fullmatch(name) else name


def description(words: str | None) -> str | None:
    """``words`` unless a camera wrote them: ``OLYMPUS DIGITAL CAMERA``."""
    words = text.paragraph(words)
    return None if words is None or words.casefold() in _NO_DESCRIPTIONS else words


def positive(number: float | None) -> float | None:
    """``number`` if it is one of an exposure: zero and infinity stand for unknown."""
    return number if number is not None and 0 < number < math.inf else None


def shutter(apex: float | None) -> float | None:
    """Seconds from a ShutterSpeedValue (EXIF 2.32, annex C)."""
    return 2**-apex if apex is not None and -20 < apex < 20 else None


def f_number(apex: float | None) -> float | None:
    """The f-number from an ApertureValue (EXIF 2.32, annex C)."""
    return 2 ** (apex / 2) if apex is not None and 0 < apex < 20 else None


def iso(speed: float | None, *others: float | None) -> int | None:
    """The first number that can be a sensitivity. A ``speed`` of 65535 stands for a greater one among ``others``."""
    numbers = (None if speed == 65535 else speed, *others)
    return next((int(number) for number in numbers if number is not None and 1 <= number < 100_000_000), None)
