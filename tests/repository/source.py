"""The repository's own files, as the tests about it read them."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def files(*patterns: str) -> list[Path]:
    """Every file of the repository, also new ones, that fits one of git's ``patterns``; all without one."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return sorted(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def texts(*patterns: str) -> dict[str, str]:
    """The name and text of every one of those ``files`` that is UTF-8 text."""
    found = {}
    for path in files(*patterns):
        try:
            found[path.relative_to(ROOT).as_posix()] = path.read_text()
        except UnicodeDecodeError:
            continue
    return found
