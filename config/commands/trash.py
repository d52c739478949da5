"""``davgallery trash``: what was deleted or replaced, and bringing it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from config.commands.common import as_json_option, day_of, opened, print_json, print_table, time_of, where
from config.sizes import format_size
from gateway.errors import NotFound
from gateway.library.values import Principal, Role

if TYPE_CHECKING:
    from config import wiring


@click.group()
def trash() -> None:
    """What was deleted or replaced, and bringing it back."""


@trash.command("list")
@where
@click.argument("name", metavar="SPACE")
@as_json_option
def trash_list(name: str, *, as_json: bool, **flags: Any) -> None:
    """List what can be restored in a space, the latest first."""
    with opened(flags) as parts:
        found = parts.library.trash.items(_manager(parts, name), name, limit=10_000)
    if as_json:
        print_json(
            {
                "id": item.id,
                "path": "/".join(filter(None, (item.path, item.name))),
                "size": item.size,
                "deleted": time_of(item.deleted),
                "device": item.device,
            }
            for item in found
        )
        return
    print_table(
        ("ID", "DELETED", "SIZE", "DEVICE", "PATH"),
        [
            (
                str(item.id),
                day_of(item.deleted),
                format_size(item.size),
                item.device[:30],
                "/".join(filter(None, (item.path, item.name))) + ("/" if item.is_folder else ""),
            )
            for item in found
        ],
    )


@trash.command("restore")
@where
@click.argument("name", metavar="SPACE")
@click.argument("item_id", metavar="ID", type=click.IntRange(0, 2**63 - 1))
def trash_restore(name: str, item_id: int, **flags: Any) -> None:
    """Put an item back where it was; “list” shows the ids."""
    with opened(flags) as parts:
        path = parts.library.trash.restore(_manager(parts, name), name, item_id)
    click.echo("/".join(path))


def _manager(parts: wiring.Parts, name: str) -> Principal:
    """Act as a manager of the space: who may run commands on the server may do what its managers may."""
    for member in parts.library.spaces.members(name):
        if member.role >= Role.MANAGER:
            return Principal(member.account_id, member.name, admin=False, credential_id=None, device="davgallery trash")
    raise NotFound(f"The space “{name}” has no manager: grant somebody that role first.")
