"""Playable copies, made by the real encoder in its process: what it may use, and what ends it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import av
import psutil
import pytest

from gateway.errors import NotFound
from gateway.library.playables import Stage
from indexer.encoding import Encoder, Stopped, is_possible
from indexer.sandbox import Sandbox
from indexer.worker import Worker
from tests.indexer.clips import clip, noise
from tests.library.conftest import (
    _cheap_passwords,
    _furnished_postgres,
    _furnished_sqlite,
    catalogue,
    house,
    house_over_minio,
)
from tests.repository.source import ROOT
from tests.support.photographs import photograph
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.library.pictures import Original
    from tests.library.house import House

_FIXTURES = (_cheap_passwords, _furnished_postgres, _furnished_sqlite, catalogue, house, house_over_minio)


def nothing() -> None:
    """What else there is to do."""


def encoder_of(house: House, folder: Path, **options: int) -> Encoder:
    return Encoder(house.library.encodings, folder / "temp", "here/1/", **options)


def asked(house: House, source: Path) -> int:
    """Upload a video that browsers do not play, have it indexed, and ask for a copy; its id."""
    photo = house.put("alice/a.mkv", source.read_bytes()).entry.id
    with Sandbox() as sandbox:
        worker = Worker(house.library, sandbox, encoder_of(house, source.parent), "here/1/")
        while worker.work():
            pass
    assert house.library.playables.ask(house.alice, photo).stage == Stage.WAITING
    return photo


def short(folder: Path, frames: int = 30) -> Path:
    return clip(folder / "a.mkv", codec="libx265", pixels="yuv420p10le", sound="libopus", frames=frames)


def long(folder: Path) -> Path:
    """A video that takes seconds to copy."""
    tiles = [noise(number, 80, 45).repeat(16, axis=0).repeat(16, axis=1) for number in range(5)]
    return clip(folder / "a.mkv", size=(1280, 720), frames=100, picture=lambda number, *_: tiles[number % 5])


def stage(house: House, photo: int) -> Stage:
    return house.library.playables.state(house.alice, photo).stage


def copied(opened: Original, folder: Path) -> Path:
    path = folder / "copy.mp4"
    path.write_bytes(b"".join(opened.read(0, opened.size)))
    return path


def encoders() -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if "indexer.encoder" in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def test_a_copy_that_was_asked_for_is_made_and_plays(house_over_minio: House, tmp_path: Path) -> None:
    house = house_over_minio
    photo = asked(house, short(tmp_path))
    assert encoder_of(house, tmp_path).work(nothing)
    assert stage(house, photo) == Stage.READY
    with av.open(str(copied(house.library.playables.open(house.alice, photo), tmp_path))) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert container.streams.audio[0].codec_context.name == "aac"
        assert sum(1 for _ in container.decode(video=0)) == 30
    assert [one.name for one in (tmp_path / "temp").iterdir()] == ["encoding.lock"]
    assert encoders() == []


def test_there_is_nothing_to_do_before_somebody_asks(house: House, tmp_path: Path) -> None:
    assert is_possible()
    assert not encoder_of(house, tmp_path).work(nothing)


def test_a_worker_without_an_encoder_claims_nothing(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = asked(house, short(tmp_path))
    monkeypatch.setattr("indexer.encoding.is_possible", lambda: False)
    assert not encoder_of(house, tmp_path).work(nothing)
    assert stage(house, photo) == Stage.WAITING


def test_one_copy_is_made_at_a_time_on_a_machine(house: House, tmp_path: Path) -> None:
    photo = asked(house, short(tmp_path))
    encoder = encoder_of(house, tmp_path)
    with encoder._alone() as is_alone:
        assert is_alone
        assert not encoder.work(nothing)
    assert stage(house, photo) == Stage.WAITING
    assert encoder.work(nothing)


def test_what_is_no_video_inside_fails_with_a_reason(house: House, tmp_path: Path) -> None:
    photo = asked(house, short(tmp_path))
    key = house.rows("SELECT key FROM blob")[0][0]
    stored = next(path for path in tmp_path.rglob("*") if path.name == key.rpartition("/")[2])
    stored.write_bytes(b"x" * stored.stat().st_size)
    assert encoder_of(house, tmp_path).work(nothing)
    state = house.library.playables.state(house.alice, photo)
    assert (state.stage, state.error) == (Stage.FAILED, "There is no video in it that can be read.")


def test_too_little_memory_is_a_reason_and_the_next_copy_is_made(house: House, tmp_path: Path) -> None:
    photo = asked(house, long(tmp_path))
    assert encoder_of(house, tmp_path, memory=130 << 20).work(nothing)
    state = house.library.playables.state(house.alice, photo)
    assert state.stage == Stage.FAILED
    house.library.playables.ask(house.alice, photo)
    assert encoder_of(house, tmp_path).work(nothing)
    assert stage(house, photo) == Stage.READY


def test_bytes_that_are_missing_are_looked_for_three_times(house: House, tmp_path: Path) -> None:
    photo = asked(house, short(tmp_path))
    house.store.delete([house.rows("SELECT key FROM blob")[0][0]])
    for _ in range(3):
        assert encoder_of(house, tmp_path).work(nothing)
        house.execute("UPDATE playable SET due = 0 WHERE due IS NOT NULL")
    assert stage(house, photo) == Stage.FAILED


def test_a_copy_leaves_room_on_the_disk_and_is_given_up_in_the_end(house: House, tmp_path: Path) -> None:
    photo = asked(house, long(tmp_path))
    for _ in range(3):
        assert stage(house, photo) == Stage.WAITING
        assert encoder_of(house, tmp_path, reserve=1 << 62).work(nothing)
        house.execute("UPDATE playable SET due = 0 WHERE due IS NOT NULL")
    state = house.library.playables.state(house.alice, photo)
    assert (state.stage, state.error) == (Stage.FAILED, "The disk for conversions has no room.")
    assert encoders() == []


def test_a_killed_encoder_is_no_judgement_while_there_are_other_tries(house: House, tmp_path: Path) -> None:
    photo = asked(house, long(tmp_path))

    def kill() -> None:
        for process in encoders():
            with suppress(psutil.NoSuchProcess):
                if process.parent() != psutil.Process():
                    process.kill()

    assert encoder_of(house, tmp_path).work(kill)
    assert stage(house, photo) == Stage.WAITING
    house.execute("UPDATE playable SET due = 0")
    assert encoder_of(house, tmp_path).work(nothing)
    assert stage(house, photo) == Stage.READY


def test_who_is_told_to_stop_leaves_the_copy_to_others(house: House, tmp_path: Path) -> None:
    photo = asked(house, long(tmp_path))

    def stop() -> None:
        raise Stopped

    began = time.monotonic()
    assert encoder_of(house, tmp_path).work(stop)
    assert time.monotonic() - began < 10
    assert stage(house, photo) == Stage.WAITING
    assert encoders() == []
    again = house.library.encodings.claim("other/")
    assert again is not None
    assert again.tries == 1


def test_photographs_that_arrive_while_a_copy_is_made_are_indexed_first(house: House, tmp_path: Path) -> None:
    photo = asked(house, long(tmp_path))
    indexed_at: list[Stage] = []
    with Sandbox() as sandbox:
        worker = Worker(
            house.library,
            sandbox,
            encoder_of(house, tmp_path),
            "here/1/",
            lambda _outcome, _seconds: indexed_at.append(stage(house, photo)),
        )
        done = threading.Thread(target=worker.turn, args=(time.sleep, lambda: False))
        done.start()
        wait_until(lambda: stage(house, photo) == Stage.RUNNING, seconds=30)
        house.put("alice/b.jpg", photograph(1))
        done.join(120)
    assert indexed_at == [Stage.RUNNING]
    assert stage(house, photo) == Stage.READY


def test_a_video_purged_while_it_is_encoded_ends_its_encoder(house: House, tmp_path: Path) -> None:
    photo = asked(house, long(tmp_path))

    def purge() -> None:
        if house.exists("alice/a.mkv"):
            house.delete("alice/a.mkv")
            house.library.trash.purge(house.alice, "alice", house.trashed()["a.mkv"])

    assert encoder_of(house, tmp_path).work(purge)
    with pytest.raises(NotFound):
        house.library.playables.state(house.alice, photo)
    house.collect_garbage()
    assert house.objects() == set()
    assert encoders() == []


_KILLED = """
import sys
from pathlib import Path
from sqlalchemy import make_url
from gateway.catalogue import Catalogue
from gateway.library.library import build
from gateway.store.local import LocalStore
from indexer.encoding import Encoder
url, objects, temp = sys.argv[1:]
library = build(Catalogue(make_url(url)), LocalStore(Path(objects)), instance="x", default_quota=1)
Encoder(library.encodings, Path(temp), "here/2/").work(lambda: None)
"""


def test_a_worker_killed_in_the_middle_leaves_a_copy_that_the_next_one_makes(
    house: House, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    photo = asked(house, long(tmp_path))
    url = house.catalogue.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", _KILLED, url, str(tmp_path / "objects"), str(tmp_path / "temp")]
    with subprocess.Popen(command, cwd=ROOT) as worker:
        try:
            wait_until(lambda: house.library.playables.state(house.alice, photo).progress > 0, seconds=60)
        finally:
            left = psutil.Process(worker.pid).children(recursive=True)
            worker.kill()
    assert left
    wait_until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in left), seconds=20)
    assert [one.name for one in (tmp_path / "temp").iterdir()] == ["encoding.lock"]
    assert stage(house, photo) == Stage.RUNNING
    assert not encoder_of(house, tmp_path).work(nothing)
    house.library.jobs.give_back_of("here/2/")
    assert encoder_of(house, tmp_path).work(nothing)
    assert stage(house, photo) == Stage.READY
