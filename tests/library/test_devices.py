"""Connecting a device: its password, and what is heard of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.errors import NotFound, QuotaExceeded
from gateway.library.devices import Heard
from tests.library.house import QUOTA, House, noise
from tests.library.pictures import picture

if TYPE_CHECKING:
    from gateway.library.devices import Device
    from gateway.library.values import Principal


def connected(house: House, device: Device) -> Principal:
    """Who comes with the device's password."""
    return house.library.accounts.authenticate("alice", device.password, address="192.0.2.1", device="PhotoSync/7")


def test_a_device_is_heard_of_when_its_password_is_used(house: House) -> None:
    devices = house.library.devices
    phone = devices.add(house.alice, "iPhone")
    assert devices.heard(house.alice, phone.id, phone.since) == Heard(
        "iPhone", has_come=False, files=0, photos=0, refusal=None
    )
    assert connected(house, phone).device == "iPhone"
    assert devices.heard(house.alice, phone.id, phone.since) == Heard(
        "iPhone", has_come=True, files=0, photos=0, refusal=None
    )


def test_what_came_from_the_device_since_is_counted_once(house: House) -> None:
    house.put("alice/before.jpg", picture(day=1), house.alice)
    devices = house.library.devices
    phone, other = (devices.add(house.alice, name) for name in ("iPhone", "Mac"))
    who, elsewhere = connected(house, phone), connected(house, other)
    house.put("alice/empty.jpg", b"", who)  # as Finder begins a file
    house.put("alice/empty.jpg", picture(day=2), who)
    house.put("alice/b.jpg", picture(day=3), who)
    house.put("alice/notes.txt", b"notes", who)
    house.put("alice/mac.jpg", picture(day=4), elsewhere)
    assert devices.heard(house.alice, phone.id, phone.since)[2:4] == (3, 2)
    assert devices.heard(house.alice, other.id, phone.since)[2:4] == (1, 1)


def test_why_nothing_arrives_is_said(house: House) -> None:
    devices = house.library.devices
    phone = devices.add(house.alice, "iPhone")
    who = connected(house, phone)
    with pytest.raises(QuotaExceeded):
        house.put("alice/large.jpg", noise(QUOTA + 1), who)
    assert devices.heard(house.alice, phone.id, phone.since).refusal == "QuotaExceeded"


def test_nobody_hears_of_the_devices_of_others(house: House) -> None:
    phone = house.library.devices.add(house.alice, "iPhone")
    with pytest.raises(NotFound):
        house.library.devices.heard(house.bob, phone.id, phone.since)
    (password,) = (one for one in house.library.accounts.credentials("alice") if one.kind == "password")
    with pytest.raises(NotFound):
        house.library.devices.heard(house.alice, password.id, 0)
