"""The quota holds to the byte, whichever way bytes come in."""

import random

import pytest

from gateway.catalogue.statements.tree import PROPERTY_ROW
from gateway.errors import GatewayError, QuotaExceeded
from gateway.library.values import PropertyChange, Put
from tests.library.house import MB, QUOTA, House, Sums, at, failures, noise, pieces, together, untouchable


def test_an_upload_counts_its_bytes(house: House) -> None:
    house.put("alice/a.jpg", noise(1000))
    assert house.sums() == Sums(live=1000, held=0, trash=0, entries=3)


def test_an_upload_may_fill_the_space_to_the_last_byte(house: House) -> None:
    house.library.accounts.set_quota("alice", 1000)
    house.put("alice/a.jpg", noise(1000))
    assert house.library.files.stat(house.alice, at("alice")).space.available == 0


def test_one_byte_over_the_quota_is_refused_before_the_body_is_read(house: House) -> None:
    house.library.accounts.set_quota("alice", 1000)
    with pytest.raises(QuotaExceeded):
        house.library.uploads.put(house.alice, at("alice/a.jpg"), untouchable(), size=1001)
    assert house.sums() == Sums(0, 0, 0, 2)
    house.assert_sound()


def test_bytes_on_their_way_count_against_the_quota(house: House) -> None:
    house.library.accounts.set_quota("alice", 1000)

    def body() -> object:
        assert house.sums().held == 600
        with pytest.raises(QuotaExceeded):
            house.put("alice/b.jpg", noise(401))
        house.put("alice/c.jpg", noise(400))
        yield noise(600)

    house.library.uploads.put(house.alice, at("alice/a.jpg"), body(), size=600)  # type: ignore[arg-type]
    assert house.sums() == Sums(live=1000, held=0, trash=0, entries=4)


def test_an_overwrite_holds_only_its_growth(house: House) -> None:
    house.library.accounts.set_quota("alice", 1000)
    house.put("alice/a.jpg", noise(900))

    def body() -> object:
        assert house.sums().held == 100
        yield noise(1000, 1)

    house.library.uploads.put(house.alice, at("alice/a.jpg"), body(), size=1000)  # type: ignore[arg-type]
    assert house.sums() == Sums(live=1000, held=0, trash=900, entries=4)


def test_a_smaller_overwrite_is_taken_when_the_quota_is_below_use(house: House) -> None:
    house.put("alice/a.jpg", noise(900))
    house.library.accounts.set_quota("alice", 100)
    house.put("alice/a.jpg", noise(800, 1))
    assert house.sums().live == 800


def test_an_overwrite_of_the_same_size_is_taken_when_the_quota_is_below_use(house: House) -> None:
    house.put("alice/a.jpg", noise(900))
    house.library.accounts.set_quota("alice", 100)
    house.put("alice/a.jpg", noise(900, 1), size=None)
    assert house.read("alice/a.jpg") == noise(900, 1)


def test_an_empty_file_is_taken_when_the_quota_is_below_use(house: House) -> None:
    house.put("alice/a.jpg", noise(900))
    house.library.accounts.set_quota("alice", 100)
    house.put("alice/empty", b"")
    house.put("alice/empty2", b"", size=None)
    assert house.sums().live == 900


def test_available_is_never_negative(house: House) -> None:
    house.put("alice/a.jpg", noise(900))
    house.library.accounts.set_quota("alice", 100)
    assert house.library.files.stat(house.alice, at("alice")).space.available == 0


def test_deleting_is_allowed_when_the_quota_is_below_use(house: House) -> None:
    house.put("alice/a.jpg", noise(900))
    house.library.accounts.set_quota("alice", 100)
    house.delete("alice/a.jpg")
    assert house.sums() == Sums(live=0, held=0, trash=900, entries=3)


def test_a_quota_cannot_be_negative(house: House) -> None:
    with pytest.raises(GatewayError, match="negative"):
        house.library.accounts.set_quota("alice", -1)
    with pytest.raises(GatewayError, match="negative"):
        house.library.spaces.set_quota("family", -1)
    with pytest.raises(GatewayError, match="negative"):
        house.library.spaces.add("friends", quota=-1)


def test_a_copy_is_charged(house: House) -> None:
    house.put("alice/a.jpg", noise(1000))
    house.copy("alice/a.jpg", "alice/b.jpg")
    assert house.sums().live == 2000
    assert len(house.objects()) == 1


def test_a_copy_over_the_quota_is_refused_and_changes_nothing(house: House) -> None:
    house.folder("alice/f")
    house.put("alice/f/a.jpg", noise(600))
    house.put("alice/b.jpg", noise(100))
    house.library.accounts.set_quota("alice", 1000)
    for destination in ("alice/g", "alice/b.jpg"):
        with pytest.raises(QuotaExceeded):
            house.copy("alice/f", destination)
    assert house.names("alice") == ["b.jpg", "f"]
    assert house.sums() == Sums(live=700, held=0, trash=0, entries=5)
    house.assert_sound()


def test_a_copy_over_a_larger_file_needs_no_room(house: House) -> None:
    house.put("alice/a.jpg", noise(100))
    house.put("alice/b.jpg", noise(600))
    house.library.accounts.set_quota("alice", 700)
    house.copy("alice/a.jpg", "alice/b.jpg")
    assert house.sums() == Sums(live=200, held=0, trash=600, entries=5)


def test_a_restore_over_the_quota_is_refused_and_changes_nothing(house: House) -> None:
    house.put("alice/a.jpg", noise(600))
    house.delete("alice/a.jpg")
    house.put("alice/b.jpg", noise(600))
    house.library.accounts.set_quota("alice", 1000)
    with pytest.raises(QuotaExceeded):
        house.library.trash.restore(house.alice, "alice", house.trashed()["a.jpg"])
    assert house.sums() == Sums(live=600, held=0, trash=600, entries=4)
    assert house.names("alice") == ["b.jpg"]


def test_a_move_into_another_space_is_judged_by_that_spaces_quota(house: House) -> None:
    house.folder("alice/f")
    house.put("alice/f/a.jpg", noise(600))
    house.library.spaces.set_quota("family", 599)
    with pytest.raises(QuotaExceeded):
        house.move("alice/f", "family/f")
    assert house.read("alice/f/a.jpg") == noise(600)
    house.library.spaces.set_quota("family", 600)
    house.move("alice/f", "family/f")
    assert house.sums() == Sums(0, 0, 0, 2)
    assert house.sums("family") == Sums(live=600, held=0, trash=0, entries=4)
    house.assert_sound()


def test_a_move_inside_a_space_needs_no_room(house: House) -> None:
    house.put("alice/a.jpg", noise(600))
    house.library.accounts.set_quota("alice", 0)
    house.move("alice/a.jpg", "alice/b.jpg")
    assert house.sums().live == 600


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
def test_fifty_parallel_uploads_never_exceed_the_quota(house: House, announced: bool) -> None:  # noqa: FBT001
    house.library.accounts.set_quota("alice", 1 * MB)
    content = noise(MB // 10)

    def upload(number: int) -> Put:
        return house.put(f"alice/{number}.jpg", content, size=len(content) if announced else None)

    results = together([lambda number=number: upload(number) for number in range(50)])
    assert failures(results, QuotaExceeded) == []
    landed = [one for one in results if isinstance(one, Put)]
    assert len(landed) == 10
    assert house.sums() == Sums(live=MB, held=0, trash=0, entries=12)
    assert len(house.names("alice")) == 10
    house.assert_sound()


def test_parallel_chunked_uploads_beyond_five_megabytes_never_exceed_the_quota(house: House) -> None:
    content = noise(6 * MB)
    results = together([lambda n=n: house.put(f"alice/{n}.mp4", content, size=None) for n in range(8)])
    assert failures(results, QuotaExceeded) == []
    landed = [one for one in results if isinstance(one, Put)]
    assert 1 <= len(landed) <= 3
    assert house.sums().live == len(landed) * len(content) <= QUOTA
    house.assert_sound()


def test_chunked_and_announced_uploads_do_not_starve_each_other(house: House) -> None:
    content = noise(2 * MB)
    sizes = [None, len(content)] * 25
    results = together([lambda n=n: house.put(f"alice/{n}.mp4", content, size=sizes[n]) for n in range(50)])
    assert failures(results, QuotaExceeded) == []
    assert 8 <= sum(isinstance(one, Put) for one in results) <= 10
    house.assert_sound()


def test_parallel_copies_never_exceed_the_quota(house: House) -> None:
    house.library.accounts.set_quota("alice", 10_000)
    house.put("alice/a.jpg", noise(1000))
    results = together([lambda n=n: house.copy("alice/a.jpg", f"alice/{n}.jpg") for n in range(20)])
    assert failures(results, QuotaExceeded) == []
    assert results.count(True) == 9
    house.assert_sound()


def test_parallel_restores_never_exceed_the_quota(house: House) -> None:
    for number in range(8):
        house.put(f"alice/{number}.jpg", noise(1000, number))
        house.delete(f"alice/{number}.jpg")
    house.library.accounts.set_quota("alice", 3500)
    items = house.trashed().values()
    results = together([lambda i=i: house.library.trash.restore(house.alice, "alice", i) for i in items])
    assert failures(results, QuotaExceeded) == []
    assert house.sums() == Sums(live=3000, held=0, trash=5000, entries=10)


def test_a_long_chunked_upload_into_a_small_rest_is_held_byte_by_byte(house: House) -> None:
    content = noise(6 * MB)
    house.library.accounts.set_quota("alice", len(content))
    house.put("alice/a.mp4", content, size=None)
    assert house.sums().live == len(content)


def test_a_long_chunked_upload_over_the_quota_leaves_nothing(house: House) -> None:
    house.library.accounts.set_quota("alice", 6 * MB - 1)
    with pytest.raises(QuotaExceeded):
        house.put("alice/a.mp4", noise(6 * MB), size=None)
    assert house.names("alice") == []
    house.assert_sound()
    house.collect_garbage()
    assert house.objects() == set()


def test_a_chunked_upload_takes_few_transactions(house: House) -> None:
    """Held in steps of an eighth: a body of 12 MB in chunks of 64 KiB asks the database a few times, not 190."""
    writes = []
    write = house.catalogue.write
    object.__setattr__(house.catalogue, "write", lambda *a, **k: writes.append(1) or write(*a, **k))
    house.put("alice/a.mp4", noise(12 * MB), size=None)
    assert len(writes) <= 12


def test_a_space_has_a_limit_of_entries(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.library.record.MAX_ENTRIES", 4)
    house.put("alice/a.jpg")
    house.folder("alice/f")
    for refused in (
        lambda: house.put("alice/b.jpg"),
        lambda: house.folder("alice/g"),
        lambda: house.copy("alice/a.jpg", "alice/b.jpg"),
        lambda: house.put("alice/a.jpg", b"other"),
        lambda: house.lock("alice/new"),
    ):
        with pytest.raises(QuotaExceeded, match="too many files"):
            refused()
    house.delete("alice/a.jpg")
    assert house.sums().entries == 4
    house.assert_sound()


def test_sums_equal_rows_after_five_hundred_random_operations(house: House) -> None:
    chance = random.Random(7)
    house.library.accounts.set_quota("alice", 60_000)
    house.library.spaces.set_quota("family", 60_000)
    spaces = ("alice", "family")

    def somewhere() -> str:
        folders = [chance.choice("xyz") for _ in range(chance.randrange(3))]
        return "/".join([chance.choice(spaces), *folders, chance.choice("abcxyz")])

    def item() -> tuple[str, int]:
        space = chance.choice(spaces)
        return space, chance.choice([*house.trashed(space).values(), 10**6])

    def put() -> None:
        content = noise(chance.choice((0, 1, 900, 5000, 20_000)), chance.random())
        house.put(somewhere(), content, size=chance.choice((len(content), None)))

    def broken_put() -> None:
        house.library.uploads.put(house.alice, at(somewhere()), pieces(noise(900)), size=chance.choice((899, 901)))

    operations = {
        put: 10,
        broken_put: 2,
        lambda: house.folder(somewhere()): 4,
        lambda: house.delete(somewhere()): 4,
        lambda: house.copy(somewhere(), somewhere(), overwrite=chance.random() < 0.7): 4,
        lambda: house.move(somewhere(), somewhere(), overwrite=chance.random() < 0.7): 4,
        lambda: house.library.trash.restore(house.alice, *item()): 3,
        lambda: house.library.trash.purge(house.alice, *item()): 2,
        lambda: house.lock(somewhere(), seconds=1): 1,
        house.library.upkeep.purge_trash: 1,
        lambda: house.library.spaces.set_quota(chance.choice(spaces), chance.choice((20_000, 60_000))): 1,
        house.collect_garbage: 1,
    }
    done = 0
    for number in range(500):
        operation = chance.choices(list(operations), list(operations.values()))[0]
        try:
            operation()
            done += 1
        except GatewayError:
            pass
        if number % 50 == 0:
            house.execute("DELETE FROM lock")
            house.assert_sound()
    assert done > 100
    house.assert_sound()
    for name in spaces:
        if house.space(name).owner_id is None:
            house.library.spaces.remove(name)
        else:
            house.library.accounts.remove(name)
        house.library.upkeep.purge_space(house.space(name).id)
    house.collect_garbage()
    assert house.objects() == house.blobs() == set()


def test_dead_properties_are_charged_wherever_their_entry_goes(house: House) -> None:
    big = PropertyChange(("urn:x", "colour"), "r" * 10_000)
    charged = 10_000 + len("urn:x") + len("colour") + PROPERTY_ROW
    house.folder("alice/f")
    house.put("alice/f/a", noise(10))
    for path in ("alice", "alice/f", "alice/f/a"):
        house.library.files.set_properties(house.alice, at(path), [big])
    assert house.sums().live == 3 * charged + 10
    house.library.files.set_properties(house.alice, at("alice"), [PropertyChange(big.name, "r")])
    assert house.sums().live == 2 * charged + 10 + charged - 9_999
    house.library.files.set_properties(house.alice, at("alice"), [PropertyChange(big.name, None)])

    house.copy("alice/f", "alice/g")
    house.copy("alice/f", "alice/alone", recursive=False)
    house.copy("alice/f/a", "family/a")
    assert house.sums().live == 5 * charged + 20
    assert house.sums("family").live == charged + 10
    house.move("alice/g", "family/g")
    assert house.sums().live == 3 * charged + 10
    house.put("alice/f/a", noise(20))
    house.delete("alice/f")
    assert house.sums() == house.recount() == Sums(charged, 0, 2 * charged + 30, 6)
    house.library.trash.restore(house.alice, "alice", house.trashed()["f"])
    assert house.sums().live == 3 * charged + 20
    for path in ("alice/f", "alice/alone", "family/g", "family/a"):
        house.delete(path)
    house.execute("UPDATE trash_item SET deleted = 0")
    house.library.upkeep.purge_trash()
    for space in ("alice", "family"):
        assert house.sums(space) == Sums(0, 0, 0, 2)
    house.assert_sound()


def test_dead_properties_need_room(house: House) -> None:
    house.put("alice/a", noise(100))
    house.library.accounts.set_quota("alice", 1_000)
    small, big = (PropertyChange(("urn:x", str(size)), "r" * size) for size in (400, 500))
    house.library.files.set_properties(house.alice, at("alice/a"), [small])
    with pytest.raises(QuotaExceeded):
        house.library.files.set_properties(house.alice, at("alice/a"), [big])
    assert house.library.files.properties(house.alice, at("alice/a")) == {small.name: small.value}
    with pytest.raises(QuotaExceeded):
        house.copy("alice/a", "alice/b")
    house.library.accounts.set_quota("alice", 50)
    house.library.files.set_properties(house.alice, at("alice/a"), [PropertyChange(small.name, "shorter")])
    house.library.files.set_properties(house.alice, at("alice/a"), [PropertyChange(small.name, None)])
    assert house.sums() == house.recount() == Sums(100, 0, 0, 3)
