"""Programs that the tests run. A missing one is an error that names the command which installs it, never a skip."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "davgallery" / "bin"


def tool(name: str, *, package: str = "", folders: Iterable[Path] = ()) -> str:
    """The path of program ``name``, looked for in ``folders``, PATH and the system folders; ``package`` is Debian's."""
    places = [*map(str, folders), os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]
    if found := shutil.which(name, path=os.pathsep.join(places)):
        return found
    remedy = f"apt-get install --no-install-recommends {package}" if package else "tests/run (it builds it)"
    raise RuntimeError(f"{name} is missing; install it with: {remedy}")
