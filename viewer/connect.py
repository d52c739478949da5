"""Connecting a device: which one, a password for it alone, what to enter where, and whether it has come."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from flask import Blueprint, g, jsonify, render_template, request, url_for
from werkzeug.exceptions import NotFound

from viewer import security
from viewer.addresses import address
from viewer.languages import lazy_gettext

if TYPE_CHECKING:
    from flask_babel.speaklater import LazyString
    from werkzeug.wrappers import Response

    from gateway.library.devices import Heard
    from viewer.addresses import Address

blueprint = Blueprint("connect", __name__, url_prefix="/connect")


class Kind(NamedTuple):
    """A kind of device."""

    key: str
    """In addresses, and the name of its template."""
    label: LazyString | str
    note: LazyString
    """How it connects."""
    name: LazyString | str
    """What the device is called unless its person calls it otherwise."""
    icon: str
    is_phone: bool = False


KINDS = (
    Kind(
        "iphone",
        lazy_gettext("iPhone or iPad"),
        lazy_gettext("With the app PhotoSync"),
        lazy_gettext("iPhone"),
        "smartphone",
        is_phone=True,
    ),
    Kind(
        "android",
        lazy_gettext("Android"),
        lazy_gettext("With FolderSync, PhotoSync or Round Sync"),
        lazy_gettext("Android phone"),
        "tablet-smartphone",
        is_phone=True,
    ),
    Kind("mac", lazy_gettext("Mac"), lazy_gettext("In Finder"), lazy_gettext("Mac"), "laptop"),
    Kind("windows", lazy_gettext("Windows"), lazy_gettext("As a network drive"), lazy_gettext("Windows PC"), "monitor"),
    Kind("linux", lazy_gettext("Linux"), lazy_gettext("In Files or Dolphin"), lazy_gettext("Linux PC"), "monitor"),
    Kind("davfs2", "davfs2", lazy_gettext("As a folder on Linux"), lazy_gettext("Linux PC"), "hard-drive"),
    Kind("rclone", "rclone", lazy_gettext("On the command line, verified"), "rclone", "terminal"),
    Kind(
        "other",
        lazy_gettext("Another app"),
        lazy_gettext("Lightroom, cameras, anything with WebDAV"),
        lazy_gettext("My app"),
        "plug",
    ),
)
_BY_KEY = {kind.key: kind for kind in KINDS}
_REFUSALS = {
    "QuotaExceeded": lazy_gettext("The space is full."),
    "StoreFull": lazy_gettext("The server’s disk is full."),
    "TooLarge": lazy_gettext("The file is larger than this space allows."),
    "UnsupportedType": lazy_gettext("This space takes photographs and videos only."),
    "ChecksumMismatch": lazy_gettext("The file was damaged on its way."),
}


@blueprint.get("")
def page() -> Response | str:
    """Every kind of device; with ``device``, what one needs; with ``credential``, one that has its password."""
    if g.principal is None:
        return security.to_sign_in()
    kind = _BY_KEY.get(request.args.get("device", ""))
    if kind is None:
        return render_template("connect/kinds.html", kinds=KINDS, where=address())
    device = request.args.get("credential", type=int)
    if device is None:
        return _asking(kind)
    since = request.args.get("since", 0, type=int)
    return _steps(kind, device, since, security.library().devices.heard(g.principal, device, since), None)


@blueprint.post("")
def add() -> str:
    """Make the password, and show it this once, with what to do."""
    principal, kind = security.principal(), _kind()
    name = request.form.get("name", "").strip() or _free_name(kind)
    devices = security.library().devices
    device = devices.add(principal, name)
    return _steps(kind, device.id, device.since, devices.heard(principal, device.id, device.since), device.password)


@blueprint.post("/link")
def link() -> str:
    """Show a code that opens this page on a phone, for it alone."""
    principal, kind = security.principal(), _kind()
    made = security.library().invitations.connect(principal)
    path = url_for("auth.invitation", token=made.token, device=kind.key)
    where = address()
    return _asking(kind, link=f"{where.scheme}://{where.netloc}{path}")


@blueprint.get("/heard")
def heard() -> Response:
    """What has come from a device so far: answered at once, asked for again and again."""
    device, since = request.args.get("credential", 0, type=int), request.args.get("since", 0, type=int)
    found = security.library().devices.heard(security.principal(), device, since)
    return jsonify(come=found.has_come, files=found.files, photos=found.photos, refusal=_refusal(found))


def _kind() -> Kind:
    kind = _BY_KEY.get(request.form.get("device", ""))
    if kind is None:
        raise NotFound
    return kind


def _asking(kind: Kind, **values: object) -> str:
    return render_template("connect/device.html", kind=kind, proposal=_free_name(kind), where=address(), **values)


def _steps(kind: Kind, device: int, since: int, heard: Heard, password: str | None) -> str:
    where, user = address(), g.principal.name
    return render_template(
        "connect/steps.html",
        kind=kind,
        device=device,
        since=since,
        heard=heard,
        refusal=_refusal(heard),
        password=password,
        where=where,
        user=user,
        commands=_commands(where, user, password or "PASSWORD"),
    )


def _commands(where: Address, user: str, password: str) -> dict[str, str]:
    """What is typed into a shell, quoted for it."""
    q, dav = shlex.quote, where.dav
    signing_in = f"{q(f'user={user}')} {q(f'pass={password}')}"
    windows = f'"{user}"' if " " in user else user
    return {
        "rclone": f"rclone config create photos webdav url={dav} vendor=owncloud {signing_in}",
        "rclone_copy": f"rclone copy ~/Pictures {q(f'photos:{user}/Pictures')} --progress",
        "davfs2_secret": f"echo {q(f'{dav} {_davfs2(user)} {password}')} | sudo tee -a /etc/davfs2/secrets >/dev/null",
        "davfs2_mount": f"sudo mkdir -p /mnt/photos && sudo mount -t davfs -o uid=$(id -u) {dav} /mnt/photos",
        "windows_drive": f"net use P: {dav} /user:{windows} {password} /persistent:yes",
        "curl": f"curl -u {q(f'{user}:{password}')} -T photo.jpg {where.of(user)}",
    }


def _davfs2(text: str) -> str:
    """A word of the file of davfs2's secrets."""
    return f'"{text}"' if " " in text else text


def _free_name(kind: Kind) -> str:
    """A name that none of the person's devices has: what comes from them is told apart by it."""
    taken = {one.label for one in security.library().profiles.devices(g.principal)}
    names = [str(kind.name), *(f"{kind.name} {number}" for number in range(2, len(taken) + 2))]
    return next(name for name in names if name not in taken)


def _refusal(heard: Heard) -> str | None:
    """Why an upload did not arrive, as a sentence."""
    return None if heard.refusal is None else str(_REFUSALS.get(heard.refusal, ""))
