"""The launcher: the first command a person types.

A small checkout with one small package stands in for ours, except in the test that installs the real one; what its
pages need is a file.
"""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("launcher")  # one environment serves them all

SAYS_WHERE_AND_WHAT = "import os, sys, click\nprint(os.getcwd(), sys.argv[1:])\n"
INSTALLS_ONE_FILE = "import pathlib, sys\npathlib.Path(sys.argv[1]).write_bytes(pathlib.Path(__file__).read_bytes())\n"


@pytest.fixture(autouse=True)
def _no_other_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DAVGALLERY_VENV", "PYTHONPATH", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def first_use(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A small checkout whose environment is made, and what was said meanwhile."""
    checkout = small_checkout(tmp_path_factory.mktemp("installed"))
    return checkout, run(checkout / "davgallery").stderr


@pytest.fixture
def installed(first_use: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(first_use[0], tmp_path / "checkout", symlinks=True)


def small_checkout(folder: Path) -> Path:
    shutil.copy(ROOT / "davgallery", folder)
    (folder / "config").mkdir()
    (folder / "config/__init__.py").touch()
    (folder / "config/cli.py").write_text(SAYS_WHERE_AND_WHAT)
    (folder / "requirements.txt").write_text(locked("click"))
    (folder / "viewer").mkdir()
    for name in ("__init__.py", "package.json", "package-lock.json"):
        (folder / "viewer" / name).touch()
    (folder / "viewer/packages.py").write_text(INSTALLS_ONE_FILE)
    return folder


def locked(package: str) -> str:
    """The lines of ``package`` in the real lock file."""
    found = re.search(rf"^{package}==(?:.*\\\n)+.*\n", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert found
    return found[0]


def run(
    launcher: Path, *words: str, cwd: Path | None = None, env: dict[str, str] | None = None, status: int = 0
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [launcher, *words], cwd=cwd, env=os.environ | (env or {}), capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    return done


def test_first_use_says_one_line_and_later_uses_none(first_use: tuple[Path, str]) -> None:
    checkout, said = first_use
    assert said == f"davgallery: installing packages into {checkout}/.venv\n"
    assert run(checkout / "davgallery").stderr == ""


def test_runs_where_the_user_stands_also_through_a_link(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/davgallery").symlink_to(installed / "davgallery")
    (tmp_path / "here").mkdir()
    (tmp_path / "here/dg").symlink_to("../bin/davgallery")
    (tmp_path / "here/config").mkdir()
    (tmp_path / "here/config/cli.py").write_text("raise SystemExit('not ours')")
    said = run(tmp_path / "here/dg", "a b", "--c", cwd=tmp_path / "here").stdout
    assert said == f"{tmp_path}/here ['a b', '--c']\n"


def test_found_on_the_path(installed: Path, tmp_path: Path) -> None:
    path = f"{installed}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(["sh", "-c", "davgallery x"], cwd=tmp_path, env=os.environ | {"PATH": path}, check=False)
    assert done.returncode == 0


def test_two_first_uses_at_once_install_once(tmp_path: Path) -> None:
    launcher = small_checkout(tmp_path) / "davgallery"
    both = [subprocess.Popen([launcher], stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = "".join(process.communicate()[1] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert said.count("installing") == 1


@pytest.mark.parametrize("sign", ["pyvenv.cfg", ".wanted"], ids=["making the environment", "installing"])
def test_an_interrupted_first_use_is_repaired(tmp_path: Path, sign: str) -> None:
    launcher = small_checkout(tmp_path) / "davgallery"
    first = subprocess.Popen([launcher], stderr=subprocess.DEVNULL, start_new_session=True)
    wait_until((tmp_path / ".venv" / sign).exists, seconds=60, every=0.01)
    children = psutil.Process(first.pid).children(recursive=True)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    psutil.wait_procs(children, timeout=10)
    assert not (tmp_path / ".venv/.installed").exists()
    run(launcher)


def test_changed_requirements_are_installed(installed: Path) -> None:
    with (installed / "requirements.txt").open("a") as requirements:
        requirements.write(locked("urllib3"))
    (installed / "config/cli.py").write_text("import urllib3")
    run(installed / "davgallery")


def test_changed_packages_of_the_pages_are_installed(installed: Path) -> None:
    (installed / "viewer/packages.py").write_text(INSTALLS_ONE_FILE + "# another\n")
    run(installed / "davgallery")
    assert "another" not in (installed / ".venv/vendor").read_text()
    (installed / "viewer/package-lock.json").write_text("{}")
    run(installed / "davgallery")
    assert "another" in (installed / ".venv/vendor").read_text()


def test_packages_of_the_pages_that_do_not_install_are_tried_again(installed: Path) -> None:
    (installed / "viewer/package.json").write_text("{}")
    (installed / "viewer/packages.py").write_text("raise SystemExit('no network')")
    said = run(installed / "davgallery", status=1).stderr
    assert "no network\ndavgallery: could not install the packages of its pages; the next run tries again.\n" in said
    (installed / "viewer/packages.py").write_text(INSTALLS_ONE_FILE)
    run(installed / "davgallery")


def test_a_package_with_another_hash_is_refused_and_later_tried_again(tmp_path: Path) -> None:
    checkout = small_checkout(tmp_path)
    right = (checkout / "requirements.txt").read_text()
    (checkout / "requirements.txt").write_text(re.sub(r"sha256:\w{8}", "sha256:00000000", right))
    assert "could not install its packages" in run(checkout / "davgallery", status=1).stderr
    (checkout / "requirements.txt").write_text(right)
    run(checkout / "davgallery")


def test_an_environment_of_a_python_that_is_gone_is_made_anew(installed: Path) -> None:
    (installed / ".venv/bin/python").unlink()
    (installed / ".venv/bin/python").symlink_to("/nonexistent/python3")
    run(installed / "davgallery")


def test_the_environment_may_be_elsewhere_but_not_over_other_things(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/precious").touch()
    refused = run(installed / "davgallery", env={"DAVGALLERY_VENV": str(tmp_path / "mine")}, status=1)
    assert "holds other things" in refused.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["precious"]
    run(installed / "davgallery", env={"DAVGALLERY_VENV": str(tmp_path / "new")})
    assert (tmp_path / "new/.installed").exists()


@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        ("exit 127", "Python 3.11 or newer is needed (found: none)"),
        ("case $1 in -V) echo Python 3.9.2;; *) exit 1;; esac", "Python 3.11 or newer is needed (found: Python 3.9.2)"),
        ('case "$*" in *ensurepip*) exit 1;; esac', "install its package python3-venv"),
    ],
    ids=["no python", "old python", "no venv"],
)
def test_what_is_missing_is_said_in_one_sentence(tmp_path: Path, python: str, sentence: str) -> None:
    checkout = small_checkout(tmp_path)
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "cat", "cmp", "mkdir", "readlink"):
        (tools / name).symlink_to(str(shutil.which(name)))
    (tools / "python3").write_text(f"#!/bin/sh\n{python}\n")
    (tools / "python3").chmod(0o755)
    said = run(checkout / "davgallery", env={"PATH": str(tools)}, status=1).stderr
    assert sentence in said
    assert said.count("\n") == 1
    assert not (checkout / ".venv").exists()


def test_the_real_requirements_install_and_the_command_answers(tmp_path: Path) -> None:
    said = run(ROOT / "davgallery", "--help", cwd=tmp_path, env={"DAVGALLERY_VENV": str(tmp_path / "venv")}).stdout
    assert "serve" in said
    assert (tmp_path / "venv/vendor/photoswipe/dist/photoswipe.esm.min.js").exists()
