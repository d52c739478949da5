"""What the documents say is so."""

import ast
import re
import tomllib
from pathlib import Path

from config.settings import PREFIX, SECRETS, Settings, example
from tests.repository.source import ROOT, texts
from tests.support import guarantees

PAGES = ("*.md",)
LAUNCHER_VARIABLES = {"DAVGALLERY_VENV"}


def test_the_readme_begins_with_how_to_start_and_how_to_test() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:40])
    assert "./davgallery serve" in first_screen
    assert "tests/run" in first_screen


def test_links_lead_to_files_and_headings() -> None:
    broken = []
    for name, text in texts(*PAGES).items():
        for target in re.findall(r"\]\(([^)\s]+)\)", _without_code(text)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, heading = target.partition("#")
            file = (ROOT / name).parent / path if path else ROOT / name
            if not file.exists() or (heading and heading not in _anchors(file.read_text())):
                broken.append(f"{name}: {target}")
    assert broken == []


def _without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def _anchors(text: str) -> set[str]:
    """The anchors that GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_example_file_is_what_the_settings_say() -> None:
    """Made anew with: python -c "from config.settings import example; print(example(), end='')"."""
    assert (ROOT / "docs/davgallery.example.toml").read_text() == example()


def test_every_setting_is_in_the_documents() -> None:
    pages = "\n".join(texts("docs/*.md", "README.md").values())
    missing = [name for name in Settings.model_fields if not re.search(rf"`{name}`|\b{PREFIX}{name.upper()}\b", pages)]
    assert missing == []


def test_every_variable_in_the_documents_is_a_setting() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    known |= LAUNCHER_VARIABLES | {f"{PREFIX}{name.upper()}_FILE" for name in SECRETS}
    used = set(re.findall(rf"\b{PREFIX}[A-Z0-9_]*[A-Z0-9]\b", "\n".join(texts(*PAGES, "docker/*").values())))
    assert used - known == set()


def test_every_promise_names_tests_that_exist() -> None:
    promises = guarantees.promises(guarantees.FILE.read_text())
    assert promises
    assert [promise.text for promise in promises if not promise.tests] == []
    missing = {test for promise in promises for test in promise.tests if not _exists(test)}
    assert missing == set()


def _exists(test: str) -> bool:
    path, *names = test.split("::")
    if not (ROOT / path).exists():
        return False
    body: list[ast.stmt] = ast.parse((ROOT / path).read_text()).body
    for name in names:
        found = [node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name]
        if not found:
            return False
        body = found[0].body
    return True


def test_the_changelog_keeps_its_form() -> None:
    """The form of keepachangelog.com 1.1.0, and the program's version is its newest."""
    lines = [line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("#")]
    assert lines[0] == "# Changelog"
    releases = [line for line in lines if line.startswith("## ")]
    versions = [re.fullmatch(r"## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d", line) for line in releases[1:]]
    assert releases[0] == "## [Unreleased]"
    assert all(versions)
    kinds = {line for line in lines[1:] if line not in releases}
    assert kinds <= {f"### {kind}" for kind in ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")}
    numbers = [tuple(map(int, version[1].split("."))) for version in versions if version]
    assert numbers == sorted(numbers, reverse=True)
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert not numbers or numbers[0] <= tuple(map(int, ours.split(".")))


def test_the_licence_is_the_one_that_the_package_names() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"] == "MIT"
    assert Path(ROOT / "LICENSE").read_text().startswith("MIT License\n\nCopyright (c) 2026 the davgallery authors\n")
