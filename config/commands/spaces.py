"""``davgallery space``: spaces, their members and rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from config.commands.common import (
    SIZE,
    as_json_option,
    confirm,
    day_of,
    opened,
    print_json,
    print_table,
    time_of,
    where,
)
from config.sizes import format_size
from gateway.errors import NotFound
from gateway.library.values import Role

if TYPE_CHECKING:
    from config import wiring
    from gateway.library.spaces import SpaceRow

ROLES = {role.name.lower(): role for role in Role}


@click.group()
def space() -> None:
    """Spaces: top-level folders with a quota and members."""


@space.command("add")
@where
@click.argument("name")
@click.option("--quota", type=SIZE, help="Such as 100GB.")
def space_add(name: str, *, quota: int | None, **flags: Any) -> None:
    """Make a shared space. It has no members yet: see “grant”."""
    with opened(flags) as parts:
        made = parts.library.spaces.add(name, quota=quota)
    click.echo(f"Added the space {made.name} with {format_size(made.quota)}.")


@space.command("list")
@where
@as_json_option
def space_list(*, as_json: bool, **flags: Any) -> None:
    """List the spaces with their members."""
    with opened(flags) as parts:
        rows = [(row, parts.library.spaces.members(row.name)) for row in parts.library.spaces.all()]
    if as_json:
        print_json(
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
                "created": time_of(row.created),
                "removed": time_of(row.removed),
                "members": {member.name: Role(member.role).name.lower() for member in members},
            }
            for row, members in rows
        )
        return
    print_table(
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
                f"removed {day_of(row.removed)}" if row.removed else "",
            )
            for row, members in rows
        ],
    )


@space.command("grant")
@where
@click.argument("name", metavar="SPACE")
@click.argument("account", metavar="USER")
@click.argument("role", type=click.Choice(list(ROLES)))
def space_grant(name: str, account: str, role: str, **flags: Any) -> None:
    """Make an account a member of a shared space, or change its role."""
    with opened(flags) as parts:
        parts.library.spaces.grant(name, account, ROLES[role])
    click.echo(f"{account} is {role} of {name} now.")


@space.command("revoke")
@where
@click.argument("name", metavar="SPACE")
@click.argument("account", metavar="USER")
def space_revoke(name: str, account: str, **flags: Any) -> None:
    """End a membership at once."""
    with opened(flags) as parts:
        parts.library.spaces.revoke(name, account)
    click.echo(f"{account} is no member of {name} any more.")


@space.command("rename")
@where
@click.argument("name")
@click.argument("new")
def space_rename(name: str, new: str, **flags: Any) -> None:
    """Change the address of a shared space."""
    with opened(flags) as parts:
        parts.library.spaces.rename(name, new)
    click.echo(f"{name} is {new} now.")


@space.command("bring-back")
@where
@click.argument("name")
def space_bring_back(name: str, **flags: Any) -> None:
    """Undo the removal of a shared space, as long as its files are kept."""
    with opened(flags) as parts:
        parts.library.spaces.bring_back(name)
    click.echo(f"{name} is back, with its members.")


@space.command("set-quota")
@where
@click.argument("name")
@click.argument("quota", type=SIZE)
def space_set_quota(name: str, quota: int, **flags: Any) -> None:
    """Change a quota. Files stay, even above it; trash that has no room any more is deleted."""
    with opened(flags) as parts:
        confirm_quota(parts.library.spaces.find(name), quota)
        parts.library.spaces.set_quota(name, quota)
    click.echo(f"{name} has {format_size(quota)} now.")


@space.command("set-policy")
@where
@click.argument("name")
@click.option("--media-only/--any-file", default=None, help="Take photographs and videos only, or any file.")
@click.option("--max-file-size", type=SIZE, help="The largest file it takes; 0 for no limit.")
def space_set_policy(name: str, *, media_only: bool | None, max_file_size: int | None, **flags: Any) -> None:
    """Choose what a space takes."""
    with opened(flags) as parts:
        now = parts.library.spaces.find(name)
        parts.library.spaces.set_policy(
            name,
            media_only=now.media_only if media_only is None else media_only,
            max_file_size=now.max_file_size if max_file_size is None else max_file_size or None,
        )
    click.echo(f"Changed what {name} takes.")


@space.command("remove")
@where
@click.argument("name")
@click.option("--now", is_flag=True, help="Delete it at once, for good.")
def space_remove(name: str, *, now: bool, **flags: Any) -> None:
    """Close a shared space at once; it is deleted 30 days later."""
    with opened(flags) as parts:
        found = find_space(parts, name, personal=False)
        if now:
            confirm(f"Delete {name} and {format_size(found.live + found.trash)} of files for good?")
        if found.removed is None or not now:
            parts.library.spaces.remove(name)
        if now:
            parts.library.upkeep.purge_space(found.id)
    click.echo(f"Deleted {name}." if now else f"Closed {name}. Files and name are kept for 30 days.")


def confirm_quota(found: SpaceRow, quota: int) -> None:
    """Ask before a quota that leaves no room for what is in the trash: one letter makes a terabyte a gigabyte."""
    lost = min(found.trash, found.live + found.trash - quota)
    if lost > 0:
        confirm(f"{format_size(lost)} in the trash have no room then and are deleted for good. Go on?")


def find_space(parts: wiring.Parts, name: str, *, personal: bool) -> SpaceRow:
    """Find the personal space of an account, or a shared one: what is deleted must be what was meant."""
    found = next((row for row in parts.library.spaces.all() if row.name.casefold() == name.casefold()), None)
    if found is None or (found.owner_id is not None) != personal:
        raise NotFound(f"There is no {'account' if personal else 'shared space'} “{name}”.")
    return found
