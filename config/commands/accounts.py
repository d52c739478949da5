"""``davgallery user``: people, their passwords and devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from config.commands.common import (
    SIZE,
    as_json_option,
    confirm,
    day_of,
    new_password,
    opened,
    password_stdin_option,
    print_json,
    print_table,
    tell,
    time_of,
    where,
)
from config.commands.spaces import ROLES, confirm_quota, find_space
from config.sizes import format_size

if TYPE_CHECKING:
    from config.settings import Settings


@click.group()
def user() -> None:
    """Accounts: people who can sign in."""


@user.command("add")
@where
@click.argument("name")
@click.option("--admin", is_flag=True, help="May administer this server.")
@click.option("--quota", type=SIZE, help="Of the personal space, such as 20GB.")
@password_stdin_option
def user_add(name: str, *, admin: bool, quota: int | None, password_stdin: bool, **flags: Any) -> None:
    """Make an account with its personal space.

    Without --password-stdin the password is asked for; where nobody can be asked, a random one is printed once.
    """
    with opened(flags) as parts:
        password, generated = new_password(from_stdin=password_stdin)
        parts.library.accounts.add(name, password=password, drawn=generated, admin=admin, quota=quota)
        room = format_size(parts.library.spaces.find(name).quota)
    click.echo(f"Added the account {name} with {room}.")
    tell(password, generated=generated)


@user.command("list")
@where
@as_json_option
def user_list(*, as_json: bool, **flags: Any) -> None:
    """List the accounts."""
    with opened(flags) as parts:
        rows = parts.library.accounts.all()
    if as_json:
        print_json(
            {
                "name": row.name,
                "admin": bool(row.admin),
                "quota": row.quota,
                "used": row.live,
                "trash": row.trash,
                "created": time_of(row.created),
                "removed": time_of(row.removed),
            }
            for row in rows
        )
        return
    print_table(
        ("NAME", "ROLE", "QUOTA", "USED", "TRASH", "SINCE", ""),
        [
            (
                row.name,
                "admin" if row.admin else "",
                format_size(row.quota),
                format_size(row.live),
                format_size(row.trash),
                day_of(row.created),
                f"removed {day_of(row.removed)}" if row.removed else "",
            )
            for row in rows
        ],
    )


@user.command("rename")
@where
@click.argument("name")
@click.argument("new")
def user_rename(name: str, new: str, **flags: Any) -> None:
    """Change the name to sign in with, and the address of the personal space."""
    with opened(flags) as parts:
        parts.library.accounts.rename(name, new)
    click.echo(f"{name} is {new} now, also to sign in.")


@user.command("remove")
@where
@click.argument("name")
@click.option("--now", is_flag=True, help="Delete the personal space at once, for good.")
def user_remove(name: str, *, now: bool, **flags: Any) -> None:
    """End an account at once; its personal space is deleted 30 days later."""
    with opened(flags) as parts:
        found = find_space(parts, name, personal=True)
        if now:
            confirm(f"Delete {name} and {format_size(found.live + found.trash)} of files for good?")
        if found.removed is None or not now:
            parts.library.accounts.remove(name)
        if now:
            parts.library.upkeep.purge_space(found.id)
    click.echo(f"Deleted {name}." if now else f"Ended {name}. Files and name are kept for 30 days.")


@user.command("bring-back")
@where
@click.argument("name")
@password_stdin_option
def user_bring_back(name: str, *, password_stdin: bool, **flags: Any) -> None:
    """Undo the removal of an account, with a new password, as long as its files are kept."""
    with opened(flags) as parts:
        password, generated = new_password(from_stdin=password_stdin)
        parts.library.accounts.bring_back(name, password, drawn=generated)
    click.echo(f"{name} is back. Memberships of shared spaces have to be granted again.")
    tell(password, generated=generated)


@user.command("set-quota")
@where
@click.argument("name")
@click.argument("quota", type=SIZE)
def user_set_quota(name: str, quota: int, **flags: Any) -> None:
    """Change the quota of a personal space. Files stay, even above it; trash that has no room any more is deleted."""
    with opened(flags) as parts:
        confirm_quota(find_space(parts, name, personal=True), quota)
        parts.library.accounts.set_quota(name, quota)
    click.echo(f"{name} has {format_size(quota)} now.")


@user.command("set-password")
@where
@click.argument("name")
@password_stdin_option
def user_set_password(name: str, *, password_stdin: bool, **flags: Any) -> None:
    """Give an account another password; the old one stops working at once."""
    with opened(flags) as parts:
        password, generated = new_password(from_stdin=password_stdin)
        parts.library.accounts.set_password(name, password, drawn=generated)
    click.echo(f"Changed the password of {name}.")
    tell(password, generated=generated)


@user.command("invite")
@where
@click.option("--name", default="", help="A proposal: people may choose another one.")
@click.option("--admin", is_flag=True, help="May administer this server.")
@click.option("--quota", type=SIZE, help="Of the personal space, such as 20GB.")
@click.option("--space", "shared", multiple=True, type=(str, click.Choice(list(ROLES))), metavar="SPACE ROLE")
def user_invite(
    *, name: str, admin: bool, quota: int | None, shared: tuple[tuple[str, str], ...], **flags: Any
) -> None:
    """Make a link with which somebody makes an account, once, within seven days."""
    with opened(flags) as parts:
        joined = {space: ROLES[role] for space, role in shared}
        link = parts.library.invitations.invite(None, name=name, admin=admin, quota=quota, shared=joined)
        click.echo(f"Invitation (shown only once): {_address(parts.settings, link.token)}")


@user.command("reset-link")
@where
@click.argument("name")
def user_reset_link(name: str, **flags: Any) -> None:
    """Make a link with which an account chooses another password, once, within seven days."""
    with opened(flags) as parts:
        link = parts.library.invitations.reset(None, name)
        click.echo(f"Link (shown only once): {_address(parts.settings, link.token)}")


def _address(settings: Settings, token: str) -> str:
    """Where people open a link: below the public address, or what this machine would call the server."""
    scheme = "https" if settings.tls_cert else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = settings.public_url or f"{scheme}://{host}:{settings.port}"
    return f"{base.rstrip('/')}/invitation/{token}"


@user.command("app-password")
@where
@click.argument("name")
@click.argument("device")
def user_app_password(name: str, device: str, **flags: Any) -> None:
    """Make a password for one device of an account, and print it once."""
    with opened(flags) as parts:
        password = parts.library.accounts.add_app_password(name, device)
    tell(password, generated=True)


@user.command("devices")
@where
@click.argument("name")
@as_json_option
def user_devices(name: str, *, as_json: bool, **flags: Any) -> None:
    """List the passwords of an account, by device."""
    with opened(flags) as parts:
        rows = parts.library.accounts.credentials(name)
    if as_json:
        print_json(
            {
                "id": row.id,
                "kind": row.kind,
                "device": row.label,
                "created": time_of(row.created),
                "used": time_of(row.used),
            }
            for row in rows
        )
        return
    print_table(
        ("ID", "KIND", "DEVICE", "SINCE", "LAST USED"),
        [(str(row.id), row.kind, row.label, day_of(row.created), day_of(row.used)) for row in rows],
    )


@user.command("refusals")
@where
@click.argument("name")
@as_json_option
def user_refusals(name: str, *, as_json: bool, **flags: Any) -> None:
    """List the uploads of an account that were refused and have not arrived since, the latest first."""
    with opened(flags) as parts:
        rows = parts.library.accounts.refusals(name)
    if as_json:
        print_json({**row._asdict(), "at": time_of(row.at)} for row in rows)
        return
    print_table(
        ("REFUSED", "REASON", "SIZE", "DEVICE", "PATH"),
        [
            (day_of(row.at), row.reason, "" if row.size is None else format_size(row.size), row.device[:30], row.path)
            for row in rows
        ],
    )


@user.command("revoke")
@where
@click.argument("name")
@click.argument("device_id", metavar="ID", type=click.IntRange(0, 2**63 - 1))
def user_revoke(name: str, device_id: int, **flags: Any) -> None:
    """End a password of an account at once; “devices” shows the ids."""
    with opened(flags) as parts:
        parts.library.accounts.revoke(name, device_id)
    click.echo(f"Ended password {device_id} of {name}.")
