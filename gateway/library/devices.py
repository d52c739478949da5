"""Connecting a device: a password of its own, and whether anything has been heard of it since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import devices as devices_sql
from gateway.errors import NotFound
from gateway.library import accounts, passwords

if TYPE_CHECKING:
    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.values import Principal

_MOST_CHANGES = 10_000
"""Of everybody, that are looked through: who waits for a device has left long before there are more."""


class Device(NamedTuple):
    """A device that got a password."""

    id: int
    """Its credential."""
    password: str
    """Told once; only a hash of it is kept."""
    since: int
    """The last change before it: what comes from the device comes after this."""


class Heard(NamedTuple):
    """What is known of a device that may have connected."""

    label: str
    """What its person calls it."""
    has_come: bool
    """Whether its password was used."""
    files: int
    """That came from it."""
    photos: int
    """Photographs and videos among these."""
    refusal: str | None
    """Why its last upload that did not arrive was refused: the name of the error, as QuotaExceeded."""


@dataclass(frozen=True, slots=True)
class Devices:
    """Each method is for devices of the principal's own account."""

    catalogue: Catalogue

    def add(self, principal: Principal, label: str) -> Device:
        """Make a password for a device, called ``label``; Conflict when there are as many as an account may have."""

        def work(tx: Transaction) -> Device:
            account = principal.account_id
            password = accounts.add_app_password(tx, account, label)
            digest = passwords.digest(password)
            device_id = tx.value(devices_sql.DEVICE_BY_SECRET, account=account, secret=digest)
            return Device(device_id, password, tx.value(devices_sql.LAST_CHANGE) or 0)

        return self.catalogue.write(work)

    def heard(self, principal: Principal, device_id: int, since: int) -> Heard:
        """What has come from a device after the change ``since``; NotFound."""
        account = principal.account_id
        with self.catalogue.read() as tx:
            row = tx.one(devices_sql.DEVICE, account=account, credential=device_id)
            if row is None:
                raise NotFound("There is no such device.")
            label, created, used = row
            if used is None:
                return Heard(label, has_come=False, files=0, photos=0, refusal=None)
            which = {"account": account, "device": label}
            files, photos = tx.all(devices_sql.ARRIVED, **which, since=since, most=_MOST_CHANGES)[0]
            refused = tx.one(devices_sql.REFUSED, **which, at=created)
            return Heard(label, has_come=True, files=files, photos=photos, refusal=refused[0] if refused else None)
