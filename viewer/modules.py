"""What a script imports, so that browsers fetch all of it at once and not one module after the other."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_IMPORT = re.compile(r"""^(?:import|export)\b[^;]*?['"](\.[^'"]+)['"];""", re.MULTILINE)


@cache
def imports(folder: Path, *names: str) -> tuple[str, ...]:
    """Return the modules below ``folder`` that these need, themselves first; what packages need is theirs."""
    found = list(names)
    for name in found:
        path = folder / name
        if path.is_file():
            targets = _IMPORT.findall(path.read_text())
            names_ = (posixpath.normpath(posixpath.join(posixpath.dirname(name), target)) for target in targets)
            found += dict.fromkeys(target for target in names_ if target not in found)
    return tuple(found)
