"""What no file of the repository holds: addresses of registries, paths of one machine, open ends, silent skips."""

import json
import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.repository.source import ROOT, texts

# Written in parts, so that this file does not hold them.
HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"))]
HOSTS += [".".join(parts) for parts in (("proxy", "golang", "org"), ("yarnpkg", "com"), ("maven", "org"))]
FOLDERS = "|".join(["work", "root", "farm"])
OPEN_ENDS = "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"])
SKIPS = "|".join(
    [r"pytest\.sk" + "ip", r"mark\.sk" + "ip", r"mark\.xf" + "ail", r"pytest\.xf" + "ail", "importor" + "skip"]
)
LOCKS = ("requirements.txt", "requirements-dev.txt", "viewer/requirements-npm.txt")
NPM_LOCKS = ("viewer/package-lock.json", "tests/viewer/package-lock.json")


def lines_with(pattern: str, *patterns: str) -> list[str]:
    seek = re.compile(pattern)
    found = []
    for name, text in texts(*patterns).items():
        found += [f"{name}:{number}" for number, line in enumerate(text.splitlines(), 1) if seek.search(line)]
    return found


def test_no_registry_is_named() -> None:
    assert lines_with("|".join(map(re.escape, HOSTS))) == []


def test_no_path_of_one_machine_is_named() -> None:
    assert lines_with(rf"(^|[^A-Za-z0-9_.])/({FOLDERS})(/|\b)") == []


def test_nothing_is_left_open() -> None:
    assert lines_with(rf"\b({OPEN_ENDS})\b", "*.py", "*.js", "*.sh", "davgallery", "tests/run") == []


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    in_a_string = "tests/support/test_guarantees.py"  # there a skip is what is tested
    assert [place for place in lines_with(SKIPS, "tests/*.py") if not place.startswith(in_a_string)] == []


def locked(name: str) -> dict[str, str]:
    """The version of each package in a lock file."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", (ROOT / name).read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_has_versions_and_hashes_but_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[a-z0-9-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("name", NPM_LOCKS)
def test_a_lock_file_of_npm_has_versions_and_hashes_but_no_address(name: str) -> None:
    (_, project), *packages = json.loads((ROOT / name).read_text())["packages"].items()
    manifest = json.loads((ROOT / name).with_name("package.json").read_text())
    assert project["dependencies"] == manifest["dependencies"]
    for path, package in packages:
        assert package["integrity"].startswith("sha512-"), path
        assert "resolved" not in package, path
    for dependency, version in manifest["dependencies"].items():
        assert dict(packages)[f"node_modules/{dependency}"]["version"] == version, dependency


def test_the_lock_files_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for name, wanted in (
        ("requirements.txt", project["project"]["dependencies"]),
        ("requirements-dev.txt", project["project"]["dependencies"] + project["dependency-groups"]["dev"]),
    ):
        versions = locked(name)
        for line in map(Requirement, wanted):
            package = line.name.lower().replace("_", "-")
            assert package in versions, f"{name} lacks {line}"
            assert line.specifier.contains(versions[package]), f"{name} has {package} {versions[package]}, not {line}"


def test_tests_run_on_the_versions_that_people_install() -> None:
    assert locked("requirements.txt").items() <= locked("requirements-dev.txt").items()
