"""Folders opened one below the other, without following symbolic links."""

import os
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def enter(parent: int, name: str) -> int:
    """Open a folder in an open one. NotADirectoryError for a symbolic link."""
    return os.open(name, _OPEN, dir_fd=parent)


def enter_or_make(parent: int, name: str) -> int:
    """The same, made with mode 0700 when missing. FileNotFoundError when a delete removes it at that moment."""
    try:
        return enter(parent, name)
    except FileNotFoundError:
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=parent)
        return enter(parent, name)


class Folders:
    """The folders ``names`` below the open folder ``root``. A context manager: it closes what it opened, not ``root``.

    ``opened[0]`` is ``root``, ``opened[n]`` is the folder ``names[n - 1]`` in ``opened[n - 1]``.
    """

    def __init__(self, root: int, names: Sequence[str], *, make: bool = False) -> None:
        """Open them, and make those that are missing when asked to. OSError when one cannot be opened."""
        self.names = names
        self.opened = [root]
        step = enter_or_make if make else enter
        try:
            for name in names:
                self.opened.append(step(self.opened[-1], name))
        except BaseException:
            self._close()
            raise

    def __enter__(self) -> Self:
        """Nothing more to open."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Close them."""
        self._close()

    @property
    def last(self) -> int:
        """The deepest one."""
        return self.opened[-1]

    def path(self, depth: int) -> str:
        """The names of the first ``depth`` folders, a slash after each."""
        return "".join(f"{name}/" for name in self.names[:depth])

    def _close(self) -> None:
        for folder in self.opened[1:]:
            os.close(folder)
