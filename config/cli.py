"""The ``davgallery`` command: each command opens the parts, makes a call of the library and prints what it said.

Exit status: 0 all is well, 1 something was found or does not work now, 2 wrong use.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from config import VERSION, logs, wiring
from config.settings import SECRETS, Settings, SettingsError, example, load
from config.sizes import format_size, parse_size
from gateway.errors import GatewayError, NotFound, StoreFull, Unavailable
from gateway.library import passwords, snapshot
from gateway.library.check import Finding, Taken, take_in_all
from gateway.library.values import Role
from gateway.serving import StartFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from gateway.library.spaces import SpaceRow

_ROLES = {role.name.lower(): role for role in Role}


def _fail(message: str, status: int) -> NoReturn:
    """End with one sentence on standard error."""
    click.echo(f"davgallery: {message}", err=True)
    sys.exit(status)


class _Commands(click.Group):
    """Turns what our own code raises on purpose into a sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            _fail(str(error), 2)
        except StartFailed as error:
            _fail(str(error), error.status)
        except (Unavailable, StoreFull) as error:
            _fail(str(error), 1)
        except GatewayError as error:
            _fail(str(error), 2)


class _Size(click.ParamType[int]):
    """A size such as 15GB."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return parse_size(value)
        except ValueError as error:
            self.fail(f"{value!r} {error}", param, ctx)


SIZE = _Size()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, message="davgallery %(version)s")
def cli() -> None:
    """A self-hosted storage gateway for photographs."""
    os.umask(0o077)  # everything that a command makes is its owner's alone


def _settings_flags(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command a flag for each of these settings; their texts are judged where all settings are."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names):
            field = Settings.model_fields[name]
            flag = "--" + name.replace("_", "-")
            command = click.option(flag, name, metavar="VALUE", help=field.description)(command)
        return command

    return decorate


_where = _settings_flags("data", "config")
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_password_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@contextmanager
def _opened(flags: Mapping[str, Any]) -> Iterator[wiring.Parts]:
    """Open the parts for a command that runs beside a server, or without one."""
    settings = load(flags)
    logs.set_up(settings.log_format, "warning", settings.secrets)
    if not wiring.has_catalogue(settings):
        _fail(f"There is no catalogue in {settings.data} yet: start the server once, or check --data.", 2)
    with wiring.opened(settings, "command") as parts:
        yield parts


# --- serve -----------------------------------------------------------------------------------------------------------


@cli.command()
@_settings_flags(*(name for name in Settings.model_fields if name not in SECRETS))
def serve(**flags: Any) -> None:
    """Run the server until it is told to stop.

    Each flag is also a key of the settings file and, in capitals after DAVGALLERY_, an environment variable. Secrets
    are only these, or a file that a variable such as DAVGALLERY_S3_SECRET_KEY_FILE names.
    """
    # Imported here, as in restore: other commands need neither migrations nor a supervisor, and start in half the time.
    from config.serve import serve as run_server  # noqa: PLC0415

    sys.exit(run_server(flags, click.echo))


@cli.command()
@_where
@click.option("--example", "as_example", is_flag=True, help="Print a settings file with every setting explained.")
def settings(*, as_example: bool, **flags: Any) -> None:
    """Show the settings that are in force."""
    if as_example:
        click.echo(example(), nl=False)
        return
    values = load(flags).model_dump(mode="json")
    for name, value in values.items():
        shown = "(secret)" if name in SECRETS and value is not None else json.dumps(value)
        click.echo(f"{name} = {shown}")


# --- accounts --------------------------------------------------------------------------------------------------------


@cli.group()
def user() -> None:
    """Accounts: people who can sign in."""


@user.command("add")
@_where
@click.argument("name")
@click.option("--admin", is_flag=True, help="May administer this server.")
@click.option("--quota", type=SIZE, help="Of the personal space, such as 20GB.")
@_password_stdin
def user_add(name: str, *, admin: bool, quota: int | None, password_stdin: bool, **flags: Any) -> None:
    """Make an account with its personal space.

    Without --password-stdin the password is asked for; where nobody can be asked, a random one is printed once.
    """
    with _opened(flags) as parts:
        password, generated = _new_password(from_stdin=password_stdin)
        parts.library.accounts.add(name, password=password, admin=admin, quota=quota)
        room = format_size(parts.library.spaces.find(name).quota)
    click.echo(f"Added the account {name} with {room}.")
    _tell(password, generated=generated)


@user.command("list")
@_where
@_as_json
def user_list(*, as_json: bool, **flags: Any) -> None:
    """List the accounts."""
    with _opened(flags) as parts:
        rows = parts.library.accounts.all()
    if as_json:
        _print_json(
            {
                "name": row.name,
                "admin": bool(row.admin),
                "quota": row.quota,
                "used": row.live,
                "trash": row.trash,
                "created": _time(row.created),
                "removed": _time(row.removed),
            }
            for row in rows
        )
        return
    _print_table(
        ("NAME", "ROLE", "QUOTA", "USED", "TRASH", "SINCE", ""),
        [
            (
                row.name,
                "admin" if row.admin else "",
                format_size(row.quota),
                format_size(row.live),
                format_size(row.trash),
                _day(row.created),
                f"removed {_day(row.removed)}" if row.removed else "",
            )
            for row in rows
        ],
    )


@user.command("rename")
@_where
@click.argument("name")
@click.argument("new")
def user_rename(name: str, new: str, **flags: Any) -> None:
    """Change the name to sign in with, and the address of the personal space."""
    with _opened(flags) as parts:
        parts.library.accounts.rename(name, new)
    click.echo(f"{name} is {new} now, also to sign in.")


@user.command("remove")
@_where
@click.argument("name")
@click.option("--now", is_flag=True, help="Delete the personal space at once, for good.")
def user_remove(name: str, *, now: bool, **flags: Any) -> None:
    """End an account at once; its personal space is deleted 30 days later."""
    with _opened(flags) as parts:
        found = _space(parts, name, personal=True)
        if now:
            _confirm(f"Delete {name} and {format_size(found.live + found.trash)} of files for good?")
        if found.removed is None or not now:
            parts.library.accounts.remove(name)
        if now:
            parts.library.upkeep.purge_space(found.id)
    click.echo(f"Deleted {name}." if now else f"Ended {name}. Files and name are kept for 30 days.")


@user.command("set-quota")
@_where
@click.argument("name")
@click.argument("quota", type=SIZE)
def user_set_quota(name: str, quota: int, **flags: Any) -> None:
    """Change the quota of a personal space. Nothing is deleted, even below what is used."""
    with _opened(flags) as parts:
        parts.library.accounts.set_quota(name, quota)
    click.echo(f"{name} has {format_size(quota)} now.")


@user.command("set-password")
@_where
@click.argument("name")
@_password_stdin
def user_set_password(name: str, *, password_stdin: bool, **flags: Any) -> None:
    """Give an account another password; the old one stops working at once."""
    with _opened(flags) as parts:
        password, generated = _new_password(from_stdin=password_stdin)
        parts.library.accounts.set_password(name, password)
    click.echo(f"Changed the password of {name}.")
    _tell(password, generated=generated)


@user.command("app-password")
@_where
@click.argument("name")
@click.argument("device")
def user_app_password(name: str, device: str, **flags: Any) -> None:
    """Make a password for one device of an account, and print it once."""
    with _opened(flags) as parts:
        password = parts.library.accounts.add_app_password(name, device)
    _tell(password, generated=True)


@user.command("devices")
@_where
@click.argument("name")
@_as_json
def user_devices(name: str, *, as_json: bool, **flags: Any) -> None:
    """List the passwords of an account, by device."""
    with _opened(flags) as parts:
        rows = parts.library.accounts.credentials(name)
    if as_json:
        _print_json(
            {
                "id": row.id,
                "kind": row.kind,
                "device": row.label,
                "created": _time(row.created),
                "used": _time(row.used),
            }
            for row in rows
        )
        return
    _print_table(
        ("ID", "KIND", "DEVICE", "SINCE", "LAST USED"),
        [(str(row.id), row.kind, row.label, _day(row.created), _day(row.used)) for row in rows],
    )


@user.command("revoke")
@_where
@click.argument("name")
@click.argument("device_id", metavar="ID", type=int)
def user_revoke(name: str, device_id: int, **flags: Any) -> None:
    """End a password of an account at once; “devices” shows the ids."""
    with _opened(flags) as parts:
        parts.library.accounts.revoke(name, device_id)
    click.echo(f"Ended password {device_id} of {name}.")


# --- spaces ----------------------------------------------------------------------------------------------------------


@cli.group()
def space() -> None:
    """Spaces: top-level folders with a quota and members."""


@space.command("add")
@_where
@click.argument("name")
@click.option("--quota", type=SIZE, help="Such as 100GB.")
def space_add(name: str, *, quota: int | None, **flags: Any) -> None:
    """Make a shared space. It has no members yet: see “grant”."""
    with _opened(flags) as parts:
        made = parts.library.spaces.add(name, quota=quota)
    click.echo(f"Added the space {made.name} with {format_size(made.quota)}.")


@space.command("list")
@_where
@_as_json
def space_list(*, as_json: bool, **flags: Any) -> None:
    """List the spaces with their members."""
    with _opened(flags) as parts:
        rows = [(row, parts.library.spaces.members(row.name)) for row in parts.library.spaces.all()]
    if as_json:
        _print_json(
            {
                "name": row.name,
                "key": row.key,
                "personal": row.owner_id is not None,
                "quota": row.quota,
                "used": row.live,
                "reserved": row.held,
                "trash": row.trash,
                "entries": row.entries,
                "media_only": bool(row.media_only),
                "max_file_size": row.max_file_size,
                "created": _time(row.created),
                "removed": _time(row.removed),
                "members": {member.name: Role(member.role).name.lower() for member in members},
            }
            for row, members in rows
        )
        return
    _print_table(
        ("NAME", "QUOTA", "USED", "TRASH", "ENTRIES", "TAKES", "MEMBERS", ""),
        [
            (
                row.name,
                format_size(row.quota),
                format_size(row.live),
                format_size(row.trash),
                f"{row.entries:,}",
                ("media" if row.media_only else "any file")
                + (f" up to {format_size(row.max_file_size)}" if row.max_file_size is not None else ""),
                ", ".join(f"{member.name} ({Role(member.role).name.lower()})" for member in members),
                f"removed {_day(row.removed)}" if row.removed else "",
            )
            for row, members in rows
        ],
    )


@space.command("grant")
@_where
@click.argument("name", metavar="SPACE")
@click.argument("account", metavar="USER")
@click.argument("role", type=click.Choice(list(_ROLES)))
def space_grant(name: str, account: str, role: str, **flags: Any) -> None:
    """Make an account a member of a shared space, or change its role."""
    with _opened(flags) as parts:
        parts.library.spaces.grant(name, account, _ROLES[role])
    click.echo(f"{account} is {role} of {name} now.")


@space.command("revoke")
@_where
@click.argument("name", metavar="SPACE")
@click.argument("account", metavar="USER")
def space_revoke(name: str, account: str, **flags: Any) -> None:
    """End a membership at once."""
    with _opened(flags) as parts:
        parts.library.spaces.revoke(name, account)
    click.echo(f"{account} is no member of {name} any more.")


@space.command("rename")
@_where
@click.argument("name")
@click.argument("new")
def space_rename(name: str, new: str, **flags: Any) -> None:
    """Change the address of a shared space."""
    with _opened(flags) as parts:
        parts.library.spaces.rename(name, new)
    click.echo(f"{name} is {new} now.")


@space.command("set-quota")
@_where
@click.argument("name")
@click.argument("quota", type=SIZE)
def space_set_quota(name: str, quota: int, **flags: Any) -> None:
    """Change a quota. Nothing is deleted, even below what is used."""
    with _opened(flags) as parts:
        parts.library.spaces.set_quota(name, quota)
    click.echo(f"{name} has {format_size(quota)} now.")


@space.command("set-policy")
@_where
@click.argument("name")
@click.option("--media-only/--any-file", default=None, help="Take photographs and videos only, or any file.")
@click.option("--max-file-size", type=SIZE, help="The largest file it takes; 0 for no limit.")
def space_set_policy(name: str, *, media_only: bool | None, max_file_size: int | None, **flags: Any) -> None:
    """Choose what a space takes."""
    with _opened(flags) as parts:
        now = parts.library.spaces.find(name)
        parts.library.spaces.set_policy(
            name,
            media_only=now.media_only if media_only is None else media_only,
            max_file_size=now.max_file_size if max_file_size is None else max_file_size or None,
        )
    click.echo(f"Changed what {name} takes.")


@space.command("remove")
@_where
@click.argument("name")
@click.option("--now", is_flag=True, help="Delete it at once, for good.")
def space_remove(name: str, *, now: bool, **flags: Any) -> None:
    """Close a shared space at once; it is deleted 30 days later."""
    with _opened(flags) as parts:
        found = _space(parts, name, personal=False)
        if now:
            _confirm(f"Delete {name} and {format_size(found.live + found.trash)} of files for good?")
        if found.removed is None or not now:
            parts.library.spaces.remove(name)
        if now:
            parts.library.upkeep.purge_space(found.id)
    click.echo(f"Deleted {name}." if now else f"Closed {name}. Files and name are kept for 30 days.")


def _space(parts: wiring.Parts, name: str, *, personal: bool) -> SpaceRow:
    """Find the personal space of an account, or a shared one: what is deleted must be what was meant."""
    found = next((row for row in parts.library.spaces.all() if row.name.casefold() == name.casefold()), None)
    if found is None or (found.owner_id is not None) != personal:
        raise NotFound(f"There is no {'account' if personal else 'shared space'} “{name}”.")
    return found


# --- upkeep ----------------------------------------------------------------------------------------------------------


@cli.command()
@_where
@click.option("--repair", is_flag=True, help="Repair what can be repaired without deleting anything.")
@_as_json
def check(*, repair: bool, as_json: bool, **flags: Any) -> None:
    """Compare the catalogue with itself and with the store. Exit status 1 when something is wrong."""
    with _opened(flags) as parts:
        findings = _report(parts.library.checker.check(repair=repair), as_json=as_json)
    left = [finding for finding in findings if isinstance(finding, Finding) and not finding.repaired]
    if not as_json:
        click.echo(f"{len(findings)} found, {len(findings) - len(left)} repaired." if findings else "All is well.")
    sys.exit(1 if left else 0)


@cli.command()
@_where
def gc(**flags: Any) -> None:
    """Do the housekeeping now: expired uploads, trash past its days, objects that nothing refers to."""
    with _opened(flags) as parts:
        upkeep = parts.library.upkeep
        click.echo(f"{upkeep.end_expired_holds()} expired uploads ended")
        click.echo(f"{upkeep.purge_trash()} items of trash purged")
        click.echo(f"{upkeep.purge_removed_spaces()} removed spaces deleted")
        upkeep.forget()
        click.echo(f"{upkeep.collect_garbage()} objects deleted")


@cli.command()
@_where
@click.argument("name", metavar="SPACE")
@_as_json
def adopt(name: str, *, as_json: bool, **flags: Any) -> None:
    """Take in objects that others put straight into the store, under the key of a space."""
    with _opened(flags) as parts:
        found = _report(parts.library.checker.adopt(name), as_json=as_json)
    taken = [one for one in found if isinstance(one, Taken)]
    if not as_json:
        click.echo(f"Took in {len(taken)} files.")
    sys.exit(0 if len(taken) == len(found) else 1)


@cli.command()
@_where
@click.option("--from", "key", metavar="SNAPSHOT", help="A snapshot's name; the newest without it.")
@click.option("--list", "only_list", is_flag=True, help="Show the snapshots that there are.")
def restore(*, key: str | None, only_list: bool, **flags: Any) -> None:
    """Bring an SQLite catalogue back from the store's snapshot, with what was uploaded since.

    The server must not be running, and the old catalogue must be moved away first.
    """
    from config.serve import data_folder, prepare  # noqa: PLC0415

    settings = load(flags)
    logs.set_up(settings.log_format, "warning", settings.secrets)
    with wiring.opened(settings, "command") as parts:
        if only_list:
            for name in snapshot.names_of(parts.store):
                click.echo(name.removeprefix(snapshot.PREFIX))
            return
        if not parts.catalogue.is_sqlite:
            _fail("PostgreSQL is restored with its own tools; then run: davgallery check --repair", 2)
        with data_folder(settings):
            used = snapshot.fetch(parts.store, Path(str(parts.catalogue.url.database)), key)
            click.echo(f"Restored {used.removeprefix(snapshot.PREFIX)}")
            prepare(parts)
            found = _report(take_in_all(parts.library.checker), as_json=False)
            findings = list(parts.library.checker.check(repair=True))
    taken = [one for one in found if isinstance(one, Taken)]
    left = [one for one in (*found, *findings) if isinstance(one, Finding) and not one.repaired]
    click.echo(f"Took in {len(taken)} files that were uploaded since.")
    for finding in left:
        click.echo(finding.text)
    sys.exit(1 if left else 0)


def _report(found: Iterable[Finding | Taken], *, as_json: bool) -> list[Finding | Taken]:
    """Print each as it comes; all of them."""
    everything: list[Finding | Taken] = []
    for one in found:
        everything.append(one)
        if as_json:
            click.echo(json.dumps(one._asdict()))
        elif isinstance(one, Finding):
            click.echo(f"{'repaired' if one.repaired else 'found'}: {one.text}")
        else:
            click.echo(one.path)
    return everything


# --- people ----------------------------------------------------------------------------------------------------------


def _new_password(*, from_stdin: bool) -> tuple[str, bool]:
    """Read, ask for, or draw a password; whether it was drawn."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    if sys.stdin.isatty():
        return click.prompt("Password", hide_input=True, confirmation_prompt=True), False
    return passwords.generate(), True


def _tell(password: str, *, generated: bool) -> None:
    if generated:
        click.echo(f"Password (shown only once): {password}")


def _confirm(question: str) -> None:
    """Ask, where there is somebody to be asked: what follows cannot be undone."""
    if sys.stdin.isatty():
        click.confirm(question, abort=True)


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _print_json(rows: Iterable[Mapping[str, Any]]) -> None:
    click.echo(json.dumps(list(rows), indent=2, ensure_ascii=False))


def _time(microseconds: int | None) -> str | None:
    return None if microseconds is None else datetime.fromtimestamp(microseconds // 1_000_000, UTC).isoformat()


def _day(microseconds: int | None) -> str:
    return "never" if microseconds is None else f"{datetime.fromtimestamp(microseconds // 1_000_000, UTC):%Y-%m-%d}"


if __name__ == "__main__":
    cli()
