"""Transactions: short, durable, in turn, and repeated when the database asks for it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import make_url

from gateway.catalogue import Catalogue, Transaction
from gateway.catalogue.models import Base
from gateway.catalogue.statements import accounts as accounts_sql
from gateway.catalogue.statements import spaces as spaces_sql
from gateway.catalogue.statements import upkeep as upkeep_sql
from gateway.errors import CatalogueUnavailable
from tests.library.house import House, failures, together

if TYPE_CHECKING:
    from pathlib import Path

    from tests.components.postgres import Postgres


def test_a_transaction_is_undone_when_its_work_raises(catalogue: Catalogue) -> None:
    def work(tx: Transaction) -> None:
        tx.run(upkeep_sql.ADD_META, name="a", value="1")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        catalogue.write(work)
    with catalogue.read() as tx:
        assert tx.one(upkeep_sql.META, name="a") is None
    assert catalogue.run(upkeep_sql.ADD_META, name="a", value="2") == 1


def test_a_transaction_sees_what_it_wrote(catalogue: Catalogue) -> None:
    def work(tx: Transaction) -> Any:
        tx.run(upkeep_sql.ADD_META, name="a", value="1")
        return tx.value(upkeep_sql.META, name="a")

    assert catalogue.write(work) == "1"


def test_a_reader_sees_only_what_is_committed_and_never_waits(catalogue: Catalogue) -> None:
    def work(tx: Transaction) -> None:
        tx.run(upkeep_sql.ADD_META, name="a", value="1")
        with catalogue.read() as reader:
            assert reader.one(upkeep_sql.META, name="a") is None

    catalogue.write(work)


def test_each_statement_of_a_reader_sees_what_is_committed_by_then(catalogue: Catalogue) -> None:
    """No snapshot is held, so a slow reader holds up neither checkpoints nor vacuum."""
    with catalogue.read() as reader:
        assert reader.one(upkeep_sql.META, name="a") is None
        catalogue.run(upkeep_sql.ADD_META, name="a", value="1")
        assert reader.value(upkeep_sql.META, name="a") == "1"


@pytest.mark.parametrize("durable", [True, False])
def test_a_commit_waits_for_the_disk_only_where_it_must(catalogue: Catalogue, durable: bool) -> None:  # noqa: FBT001
    def work(tx: Transaction) -> str:
        name = "PRAGMA synchronous" if catalogue.is_sqlite else "SHOW synchronous_commit"
        return str(tx._cursor.execute(name).fetchone()[0])  # type: ignore[union-attr]

    expected = {True: "2", False: "1"} if catalogue.is_sqlite else {True: "on", False: "off"}
    if not catalogue.is_sqlite:
        catalogue = Catalogue(catalogue.url.set(query={}))  # the fixture's own URL is in a hurry
    assert catalogue.write(work, durable=durable) == expected[durable]
    assert catalogue.write(work) == expected[True]
    if not catalogue.is_sqlite:
        catalogue.close()


def test_work_in_one_space_is_done_in_turn(house: House) -> None:
    inside, most, lock = [0], [0], threading.Lock()
    space = house.space("alice").id

    def work(_: Transaction) -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(0.005)
        with lock:
            inside[0] -= 1

    assert failures(together([lambda: house.catalogue.write(work, space) for _ in range(6)])) == []
    assert most == [1]


def test_work_in_two_spaces_is_done_at_once_on_postgresql(house: House) -> None:
    meet = threading.Barrier(2)
    alice, bob = house.space("alice").id, house.space("bob").id

    def work(_: Transaction) -> bool:
        try:
            meet.wait(0.3)
        except threading.BrokenBarrierError:
            return False
        return True

    results = together([lambda: house.catalogue.write(work, alice), lambda: house.catalogue.write(work, bob)])
    assert results == [not house.catalogue.is_sqlite] * 2


def test_two_spaces_are_taken_in_one_order_whatever_order_they_are_named_in(house: House) -> None:
    alice, bob = house.space("alice").id, house.space("bob").id

    def work(_: Transaction) -> None:
        time.sleep(0.001)

    jobs = [lambda: [house.catalogue.write(work, alice, bob) for _ in range(20)]] * 2
    jobs += [lambda: [house.catalogue.write(work, bob, alice) for _ in range(20)]] * 2
    assert failures(together(jobs)) == []


def test_a_transaction_that_meets_a_taken_name_is_run_again(catalogue: Catalogue) -> None:
    """Both look, both see nothing, both insert: on PostgreSQL the second one looks again."""
    meet = threading.Barrier(2)

    def work(tx: Transaction) -> str:
        if tx.one(upkeep_sql.META, name="a") is not None:
            return "found"
        with contextlib.suppress(threading.BrokenBarrierError):
            meet.wait(0.3)
        tx.run(upkeep_sql.ADD_META, name="a", value="1")
        return "made"

    results = together([lambda: catalogue.write(work)] * 2)
    assert sorted(results) == ["found", "made"]


def test_a_transaction_that_never_gets_through_says_that_the_database_is_busy(catalogue: Catalogue) -> None:
    tries = []

    def work(_: Transaction) -> None:
        tries.append(1)
        raise psycopg.errors.SerializationFailure

    with pytest.raises(CatalogueUnavailable):
        catalogue.write(work)
    assert len(tries) == 4


def test_a_broken_rule_of_the_tables_is_no_busy_database(house: House) -> None:
    """Sums below zero are a mistake of ours: hiding it as 503 would have clients try for ever."""
    with pytest.raises(Exception, match="space_sums"):
        house.catalogue.run(spaces_sql.RELEASE_BYTES, space=house.space("alice").id, size=1)
    assert house.sums().held == 0


def test_a_database_that_goes_away_is_unavailable_and_used_again_when_it_is_back(postgres: Postgres) -> None:
    url = postgres.fresh_database()
    catalogue = Catalogue(make_url(url))
    with catalogue.read() as tx:
        assert tx.value(upkeep_sql.CLOCK) > 0
    postgres.execute(f"ALTER DATABASE {catalogue.url.database} ALLOW_CONNECTIONS false")
    ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{catalogue.url.database}'"
    postgres.execute(ended)
    for _ in range(3):
        with pytest.raises(CatalogueUnavailable), catalogue.read() as tx:
            tx.value(upkeep_sql.CLOCK)
        with pytest.raises(CatalogueUnavailable):
            catalogue.write(lambda tx: tx.value(upkeep_sql.CLOCK))
    postgres.execute(f"ALTER DATABASE {catalogue.url.database} ALLOW_CONNECTIONS true")
    with catalogue.read() as tx:
        assert tx.value(upkeep_sql.CLOCK) > 0
    assert catalogue.write(lambda tx: tx.value(upkeep_sql.CLOCK)) > 0
    catalogue.close()
    postgres.drop_database(url)


def test_a_sqlite_catalogue_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    catalogue = Catalogue(make_url(f"sqlite:///{tmp_path}/missing/catalogue.sqlite3"))
    with pytest.raises(CatalogueUnavailable), catalogue.read() as tx:
        tx.value(upkeep_sql.CLOCK)


def test_a_clock_of_the_database_is_the_time_in_microseconds(catalogue: Catalogue) -> None:
    with catalogue.read() as tx:
        assert abs(tx.value(upkeep_sql.CLOCK) - time.time() * 1e6) < 60e6


def test_ids_are_never_given_twice(catalogue: Catalogue) -> None:
    def make(tx: Transaction) -> int:
        account: int = tx.value(accounts_sql.ADD_ACCOUNT, admin=False, created=1)
        tx.run(accounts_sql.DELETE_ACCOUNT, account=account)
        return account

    made = [catalogue.write(make) for _ in range(5)]
    assert len(set(made)) == 5
    assert made == sorted(made)


def test_more_threads_than_connections_wait_for_their_turn(catalogue: Catalogue) -> None:
    catalogue.run(upkeep_sql.ADD_META, name="n", value="x")
    results = together([lambda: catalogue.write(lambda tx: tx.value(upkeep_sql.META, name="n"))] * 40)
    assert results == ["x"] * 40


def test_processes_that_write_to_one_sqlite_file_take_turns(tmp_path: Path) -> None:
    """SQLite's own waiting polls and starves somebody for seconds."""
    url = f"sqlite:///{tmp_path}/catalogue.sqlite3"
    with closing(Catalogue(make_url(url))) as catalogue:
        Base.metadata.create_all(catalogue.engine)
        words = [sys.executable, "-m", "tests.catalogue.writer", url]
        processes = [subprocess.Popen([*words, str(n)], stdout=subprocess.PIPE, text=True) for n in range(3)]
        worst = [float(process.communicate(timeout=60)[0]) for process in processes]
        with catalogue.read() as tx:
            assert tx.value(upkeep_sql.META, name="2-59") == ""
    assert max(worst) < 2
