"""An environment without settings."""

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No DAVGALLERY_ variable is set, and the current folder is an empty one."""
    for name in list(os.environ):
        if name.startswith("DAVGALLERY_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
