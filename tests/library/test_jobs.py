"""Jobs: every blob is indexed once, whatever dies meanwhile."""

from __future__ import annotations

import json
import random
import threading
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import NotFound
from gateway.library.extracted import Extracted
from gateway.library.jobs import LEASE, Job, _spaces
from tests.library.house import House, at, failures, noise, together
from tests.library.pictures import found_in, index, picture, renditions
from tests.library.test_photos import days, photos

if TYPE_CHECKING:
    from gateway.library.jobs import Jobs


def claim(house: House, worker: str = "w/") -> Job:
    job = house.library.jobs.claim(worker)
    assert job is not None
    return job


def finish(house: House, job: Job, content: bytes, error: str | None = None) -> bool:
    return house.library.jobs.finish(job, found_in(content), () if error else renditions(content), error)


def pass_time(house: House, microseconds: int) -> None:
    house.execute("UPDATE blob SET due = due - :us WHERE due IS NOT NULL", us=microseconds)


def rendition_keys(house: House) -> set[str]:
    return {key for key in house.objects() if key.startswith("_davgallery/renditions/")}


def test_the_newest_upload_is_indexed_first(house: House) -> None:
    house.put("alice/a.jpg", picture(day=1))
    house.put("alice/b.jpg", picture(day=2))
    newest = house.rows("SELECT max(id) FROM blob")[0][0]
    assert claim(house).blob_id == newest


def test_the_newest_file_of_other_spaces_is_claimed_on_demand(house: House) -> None:
    for path in ("alice/1.jpg", "family/2.jpg", "dave/3.jpg", "family/4.jpg", "alice/5.jpg"):
        house.put(path, picture(day=int(path[-5])), house.dave if path.startswith("dave") else house.alice)
    jobs = house.library.jobs
    key = dict(house.rows("SELECT name, key FROM space"))
    alice, family = key["alice"], key["family"]

    def claimed(*but: str) -> int:
        job = jobs.claim("w/", but=but)
        assert job is not None
        assert job.space not in but
        return int(house.rows("SELECT name FROM entry WHERE blob_id = :blob", blob=job.blob_id)[0][0][0])

    assert [claimed(alice), claimed(alice, family), claimed(alice), claimed(), claimed(family)] == [4, 3, 2, 5, 1]
    assert jobs.claim("w/", but=[alice]) is None


def test_a_claimed_job_is_nobody_elses_until_its_lease_ends(house: House) -> None:
    house.put("alice/a.jpg", picture(day=1))
    job = claim(house)
    assert house.library.jobs.claim("other/") is None
    pass_time(house, LEASE)
    again = claim(house, "other/")
    assert (again.blob_id, again.tries) == (job.blob_id, 2)


def test_who_lost_its_lease_records_nothing(house: House) -> None:
    content = picture(day=1)
    house.put("alice/a.jpg", content)
    slow = claim(house, "slow/")
    pass_time(house, LEASE)
    quick = claim(house, "quick/")
    assert not finish(house, slow, picture(day=99))
    assert photos(house) == {}
    assert finish(house, quick, content)
    assert photos(house)["a.jpg"].day == 1
    assert house.library.jobs.queue().waiting == 0


def test_a_job_that_is_done_is_not_done_again(house: House) -> None:
    content = picture(day=1)
    house.put("alice/a.jpg", content)
    job = claim(house)
    assert finish(house, job, content)
    assert not finish(house, job, picture(day=2))
    assert house.library.jobs.claim("w/") is None
    assert photos(house)["a.jpg"].day == 1


def test_many_workers_do_each_job_once(house: House) -> None:
    contents = {f"{number}.jpg": picture(day=number) for number in range(40)}
    for name, content in contents.items():
        house.put(f"alice/{name}", content)
    done: list[int] = []

    def work(name: str) -> None:
        while (job := house.library.jobs.claim(name)) is not None:
            content = b"".join(house.library.jobs.read(job, 0, job.size))
            if finish(house, job, content):
                done.append(job.blob_id)

    assert failures(together([lambda name=f"{n}/": work(name) for n in range(6)])) == []  # type: ignore[misc]
    assert len(done) == len(set(done)) == 40
    assert days(house) == dict.fromkeys(range(40), (1, 133))


def test_a_dead_workers_jobs_are_due_at_once_when_its_server_knows(house: House) -> None:
    for number in range(3):
        house.put(f"alice/{number}.jpg", picture(day=number))
    claim(house, "server/1/")
    claim(house, "server/12/")
    assert sorted(house.library.jobs.workers()) == ["server/1/", "server/12/"]
    assert house.library.jobs.give_back_of("server/1/") == 1
    assert house.library.jobs.workers() == ["server/12/"]
    assert house.library.jobs.give_back_of("server/") == 1
    assert house.library.jobs.workers() == []


def test_a_job_given_back_for_the_stores_sake_costs_no_try(house: House) -> None:
    house.put("alice/a.jpg", picture(day=1))
    for _ in range(5):
        job = claim(house)
        assert job.tries == 1
        house.library.jobs.give_back(job, 5)
        assert house.library.jobs.claim("w/") is None
        pass_time(house, 5_000_000)


def test_equal_bytes_are_extracted_once_and_share_their_renditions(house: House) -> None:
    content = picture(day=4)
    house.put("alice/a.jpg", content)
    index(house)
    keys = rendition_keys(house)
    house.put("family/b.jpg", content)
    job = claim(house)
    assert house.library.jobs.finish_like_twin(job)
    assert photos(house, "family")["b.jpg"].day == 4
    assert rendition_keys(house) == keys
    assert len(keys) == 1


def test_two_that_index_equal_bytes_at_once_keep_one_set_of_renditions(house: House) -> None:
    content = picture(day=4)
    house.put("alice/a.jpg", content)
    house.put("family/b.jpg", content)
    jobs = [claim(house, "one/"), claim(house, "two/")]
    assert together([lambda job=job: finish(house, job, content) for job in jobs]) == [True, True]  # type: ignore[misc]
    named = {row[0] for row in house.rows("SELECT key FROM rendition_set")}
    assert len(named) == 1
    assert rendition_keys(house) - named <= house.garbage()
    house.collect_garbage()
    assert rendition_keys(house) == named


def test_renditions_are_collected_with_the_last_blob_of_their_bytes(house: House) -> None:
    content = picture(day=4)
    house.put("alice/a.jpg", content)
    house.put("family/b.jpg", content)
    index(house)
    for space, name in (("alice", "a.jpg"), ("family", "b.jpg")):
        assert len(rendition_keys(house)) == 1
        house.delete(f"{space}/{name}")
        house.library.trash.purge(house.alice, space, house.trashed(space)[name])
        house.collect_garbage()
    assert rendition_keys(house) == set()
    assert house.rows("SELECT * FROM media") == []
    assert house.rows("SELECT * FROM rendition_set") == []


def test_renditions_of_a_worker_that_died_before_it_recorded_them_are_collected(house: House) -> None:
    content = picture(day=4)
    house.put("alice/a.jpg", content)
    job = claim(house)
    house.library.jobs._keep(job.sha256, renditions(content))
    (left,) = rendition_keys(house)
    assert left in house.garbage()
    pass_time(house, LEASE)
    index(house)
    house.collect_garbage()
    assert len(rendition_keys(house) - {left}) == 1
    assert left not in house.objects()


def test_renditions_lie_one_after_the_other_in_their_object(house: House) -> None:
    content = picture(day=4)
    house.put("alice/a.jpg", content)
    index(house)
    key, size, pictures = house.rows("SELECT key, size, pictures FROM rendition_set")[0]
    for (name, width, height, start, length), made in zip(json.loads(pictures), renditions(content), strict=True):
        assert (name, width, height) == (made.name, made.width, made.height)
        assert b"".join(house.store.read(key, start, length)) == made.data
    assert size == sum(len(made.data) for made in renditions(content))


def test_a_file_without_a_picture_is_shown_and_its_reason_is_kept(house: House) -> None:
    house.put("alice/IMG_20190714_143205.jpg", picture())
    assert house.library.jobs.finish(claim(house), Extracted("image", "jpeg"), error="It is cut off.")
    (failure,) = house.library.jobs.failures()
    assert (failure.path, failure.reason) == ("alice/IMG_20190714_143205.jpg", "It is cut off.")
    assert house.library.jobs.queue().failed == 1
    photo = photos(house)["IMG_20190714_143205.jpg"]
    assert (photo.flags, photo.day) == (16, 18091)
    assert house.library.jobs.claim("w/") is None


def test_a_failed_file_is_tried_again_on_demand(house: House) -> None:
    content = picture(day=3)
    house.put("alice/a.jpg", content)
    job = claim(house)
    finish(house, job, content, error="It is cut off.")
    assert house.library.jobs.retry_all() == 1
    assert index(house) == 1
    assert house.library.jobs.failures() == []
    assert photos(house)["a.jpg"].flags == 0
    assert house.library.jobs.retry_all() == 0


def test_a_file_a_folder_or_a_space_is_indexed_anew_on_demand(house: House) -> None:
    house.folder("alice/f")
    for name in ("a.jpg", "f/b.jpg", "f/c.txt"):
        house.put(f"alice/{name}", b"words" if name.endswith("txt") else picture(day=len(name)))
    index(house)
    jobs: Jobs = house.library.jobs
    assert jobs.again(at("alice/f/b.jpg")) == 1
    assert jobs.queue().waiting == 1
    assert jobs.again(at("alice/f")) == 1
    assert jobs.again(at("alice")) == 2
    assert index(house) == 2
    for path in ("alice/nothing", "nobody", "alice/a.jpg/b"):
        with pytest.raises(NotFound):
            jobs.again(at(path))


def test_a_new_indexer_finds_the_work_of_the_old_one(house: House) -> None:
    for number in range(3):
        house.put(f"alice/{number}.jpg", picture(day=number))
    house.put("alice/words.txt", b"words")
    index(house)
    assert house.library.jobs.renew() == 0
    newer = house.with_options(index_version=2)
    assert newer.library.jobs.renew() == 3
    newer.put("alice/new.jpg", picture(day=9))
    assert claim(newer).blob_id == house.rows("SELECT max(id) FROM blob")[0][0]
    assert newer.library.jobs.renew() == 0
    pass_time(house, LEASE)
    assert index(newer) == 4
    assert {row[0] for row in house.rows("SELECT version FROM blob WHERE media")} == {2}
    assert newer.library.jobs.renew() == 0


def test_an_older_indexer_beside_a_newer_one_leaves_nothing_old_behind(house: House) -> None:
    contents = [picture(day=number) for number in range(3)]
    for number, content in enumerate(contents):
        house.put(f"alice/{number}.jpg", content)
    held = claim(house)
    newer = house.with_options(index_version=2)
    assert index(newer) == 2
    while newer.library.jobs.renew():
        pass
    finish(house, held, contents[2])
    for _ in range(3):
        assert house.library.jobs.renew() == 0, "the older one does not begin anew"
    assert newer.library.jobs.renew() == 1
    index(newer)
    assert house.rows("SELECT DISTINCT version FROM blob") == [(2,)]
    assert newer.library.jobs.renew() == 0


def test_files_from_before_are_not_indexed_twice_by_the_same_indexer(house: House) -> None:
    house.put("alice/a.jpg", picture(day=1))
    index(house)
    for _ in range(3):
        assert house.library.jobs.renew() == 0
    assert house.library.jobs.queue().waiting == 0


def test_a_photo_copied_while_its_job_ends_is_in_both_places(house: House) -> None:
    """The copy sees the media that the job has committed, or the job sees the entry that the copy has."""
    for number in range(15):
        content = picture(day=number)
        house.put(f"alice/{number}.jpg", content)
        job = claim(house)
        pause = random.Random(number).random() * 0.01

        def copy(number: int = number, pause: float = pause) -> None:
            threading.Event().wait(pause)
            house.copy(f"alice/{number}.jpg", f"family/{number}.jpg")

        def end(job: Job = job, content: bytes = content) -> None:
            assert finish(house, job, content)

        assert failures(together([copy, end])) == []
    names = {f"{number}.jpg" for number in range(15)}
    assert photos(house).keys() == photos(house, "family").keys() == names
    assert days(house) == days(house, "family")


def test_the_bytes_of_a_job_are_read_in_ranges(house: House) -> None:
    content = picture(day=1) + noise(100)
    house.put("alice/a.jpg", content)
    job = claim(house)
    assert b"".join(house.library.jobs.read(job, 10, 20)) == content[10:30]


def test_the_queue_tells_how_long_the_oldest_waits(house: House) -> None:
    assert house.library.jobs.queue() == (0, 0, 0, 0)
    house.put("alice/a.jpg", picture(day=1))
    house.put("alice/b.jpg", picture(day=2))
    house.execute("UPDATE blob SET created = created - 90000000")
    claim(house)
    waiting: Any = house.library.jobs.queue()
    assert (waiting.waiting, waiting.running, waiting.failed) == (2, 1, 0)
    assert 90 <= waiting.oldest < 120


def test_a_newer_indexer_replaces_the_renditions_of_the_old_one(house: House) -> None:
    content = picture(day=1)
    house.put("alice/a.jpg", content)
    index(house)
    (old,) = rendition_keys(house)
    house.library.jobs.again(at("alice/a.jpg"))
    job = claim(house)
    assert finish(house, job, content)
    ((new,),) = house.rows("SELECT key FROM rendition_set")
    assert new != old
    house.collect_garbage()
    assert rendition_keys(house) == {new}


def test_a_job_that_ends_holds_the_space_of_a_file_in_the_trash_too(house: House) -> None:
    """Who restores the file meanwhile waits, and then sees what the job has found."""
    house.put("alice/a.jpg", picture(day=1))
    house.delete("alice/a.jpg")
    job = claim(house)
    with house.catalogue.read() as tx:
        assert _spaces(tx, job.blob_id) == {house.space().id}
