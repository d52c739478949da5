"""Every statement that a request runs, built once, a module a subject.

Callers import the modules they need, each as ``<subject>_sql``.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from gateway.catalogue.statements.statement import Statement

__all__ = ["Statement", "every"]


def every() -> dict[str, Statement]:
    """All statements of all modules, by their names: ``tree.WALK``."""
    modules = {found.name: import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)}
    return {
        f"{subject}.{name}": value
        for subject, module in modules.items()
        for name, value in vars(module).items()
        if isinstance(value, Statement)
    }
