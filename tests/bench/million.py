"""A catalogue of a million photographs, written straight into the tables of an SQLite database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import make_url

from gateway.catalogue import Catalogue
from gateway.catalogue.models import Base
from gateway.library import library
from gateway.library.cells import cell
from gateway.library.values import Principal, Role
from gateway.store.keys import RENDITIONS
from gateway.store.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.library.library import Library

EPOCH = date(1970, 1, 1)
LARGE_DAY = date(2016, 8, 20)
"""A day with 15,000 of a million photographs, in a month with 70,000."""
_FIRST_DAY = (date(2004, 1, 1) - EPOCH).days
_DAYS = 20 * 365
_DAY = 86_400 * 1_000_000
_BATCH = 50_000
_CAMERAS = (
    ("Apple", "iPhone 6"), ("Apple", "iPhone 12"), ("Canon", "Canon EOS 5D Mark III"), ("NIKON", "NIKON D750"),
    ("SONY", "ILCE-7M3"), ("FUJIFILM", "X-T3"), ("samsung", "SM-G991B"), (None, None),
)  # fmt: skip
_LENSES = (None, "iPhone 12 back camera 4.2mm f/1.6", "EF24-70mm f/2.8L II USM", "XF35mmF1.4 R", "FE 85mm F1.8")


class Million(NamedTuple):
    """A library over such a catalogue, and somebody who sees all of it: in a space of their own, and in another."""

    library: Library
    catalogue: Catalogue
    principal: Principal


def fill(folder: Path, count: int) -> Million:
    """Make a catalogue in an empty folder with so many photographs, the same ones each time."""
    file = folder / "catalogue.sqlite3"
    catalogue = Catalogue(make_url(f"sqlite:///{file}"))
    Base.metadata.create_all(catalogue.engine)
    made = library.build(catalogue, LocalStore(folder / "objects"), instance="bench", default_quota=1 << 50)
    account = made.accounts.add("admin", password="correct horse battery")
    made.spaces.add("family")
    made.spaces.grant("family", "admin", Role.VIEWER)
    spaces = [made.spaces.find(name) for name in ("admin", "family")]
    with closing(sqlite3.connect(file)) as connection:
        for pragma in ("synchronous=OFF", "foreign_keys=OFF", "cache_size=-200000"):
            connection.execute(f"PRAGMA {pragma}")
        _write(connection, _photographs(spaces, count), spaces)
        connection.execute("ANALYZE")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Million(made, catalogue, Principal(account, "admin", admin=False, credential_id=None, device="bench"))


def _days(count: int) -> Iterator[int]:
    """The days of so many photographs, oldest first: 15 of 1,000 on one day, 55 more in its month, else 20 years."""
    large = (LARGE_DAY - EPOCH).days
    month = large - LARGE_DAY.day + 1
    most, more = count * 15 // 1000, count * 55 // 1000
    rest = count - most - more
    days = [_FIRST_DAY + number * _DAYS // rest for number in range(rest)]
    days += [large] * most + [month + number % 31 for number in range(more)]
    yield from sorted(days)


class _Photograph(NamedTuple):
    blob: tuple[Any, ...]
    entry: tuple[Any, ...]
    media: tuple[Any, ...]
    photo: tuple[Any, ...]
    renditions: tuple[Any, ...]


def _photographs(spaces: list[Any], count: int) -> Iterator[_Photograph]:
    chance = Random(1)
    towns = [(chance.uniform(-50, 65), chance.uniform(-170, 170)) for _ in range(300)]
    for number, day in enumerate(_days(count), 1):
        space = spaces[number % 10 < 3].id
        town = int(300 * chance.random() ** 3)
        is_placed = number % 5 < 3
        latitude, longitude = (
            (towns[town][0] + chance.gauss(0, 0.02), towns[town][1] + chance.gauss(0, 0.02))
            if is_placed else (None, None)
        )  # fmt: skip
        where = cell(latitude or 0, longitude or 0) if is_placed else None
        taken = day * _DAY + chance.randrange(_DAY)
        added = taken + 7 * _DAY
        kind = "video" if number % 20 == 0 else "image"
        camera = _CAMERAS[int(len(_CAMERAS) * chance.random() ** 2)]
        lens = _LENSES[number % len(_LENSES)]
        folder = 1_000_000_000 + space * 10_000 + day // 30
        entry = 10_000 + number
        exposure = (1 / 250, (1.6, 2.8, 5.6)[number % 3], (100, 400, 1600)[number % 3], (4.2, 35.0, 85.0)[number % 3])
        rating = 1 + number // 10 % 5 if number % 10 == 0 else None
        form = "mov" if kind == "video" else "jpeg"
        place = town + 1 if is_placed else None
        duration = 15_000 if kind == "video" else None
        tags = '["beach", "holidays"]' if number % 100 == 0 else "[]"
        yield _Photograph(
            (entry, f"k/{number}", 4_000_000 + number % 997, f"{number:064x}", f"{number:040x}", True, added),
            (entry, folder, f"IMG_{number:07}.{form}", f"IMG_{number:07}.{form}", False, entry, added, added),
            (
                entry, kind, form, 4000, 3000, duration, 1, "original", taken, latitude, longitude, place, *camera,
                lens, *exposure, rating, tags, number.to_bytes(25, "big"),
            ),
            (
                entry, space, folder, entry, 0, day, taken, 120, "original", added, (133, 75, 150)[number % 3],
                kind, 0, duration, latitude, longitude, where, place, rating,
            ),
            (f"{number:064x}", f"{RENDITIONS}{number % 256:02x}/{number:064x}~{number:012}.webps", 40_000, "[]"),
        )  # fmt: skip


_INSERTS = tuple(
    f"INSERT INTO {table} ({columns}) VALUES ({','.join('?' * (columns.count(',') + 1))})"
    for table, columns in (
        ("blob", "id, key, size, sha256, sha1, media, created"),
        ("entry", "id, parent_id, name, name_key, is_folder, blob_id, created, modified"),
        (
            "media",
            (
                "blob_id, kind, format, width, height, duration, frames, date_rule, wall, latitude, longitude,"
                " place_id, make, model, lens, exposure_time, aperture, iso, focal_length, rating, tags, thumbhash"
            ),
        ),
        (
            "photo",
            (
                "entry_id, space_id, folder_id, blob_id, stacked, day, taken, utc_offset, date_rule, added, ratio,"
                " kind, flags, duration, latitude, longitude, cell, place_id, rating"
            ),
        ),
        ("rendition_set", "sha256, key, size, pictures"),
    )
)
_COUNT = (
    "INSERT INTO day_count (space_id, day, n, ratio_sum, seq)"
    " SELECT space_id, day, count(*), sum(ratio), 1 FROM photo GROUP BY space_id, day"
)


_SAME = " AND ".join(f"traits.{name} IS media.{name}" for name in ("make", "model", "lens", "format", "tags"))
_TRAITS = (
    (
        "INSERT INTO traits (digest, make, model, lens, format, tags)"
        " SELECT row_number() OVER (), * FROM (SELECT DISTINCT make, model, lens, format, tags FROM media)"
    ),
    f"UPDATE media SET traits_id = (SELECT id FROM traits WHERE {_SAME})",
    "UPDATE photo SET traits_id = (SELECT traits_id FROM media WHERE media.blob_id = photo.blob_id)",
)
_COUNTS = tuple(
    f"INSERT INTO photo_count (space_id, what, key, n) SELECT space_id, '{what}', {key} AS k, count(*) FROM photo"
    " WHERE k IS NOT NULL GROUP BY space_id, k"
    for what, key in (
        ("form", "(kind = 'video') * 65536 + flags * 16 + coalesce(rating, 0)"),
        ("folder", "folder_id"),
        ("place", "place_id"),
        ("traits", "traits_id"),
    )
)


def _write(connection: sqlite3.Connection, photographs: Iterator[_Photograph], spaces: list[Any]) -> None:
    places = [
        (number, f"Town {number}", f"Region {number % 40}", f"Country {number % 12}", "XX") for number in range(1, 301)
    ]
    connection.executemany("INSERT INTO place VALUES (?,?,?,?,?)", places)
    while batch := list(islice(photographs, _BATCH)):
        for insert, rows in zip(_INSERTS, zip(*batch, strict=True), strict=True):
            connection.executemany(insert, rows)
    roots = {space.id: space.root_id for space in spaces}
    folders = [row[0] for row in connection.execute("SELECT DISTINCT folder_id FROM photo")]
    months = [(one, roots[(one - 1_000_000_000) // 10_000], one % 10_000) for one in folders]
    month = [(one, root, _month(number), _month(number)) for one, root, number in months]
    connection.executemany(
        "INSERT INTO entry (id, parent_id, name, name_key, is_folder, created, modified) VALUES (?,?,?,?,1,1,1)", month
    )
    connection.execute(_COUNT)
    for statement in (*_TRAITS, *_COUNTS):
        connection.execute(statement)
    connection.execute("UPDATE space SET seq = 1")


def _month(number: int) -> str:
    return (EPOCH + timedelta(days=30 * number)).isoformat()
