"""The scripts' own tests run in the browser that the scripts are for; rules about their source stand below."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.repository.source import ROOT, files
from tests.viewer.site import FOLDERS

TESTS = FOLDERS["tests"]
SCRIPTS = "viewer/static/js/*.js"


def _tests() -> list[str]:
    """Every test that the files of ``TESTS`` export, as "file::name"."""
    found = []
    for path in sorted(TESTS.glob("*.test.js")):
        names = re.findall(r"^export (?:async )?function (\w+)", path.read_text(), re.MULTILINE)
        found += [f"{path.name}::{name}" for name in names]
    return found


@pytest.mark.parametrize("test", _tests())
def test_script(page: Page, test: str, record_property: Callable[[str, object], None]) -> None:
    """A test may return figures, which go into the report."""
    file, _, name = test.partition("::")
    figures = page.evaluate("async ([file, name]) => (await import(file))[name]()", [f"/tests/{file}", name])
    if figures:
        record_property(test, figures)
        print(test, json.dumps(figures))  # noqa: T201 - shown with -rP


def _imports(path: Path) -> list[str]:
    return re.findall(r"""^(?:import|export)\b[^;]*?['"]([^'"]+)['"];""", path.read_text(), re.MULTILINE)


def test_imports_are_relative_and_lead_to_files(packages: Path) -> None:
    wrong = []
    for path in files(SCRIPTS):
        for target in _imports(path):
            served = (path.parent / target).resolve()
            inside = served.relative_to(FOLDERS["static"]) if served.is_relative_to(FOLDERS["static"]) else None
            file = packages / Path(*inside.parts[1:]) if inside and inside.parts[0] == "vendor" else served
            if not target.startswith((".", "..")) or inside is None or not file.is_file():
                wrong.append(f"{path.name}: {target}")
    assert wrong == []


def test_nothing_served_names_an_address_elsewhere() -> None:
    named = [path.name for path in files("viewer/static/*") if re.search(r"\w+://(?!www\.w3\.org/)", path.read_text())]
    assert named == []


def test_types_are_right(packages: Path, tmp_path: Path) -> None:
    """As their comments declare them, also those of the packages."""
    config = {
        "extends": str(ROOT / "viewer/tsconfig.json"),
        "compilerOptions": {"rootDirs": [str(FOLDERS["static"]), str(packages.parent)]},
        "include": [str(FOLDERS["static"] / "js")],
    }
    (tmp_path / "tsconfig.json").write_text(json.dumps(config))
    (compiler,) = (packages.parent / "vendor-dev/@typescript").glob("*/lib/tsc")
    done = subprocess.run([compiler, "-p", tmp_path], capture_output=True, text=True, check=False)
    said = [line for line in done.stdout.splitlines() if line[:1].strip()]
    assert [line for line in said if "/htmx.org/" not in line] == []  # which comes without types
    assert done.stderr == ""


def test_every_export_says_its_types() -> None:
    bare = []
    for path in files(SCRIPTS):
        lines = path.read_text().splitlines()
        bare += [
            f"{path.name}:{number}"
            for number, line in enumerate(lines[1:], 2)
            if re.match(r"export (async )?(function|const \w+ = \()", line) and not lines[number - 2].endswith("*/")
        ]
    assert bare == []
