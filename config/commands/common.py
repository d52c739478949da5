"""What the commands share: opening the parts, sizes and passwords, tables and JSON."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

import click

from config import logs, wiring
from config.settings import Settings, load
from config.sizes import parse_size
from gateway.library import passwords

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


def fail(message: str, status: int) -> NoReturn:
    """End with one sentence on standard error."""
    click.echo(f"davgallery: {message}", err=True)
    sys.exit(status)


class _Size(click.ParamType[int]):
    """A size such as 15GB."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return parse_size(value)
        except ValueError as error:
            self.fail(f"{value!r} {error}", param, ctx)


SIZE = _Size()


def settings_flags(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command a flag for each of these settings; their texts are judged where all settings are."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names):
            field = Settings.model_fields[name]
            flag = "--" + name.replace("_", "-")
            command = click.option(flag, name, metavar="VALUE", help=field.description)(command)
        return command

    return decorate


where = settings_flags("data", "config")
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
password_stdin_option = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@contextmanager
def opened(flags: Mapping[str, Any]) -> Iterator[wiring.Parts]:
    """Open the parts for a command that runs beside a server, or without one."""
    settings = load(flags)
    logs.set_up(settings.log_format, "warning", settings.secrets)
    if not wiring.has_catalogue(settings):
        fail(f"There is no catalogue in {settings.data} yet: start the server once, or check --data.", 2)
    with wiring.opened(settings, "command") as parts:
        yield parts


def new_password(*, from_stdin: bool) -> tuple[str, bool]:
    """Read, ask for, or draw a password; whether it was drawn."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    if sys.stdin.isatty():
        return click.prompt("Password", hide_input=True, confirmation_prompt=True), False
    return passwords.generate(), True


def tell(password: str, *, generated: bool) -> None:
    """Print a password that was drawn; nobody will see it again."""
    if generated:
        click.echo(f"Password (shown only once): {password}")


def confirm(question: str) -> None:
    """Ask, where there is somebody to be asked: what follows cannot be undone."""
    if sys.stdin.isatty():
        click.confirm(question, abort=True)


def printable(text: str) -> str:
    """A text from outside without what could command a terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their heads, each column as wide as its widest cell."""
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def print_json(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print rows as one JSON list."""
    click.echo(json.dumps(list(rows), indent=2, ensure_ascii=False))


def time_of(microseconds: int | None) -> str | None:
    """A time in microseconds UTC as ISO 8601, for JSON."""
    return None if microseconds is None else datetime.fromtimestamp(microseconds // 1_000_000, UTC).isoformat()


def day_of(microseconds: int | None) -> str:
    """A time in microseconds UTC as a day, for tables."""
    return "never" if microseconds is None else f"{datetime.fromtimestamp(microseconds // 1_000_000, UTC):%Y-%m-%d}"
