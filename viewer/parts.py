"""Every part of the pages: each module of this package that has a blueprint."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from flask import Blueprint

import viewer


def _blueprints() -> tuple[Blueprint, ...]:
    """They are found, not listed. The app itself imports this, so it is none of them; nor is what is run by hand."""
    names = sorted(found.name for found in iter_modules(viewer.__path__) if not found.ispkg)
    modules = [
        import_module(f"viewer.{name}") for name in names if name not in {"app", "catalogues", "packages", "parts"}
    ]
    return tuple(module.blueprint for module in modules if isinstance(getattr(module, "blueprint", None), Blueprint))


BLUEPRINTS = _blueprints()
