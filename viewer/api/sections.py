"""Every section of the API: each module of this package that declares one."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from viewer import api
from viewer.api.endpoint import Section

_FIRST = ("photos", "overview", "folders", "uploads")
"""In the document; the others follow by their names."""


def _sections() -> tuple[Section, ...]:
    names = sorted(
        (found.name for found in iter_modules(api.__path__) if found.name != "sections"),
        key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name),
    )
    modules = [import_module(f"{api.__name__}.{name}") for name in names]
    return tuple(module.section for module in modules if isinstance(getattr(module, "section", None), Section))


SECTIONS = _sections()
