"""A catalogue of the first version, with photographs in it, under this one."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import requests
from alembic import command
from sqlalchemy import make_url

from gateway.catalogue import Catalogue
from gateway.catalogue.schema import _config
from tests.components.gateway import Gateway
from tests.support.photographs import MODEL, microseconds_of, photograph
from tests.support.waiting import wait_until

SIDECAR = (
    b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    b"<rdf:Description xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Rating='4'/>"
    b"</rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
)


def make_older(file: Path, revision: str) -> None:
    """Turn a catalogue into one of an earlier version, with everything that its tables have room for."""
    older = file.with_name("older.sqlite3")
    with closing(Catalogue(make_url(f"sqlite:///{older}"))) as catalogue, catalogue.engine.connect() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
    with closing(sqlite3.connect(older, isolation_level=None)) as database:
        database.execute("ATTACH ? AS newer", (str(file),))
        tables = [row[0] for row in database.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
        for table in tables:
            if table == "alembic_version":
                continue
            known = {row[1] for row in database.execute(f'PRAGMA newer.table_info("{table}")')}
            shared = [row[1] for row in database.execute(f'PRAGMA main.table_info("{table}")') if row[1] in known]
            columns = ", ".join(f'"{name}"' for name in shared)
            database.execute(f'DELETE FROM main."{table}"')
            database.execute(f'INSERT INTO main."{table}" ({columns}) SELECT {columns} FROM newer."{table}"')
        database.execute("DETACH newer")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for left in file.parent.glob(f"{file.name}*"):
        left.unlink()
    older.rename(file)


def test_photographs_of_the_first_version_are_indexed_by_this_one(start_gateway: Callable[..., Gateway]) -> None:
    indexers = ["--indexers", "0"]
    gateway = start_gateway(workers=1, arguments=indexers)
    auth = ("admin", gateway.admin_password)
    files = {f"{number}.jpg": photograph(number) for number in range(4)} | {"2.jpg.xmp": SIDECAR, "words.txt": b"words"}
    for name, content in files.items():
        requests.put(gateway.dav(f"admin/{name}"), data=content, auth=auth, timeout=20).raise_for_status()
    requests.put(gateway.dav("admin/3.jpg.xmp"), data=SIDECAR + b"\n", auth=auth, timeout=20).raise_for_status()
    requests.delete(gateway.dav("admin/3.jpg.xmp"), auth=auth, timeout=20).raise_for_status()
    gateway.stop()
    catalogue = gateway.data / "catalogue.sqlite3"
    make_older(catalogue, "0001")
    with closing(sqlite3.connect(catalogue)) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        assert database.execute("SELECT count(*) FROM blob").fetchall() == [(7,)]

    indexers[1] = "1"
    gateway.start()

    def rows(statement: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(catalogue)) as opened:
            return opened.execute(statement).fetchall()

    wait_until(lambda: rows("SELECT count(*) FROM blob WHERE due IS NOT NULL") == [(0,)], seconds=60)
    photos = rows(
        "SELECT e.name, p.taken, m.model, p.rating FROM photo p JOIN entry e ON e.id = p.entry_id"
        " JOIN media m ON m.blob_id = p.blob_id ORDER BY e.name"
    )
    ratings = {2: 4}
    assert photos == [(f"{number}.jpg", microseconds_of(number), MODEL, ratings.get(number)) for number in range(4)]
    assert rows("SELECT count(*) FROM rendition_set") == [(4,)]
    assert rows("SELECT count(*) FROM media WHERE kind = 'sidecar'") == [(2,)], "one of them is in the trash"
    for name, content in files.items():
        answer = requests.get(gateway.dav(f"admin/{name}"), auth=auth, timeout=20)
        assert answer.content == content
    assert gateway.run("check").returncode == 0
