"""The page of promises is read as it is written, and a promise without a passing test is seen."""

import sys

import pytest

from tests.support import guarantees
from tests.support.guarantees import broken, plain, promises

PAGE = """# Guarantees

- A cut upload leaves nothing. `tests/dav/test_put.py::test_cut`
- A quota holds
  to the byte. `tests/library/test_quota.py::TestQuota::test_parallel`
  `tests/dav/test_quota.py::test_507`

Other text.

- No test is named here.
"""
TESTS = ["tests/dav/test_put.py::test_cut", "tests/library/test_quota.py::TestQuota::test_parallel"]
LAST = "tests/dav/test_quota.py::test_507"


def test_each_bullet_is_a_promise_with_its_tests() -> None:
    assert [promise.tests for promise in promises(PAGE)] == [(TESTS[0],), (TESTS[1], LAST), ()]


def test_parameters_and_groups_are_not_part_of_a_name() -> None:
    assert plain("tests/a.py::test_a[x@y/::b]@minio") == plain("tests/a.py::test_a@minio") == "tests/a.py::test_a"


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ([(LAST, "passed")], []),
        ([], [f"{LAST}: did not run"]),
        ([(LAST, "skipped")], [f"{LAST}: skipped"]),
        ([(f"{LAST}[a]", "passed"), (f"{LAST}[b]@g", "failed")], [f"{LAST}: failed"]),
    ],
    ids=["passed", "missing", "skipped", "one parameter failed"],
)
def test_a_promise_needs_a_test_that_passed(outcomes: list[tuple[str, str]], said: list[str]) -> None:
    assert broken(PAGE, [*((test, "passed") for test in TESTS), *outcomes]) == said


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_whole_run_that_skips_a_promise_fails(
    workers: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeini("[pytest]\ntestpaths = tests\n")
    root = pytester.mkdir("tests")
    (root / "conftest.py").write_text(
        f"import sys; sys.path.insert(0, {str(guarantees.FILE.parents[1])!r})\n"
        "from pathlib import Path\n"
        "from tests.support import guarantees\n"
        "guarantees.FILE = Path(__file__).parents[1] / 'page.md'\n"
        "def pytest_configure(config):\n"
        "    guarantees.register(config)\n"
    )
    (root / "test_a.py").write_text("import pytest\ndef test_a(): pass\ndef test_b(): pytest.skip('no')\n")
    (pytester.path / "page.md").write_text("- Good. `tests/test_a.py::test_a`\n- Bad. `tests/test_a.py::test_b`\n")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    options = ["-p", "xdist", "-n", workers, "--dist", "loadgroup"]
    done = pytester.run(sys.executable, "-m", "pytest", *options)
    assert done.ret == 1
    done.stdout.fnmatch_lines(["*tests/test_a.py::test_b: skipped*", "*1 failed, 1 passed, 1 skipped*"])
    assert pytester.run(sys.executable, "-m", "pytest", *options, "tests/test_a.py").ret == 0
