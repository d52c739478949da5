"""Looking after catalogue and store: check, gc, adopt, restore."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from config import logs, wiring
from config.commands.common import as_json_option, fail, opened, printable, where
from config.settings import load
from gateway.library import snapshot
from gateway.library.check import Taken, take_in_all
from gateway.library.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable


@click.command()
@where
@click.option("--repair", is_flag=True, help="Repair what can be repaired without deleting anything.")
@as_json_option
def check(*, repair: bool, as_json: bool, **flags: Any) -> None:
    """Compare the catalogue with itself and with the store. Exit status 1 when something is wrong."""
    with opened(flags) as parts:
        findings = _report(parts.library.checker.check(repair=repair), as_json=as_json)
    left = [finding for finding in findings if isinstance(finding, Finding) and not finding.repaired]
    if not as_json:
        click.echo(f"{len(findings)} found, {len(findings) - len(left)} repaired." if findings else "All is well.")
    sys.exit(1 if left else 0)


@click.command()
@where
def gc(**flags: Any) -> None:
    """Do the housekeeping now: expired uploads, trash past its days, objects that nothing refers to."""
    with opened(flags) as parts:
        upkeep = parts.library.upkeep
        click.echo(f"{upkeep.end_expired_holds()} expired uploads ended")
        click.echo(f"{upkeep.purge_trash()} items of trash purged")
        click.echo(f"{upkeep.purge_removed_spaces()} removed spaces deleted")
        upkeep.forget()
        click.echo(f"{upkeep.collect_garbage()} objects deleted")


@click.command()
@where
@click.argument("name", metavar="SPACE")
@as_json_option
def adopt(name: str, *, as_json: bool, **flags: Any) -> None:
    """Take in objects that others put straight into the store, under the key of a space."""
    with opened(flags) as parts:
        found = _report(parts.library.checker.adopt(name), as_json=as_json)
    taken = [one for one in found if isinstance(one, Taken)]
    if not as_json:
        click.echo(f"Took in {len(taken)} files.")
    sys.exit(0 if len(taken) == len(found) else 1)


@click.command()
@where
@click.option("--from", "key", metavar="SNAPSHOT", help="A snapshot's name; the newest without it.")
@click.option("--list", "only_list", is_flag=True, help="Show the snapshots that there are.")
def restore(*, key: str | None, only_list: bool, **flags: Any) -> None:
    """Bring the catalogue back from the store's snapshot, with what was uploaded since.

    The server must not be running. An old SQLite catalogue, with its -wal and -shm, must be moved away first; a
    PostgreSQL database is restored from its dump first, and this takes in what arrived after it.
    """
    from config.serve import data_folder, prepare  # noqa: PLC0415

    settings = load(flags)
    logs.set_up(settings.log_format, "warning", settings.secrets)
    with wiring.opened(settings, "command") as parts:
        if only_list:
            for name in snapshot.names_of(parts.store):
                click.echo(name.removeprefix(snapshot.PREFIX))
            return
        with data_folder(settings):
            if parts.catalogue.is_sqlite:
                used = snapshot.fetch(parts.store, Path(str(parts.catalogue.url.database)), key)
                click.echo(f"Restored {used.removeprefix(snapshot.PREFIX)}")
            elif key is not None:
                fail("PostgreSQL is restored with its own tools; then run this without --from.", 2)
            prepare(parts)
            parts.library.upkeep.forget_holds()
            found = _report(take_in_all(parts.library.checker, settings.default_quota), as_json=False)
            findings = list(parts.library.checker.check(repair=True))
    taken = [one for one in found if isinstance(one, Taken)]
    left = [one for one in (*found, *findings) if isinstance(one, Finding) and not one.repaired]
    click.echo(f"Took in {len(taken)} files that were uploaded since.")
    for finding in left:
        click.echo(printable(finding.text))
    sys.exit(1 if left else 0)


def _report(found: Iterable[Finding | Taken], *, as_json: bool) -> list[Finding | Taken]:
    """Print each as it comes; all of them."""
    everything: list[Finding | Taken] = []
    for one in found:
        everything.append(one)
        if as_json:
            click.echo(json.dumps(one._asdict()))
        elif isinstance(one, Finding):
            click.echo(f"{'repaired' if one.repaired else 'found'}: {printable(one.text)}")
        else:
            click.echo(printable(one.path))
    return everything
