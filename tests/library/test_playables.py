"""Playable copies of videos: made once for equal bytes, whoever asks, whatever dies meanwhile."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from gateway.errors import BadRequest, Conflict, NotFound
from gateway.library.jobs import LEASE, MOST_TRIES
from gateway.library.playables import Stage, State
from tests.library.house import House, failures, together
from tests.library.pictures import index, picture

if TYPE_CHECKING:
    from gateway.library.encodings import Encoding
    from gateway.library.pictures import Original

COPY = b"\0\0\0\x18ftypmp42 copy"


def video(day: int = 1, codec: str = "hevc", form: str = "mov") -> bytes:
    return picture("video", form, day=day, duration=2000, video_codec=codec)


def put(house: House, path: str = "family/a.mov", content: bytes | None = None) -> int:
    """Upload a video and index it; its id."""
    photo = house.put(path, content or video()).entry.id
    index(house)
    return photo


def claim(house: House, worker: str = "w/") -> Encoding:
    encoding = house.library.encodings.claim(worker)
    assert encoding is not None
    return encoding


def finish(house: House, encoding: Encoding, copy: bytes = COPY) -> bool:
    return house.library.encodings.finish(encoding, [copy], len(copy))


def pass_time(house: House, microseconds: int) -> None:
    house.execute("UPDATE playable SET due = due - :us WHERE due IS NOT NULL", us=microseconds)


def stage(house: House, photo: int) -> Stage:
    return house.library.playables.state(house.carol, photo).stage


def content(original: Original) -> bytes:
    return b"".join(original.read(0, original.size))


def copies(house: House) -> set[str]:
    return {key for key in house.objects() if key.endswith(".mp4")}


def test_a_copy_is_made_when_a_viewer_asks(house: House) -> None:
    photo, playables = put(house), house.library.playables
    assert playables.state(house.carol, photo) == State(Stage.NONE)
    assert playables.ask(house.carol, photo) == State(Stage.WAITING)
    encoding = claim(house)
    assert b"".join(house.library.encodings.read(encoding, 0, encoding.size)) == video()
    assert (encoding.duration, encoding.tries) == (2000, 1)
    assert stage(house, photo) == Stage.RUNNING
    assert house.library.encodings.renew(encoding, 42)
    assert playables.state(house.carol, photo).progress == 42
    assert finish(house, encoding)
    assert playables.state(house.carol, photo) == State(Stage.READY, 100, len(COPY))
    opened = playables.open(house.carol, photo)
    assert (opened.format, opened.size, content(opened)) == ("mp4", len(COPY), COPY)
    assert b"".join(opened.read(4, 4)) == b"ftyp"
    assert house.garbage() == set()


def test_a_copy_over_minio_is_read_in_ranges(house_over_minio: House) -> None:
    house = house_over_minio
    photo = put(house)
    house.library.playables.ask(house.carol, photo)
    copy = COPY + bytes(range(256)) * 20_000
    assert house.library.encodings.finish(claim(house), [copy[:1_000_000], copy[1_000_000:]], len(copy))
    opened = house.library.playables.open(house.carol, photo)
    assert content(opened) == copy
    assert b"".join(opened.read(999_990, 20)) == copy[999_990:1_000_010]


def test_asking_again_changes_nothing(house: House) -> None:
    photo, playables = put(house), house.library.playables
    for _ in range(2):
        assert playables.ask(house.carol, photo).stage == Stage.WAITING
    encoding = claim(house)
    assert playables.ask(house.bob, photo).stage == Stage.RUNNING
    assert house.library.encodings.claim("other/") is None
    finish(house, encoding)
    assert playables.ask(house.alice, photo).stage == Stage.READY
    assert not house.library.encodings.is_any_due()


def test_equal_bytes_share_a_copy(house: House) -> None:
    one, other = put(house), put(house, "family/b.mov")
    results = together([partial(house.library.playables.ask, house.alice, photo) for photo in (one, other, one, other)])
    assert failures(results) == []
    finish(house, claim(house))
    assert house.library.encodings.claim("w/") is None
    assert content(house.library.playables.open(house.alice, other)) == COPY


def test_nobody_learns_from_copies_which_videos_others_have(house: House) -> None:
    playables = house.library.playables
    one = put(house)
    playables.ask(house.alice, one)
    finish(house, claim(house))
    other = house.put("dave/same.mov", video(), house.dave).entry.id
    index(house)
    assert playables.state(house.dave, other).stage == Stage.NONE
    assert playables.ask(house.dave, other).stage == Stage.WAITING
    finish(house, claim(house))
    for who, photo in ((house.alice, one), (house.dave, other)):
        assert content(playables.open(who, photo)) == COPY
    assert len(copies(house)) == 2
    house.delete("family/a.mov")
    house.library.trash.purge(house.alice, "family", house.trashed("family")["a.mov"])
    house.collect_garbage()
    assert len(copies(house)) == 1
    assert content(playables.open(house.dave, other)) == COPY


def test_who_asked_first_is_served_first(house: House) -> None:
    photos = [put(house, f"alice/{day}.mov", video(day)) for day in range(3)]
    for photo in (photos[1], photos[2], photos[0]):
        house.library.playables.ask(house.alice, photo)
    order = [b"".join(house.library.encodings.read(one, 0, one.size)) for one in (claim(house) for _ in range(3))]
    assert order == [video(1), video(2), video(0)]


def test_the_oldest_of_other_spaces_is_claimed_on_demand(house: House) -> None:
    for day, path in enumerate(("alice/0.mov", "family/1.mov", "alice/2.mov")):
        house.library.playables.ask(house.alice, put(house, path, video(day)))
    space = house.space("alice").key
    encoding = house.library.encodings.claim("w/", but=[space])
    assert encoding is not None
    assert encoding.space == house.space("family").key
    assert house.library.encodings.claim("w/", but=[space]) is None
    assert claim(house).space == space


def test_a_photograph_gets_no_copy(house: House) -> None:
    photo = put(house, "family/a.jpg", picture(day=1))
    for act in (house.library.playables.ask, house.library.playables.state, house.library.playables.open):
        with pytest.raises(BadRequest, match=r"a\.jpg.*not a video"):
            act(house.carol, photo)


def test_videos_are_not_for_those_outside_the_space(house: House) -> None:
    photo, playables = put(house), house.library.playables
    for act in (playables.ask, playables.state, playables.open):
        with pytest.raises(NotFound):
            act(house.dave, photo)
        with pytest.raises(NotFound):
            act(house.alice, 10**9)
    playables.ask(house.carol, photo)
    finish(house, claim(house))
    with pytest.raises(NotFound):
        playables.open(house.dave, photo)
    house.library.spaces.remove("family")
    with pytest.raises(NotFound):
        playables.open(house.carol, photo)


def test_without_an_encoder_the_asking_is_refused_in_a_sentence(house: House) -> None:
    photo = put(house)
    without = house.with_options(can_encode=lambda: False).library.playables
    with pytest.raises(Conflict, match="encoder"):
        without.ask(house.carol, photo)
    assert without.state(house.carol, photo).stage == Stage.NONE
    assert house.rows("SELECT * FROM playable") == []


@pytest.mark.parametrize(("codec", "form"), [("h264", "mp4"), ("vp9", "webm"), ("h264", "avi"), ("hevc", "mov")])
def test_without_a_copy_the_file_itself_is_played_and_the_browser_says_whether_it_can(
    house: House, codec: str, form: str
) -> None:
    bytes_ = video(codec=codec, form=form)
    photo = put(house, f"family/a.{form}", bytes_)
    opened = house.library.playables.open(house.carol, photo)
    assert (opened.format, content(opened)) == (form, bytes_)


def test_a_live_photo_moves_with_the_video_beside_it(house: House) -> None:
    still = put(house, "family/a.heic", picture("image", "heic", day=1))
    moving = put(house, "family/a.mov", video())
    opened = house.library.playables.open(house.carol, still)
    assert (opened.name, content(opened)) == ("a.mov", video())
    house.library.playables.ask(house.carol, moving)
    finish(house, claim(house))
    assert content(house.library.playables.open(house.carol, still)) == COPY
    with pytest.raises(NotFound):
        house.library.playables.open(house.dave, still)


def test_a_motion_photo_moves_with_the_part_of_it_that_is_a_video(house: House) -> None:
    bytes_ = picture(day=1, motion=(10, 20))
    still = put(house, "family/a.jpg", bytes_)
    opened = house.library.playables.open(house.carol, still)
    assert (opened.format, opened.size, content(opened)) == ("mp4", 20, bytes_[10:30])
    assert b"".join(opened.read(5, 3)) == bytes_[15:18]
    assert opened.etag != house.library.pictures.original(house.carol, still).etag


def test_a_failure_is_kept_with_its_reason_and_tried_again_on_demand(house: House) -> None:
    photo, playables = put(house), house.library.playables
    playables.ask(house.carol, photo)
    assert house.library.encodings.fail(claim(house), "It is a poem.")
    assert playables.state(house.carol, photo) == State(Stage.FAILED, error="It is a poem.")
    assert house.library.encodings.claim("w/") is None
    assert playables.ask(house.carol, photo).stage == Stage.WAITING
    encoding = claim(house)
    assert encoding.tries == 1
    assert finish(house, encoding)


def test_a_dead_workers_encoding_is_due_again_after_its_lease(house: House) -> None:
    photo = put(house)
    house.library.playables.ask(house.carol, photo)
    slow = claim(house, "slow/")
    pass_time(house, LEASE)
    assert stage(house, photo) == Stage.WAITING
    quick = claim(house, "quick/")
    assert quick.tries == 2
    assert not house.library.encodings.renew(slow, 50)
    assert not finish(house, slow, b"late")
    assert not house.library.encodings.fail(slow, "late")
    assert finish(house, quick)
    assert content(house.library.playables.open(house.carol, photo)) == COPY
    house.collect_garbage()
    assert len(copies(house)) == 1


def test_a_renewed_encoding_is_nobody_elses(house: House) -> None:
    house.library.playables.ask(house.carol, put(house))
    encoding = claim(house)
    pass_time(house, LEASE - 1_000_000)
    assert house.library.encodings.renew(encoding, 1)
    pass_time(house, LEASE - 1_000_000)
    assert house.library.encodings.claim("other/") is None


def test_a_dead_workers_encoding_is_due_at_once_when_its_server_knows(house: House) -> None:
    house.library.playables.ask(house.carol, put(house))
    claim(house, "server/1/")
    assert house.library.jobs.workers() == ["server/1/"]
    assert house.library.jobs.give_back_of("server/1/") == 1
    assert claim(house, "server/2/").tries == 2


def test_an_encoding_given_back_for_the_stores_sake_costs_no_try(house: House) -> None:
    house.library.playables.ask(house.carol, put(house))
    for _ in range(MOST_TRIES + 2):
        encoding = claim(house)
        assert encoding.tries == 1
        house.library.encodings.give_back(encoding, 5)
        assert house.library.encodings.claim("w/") is None
        pass_time(house, 5_000_000)


def test_a_copy_goes_with_the_last_file_of_its_bytes(house: House) -> None:
    house.library.playables.ask(house.alice, put(house))
    put(house, "family/b.mov")
    finish(house, claim(house))
    for space, name in (("family", "a.mov"), ("family", "b.mov")):
        assert len(copies(house)) == 1
        house.delete(f"{space}/{name}")
        house.library.trash.purge(house.alice, space, house.trashed(space)[name])
        house.collect_garbage()
    assert copies(house) == set()
    assert house.rows("SELECT * FROM playable") == []


def test_a_video_purged_while_it_is_encoded_leaves_nothing(house: House) -> None:
    house.library.playables.ask(house.alice, put(house))
    encoding = claim(house)
    house.delete("family/a.mov")
    house.library.trash.purge(house.alice, "family", house.trashed("family")["a.mov"])
    assert not house.library.encodings.renew(encoding, 50)
    assert not finish(house, encoding)
    house.collect_garbage()
    assert copies(house) == set()
    assert house.rows("SELECT * FROM playable") == []


def test_two_that_purge_the_last_two_files_of_a_video_at_once_leave_nothing(house: House) -> None:
    for turn in range(10):
        bytes_ = video(turn)
        photos = [put(house, path, bytes_) for path in ("alice/a.mov", "family/a.mov")]
        house.library.playables.ask(house.alice, photos[0])
        finish(house, claim(house))
        for space in ("alice", "family"):
            house.delete(f"{space}/a.mov")
        items = [(space, house.trashed(space)["a.mov"]) for space in ("alice", "family")]
        purges = [lambda item=item: house.library.trash.purge(house.alice, *item) for item in items]
        assert failures(together(purges)) == []
        assert house.rows("SELECT * FROM playable") == []
        assert house.rows("SELECT * FROM rendition_set") == []
    house.collect_garbage()
    assert copies(house) == set()


def test_a_purge_and_an_asking_at_once_leave_no_copy_that_nobody_can_see(house: House) -> None:
    def purge() -> None:
        house.delete("alice/a.mov")
        house.library.trash.purge(house.alice, "alice", house.trashed("alice")["a.mov"])

    for turn in range(15):
        ask = partial(house.library.playables.ask, house.alice, put(house, "alice/a.mov", video(turn)))
        assert failures(together([ask, purge, ask]), NotFound) == []
        assert house.rows("SELECT * FROM playable") == []


def test_copies_count_as_renditions(house: House) -> None:
    house.library.playables.ask(house.alice, put(house))
    house.library.upkeep.measure()
    before = house.library.upkeep.figures()["rendition_bytes"]
    finish(house, claim(house))
    house.library.upkeep.measure()
    assert house.library.upkeep.figures()["rendition_bytes"] == before + len(COPY)


def test_a_check_finds_copies_that_are_lost_and_copies_that_no_row_names(house: House) -> None:
    def found(*, repair: bool) -> list[str]:
        return [finding.kind for finding in house.library.checker.check(repair=repair)]

    photo = put(house)
    house.library.playables.ask(house.carol, photo)
    finish(house, claim(house))
    assert found(repair=False) == []
    (key,) = copies(house)
    house.store.delete([key])
    house.store.put("_davgallery/renditions/ab/ab~aaaaaaaaaaaa.mp4", [b"x"], 1)
    assert found(repair=False) == ["renditions", "renditions"]
    found(repair=True)
    assert found(repair=False) == []
    assert stage(house, photo) == Stage.NONE
    house.collect_garbage()
    assert copies(house) == set()
