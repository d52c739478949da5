"""Who may do what: every public method of the library, for every role."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from gateway.errors import Forbidden, NotFound
from gateway.library.accounts import Accounts
from gateway.library.details import Details
from gateway.library.devices import Devices
from gateway.library.duplicates import Duplicates
from gateway.library.encodings import Encodings
from gateway.library.favourites import Favourites
from gateway.library.files import Files
from gateway.library.folders import Folders
from gateway.library.intake import Wanted
from gateway.library.invitations import Invitations
from gateway.library.jobs import Jobs
from gateway.library.library import Library
from gateway.library.locks import Locks
from gateway.library.overview import Overview
from gateway.library.photos import Photos
from gateway.library.pictures import Pictures
from gateway.library.playables import Playables
from gateway.library.profiles import Profiles
from gateway.library.sessions import Sessions
from gateway.library.spaces import Spaces
from gateway.library.timeline import Timeline
from gateway.library.tokens import Tokens
from gateway.library.transfers import Transfers
from gateway.library.trash import Trash
from gateway.library.upkeep import Upkeep
from gateway.library.upload import Uploads
from gateway.library.usage import Usages
from gateway.library.values import NO_CONDITIONS, Principal, Role
from tests.library.house import House, at, tokens

Act = Callable[[House, Principal], Any]

VIEWER, EDITOR, MANAGER = Role.VIEWER, Role.EDITOR, Role.MANAGER

LOCK = {"exclusive": True, "infinite": False, "owner": "", "seconds": 60}


def _prepared(house: House) -> None:
    """family/f/a, locked/l by Alice, and a deleted file of hers in the trash."""
    house.folder("family/f")
    house.put("family/f/a", b"content")
    house.put("family/gone", b"gone")
    house.delete("family/gone")
    house.lock("family/l")


def _token(house: House) -> str:
    return str(house.rows("SELECT token FROM lock")[0][0])


# The least role that each needs. "Own" ones are allowed further down the ladder and have tests of their own.
METHODS: dict[str, tuple[Role, Act]] = {
    "Files.stat": (VIEWER, lambda h, p: h.library.files.stat(p, at("family/f/a"))),
    "Files.properties": (VIEWER, lambda h, p: h.library.files.properties(p, at("family/f/a"))),
    "Files.children": (VIEWER, lambda h, p: list(h.library.files.children(p, at("family/f")).pages)),
    "Files.open": (VIEWER, lambda h, p: h.library.files.open(p, at("family/f/a"))),
    "Files.make_folder": (EDITOR, lambda h, p: h.library.files.make_folder(p, at("family/g"))),
    "Files.delete": (EDITOR, lambda h, p: h.library.files.delete(p, at("family/f/a"))),
    "Files.copy": (EDITOR, lambda h, p: h.library.files.copy(p, at("family/f"), at("family/g"))),
    "Files.move": (EDITOR, lambda h, p: h.library.files.move(p, at("family/f"), at("family/g"))),
    "Files.set_properties": (EDITOR, lambda h, p: h.library.files.set_properties(p, at("family/f"), [], modified=1)),
    "Folders.open": (VIEWER, lambda h, p: h.library.folders.open(p, at("family/f"))),
    "Folders.folders": (VIEWER, lambda h, p: h.library.folders.folders(p, at("family/f"), "")),
    "Folders.files": (VIEWER, lambda h, p: h.library.folders.files(p, at("family/f"), "")),
    "Uploads.put": (EDITOR, lambda h, p: h.library.uploads.put(p, at("family/b"), iter([b"x"]), size=1)),
    "Transfers.check": (EDITOR, lambda h, p: h.library.transfers.check(p, at("family/f"), [Wanted(("b",), 1)])),
    "Transfers.begin": (EDITOR, lambda h, p: h.library.transfers.begin(p, at("family/b"), size=1)),
    "Locks.acquire": (EDITOR, lambda h, p: h.library.locks.acquire(p, at("family/f"), **LOCK)),  # type: ignore[arg-type]
    "Locks.release": (MANAGER, lambda h, p: h.library.locks.release(p, at("family/l"), _token(h))),
    "Usages.report": (VIEWER, lambda h, p: h.library.usages.report(p, "family")),
    "Trash.items": (VIEWER, lambda h, p: h.library.trash.items(p, "family")),
    "Trash.restore": (MANAGER, lambda h, p: h.library.trash.restore(p, "family", h.trashed("family")["gone"])),
    "Trash.purge": (MANAGER, lambda h, p: h.library.trash.purge(p, "family", h.trashed("family")["gone"])),
    "Trash.empty": (EDITOR, lambda h, p: h.library.trash.empty(p, "family")),
}
# They take no principal: what administrators and the server itself do, behind doors of their own.
ADMINISTRATION = {
    "Accounts": Accounts,
    "Encodings": Encodings,
    "Jobs": Jobs,
    "Photos": Photos,
    "Spaces": Spaces,
    "Upkeep": Upkeep,
}
_EVERYBODY = "tests/library/test_timeline.py::test_everybody_sees_the_spaces_they_are_in_and_no_others"
_OUTSIDE = "tests/library/test_pictures.py::test_pictures_are_not_for_those_outside_the_space"
_DUPLICATES = "tests/library/test_duplicates.py::test_nobody_learns_of_duplicates_in_spaces_of_others"
_OWN = "tests/library/test_profiles.py::test_pages_are_as_their_person_chose"
_PHONE = "tests/library/test_invitations.py::test_a_phone_is_signed_in_for_one_page_once_and_for_an_hour"
_LINKS = "tests/library/test_invitations.py::test_only_administrators_and_the_server_make_links_for_others"
_VIDEOS = "tests/library/test_playables.py::test_videos_are_not_for_those_outside_the_space"
_HEARTS = "tests/library/test_favourites.py::test_hearts_are_for_those_who_see_the_photo"
_TRANSFERS = "tests/library/test_transfers.py::test_nobody_touches_the_transfers_of_others"
JUDGED_ELSEWHERE = {
    "Transfers.find": _TRANSFERS,
    "Transfers.mine": _TRANSFERS,
    "Transfers.receive": _TRANSFERS,
    "Transfers.abort": _TRANSFERS,
    "Transfers.tidy": "housekeeping: it takes no principal",
    "Transfers.work": "a thread of the server: it takes no principal",
    "Pictures.rendition": _OUTSIDE,
    "Pictures.original": _OUTSIDE,
    "Pictures.trashed": "tests/library/test_trash.py::test_pictures_in_the_trash_are_for_those_in_the_space",
    "Trash.pictures": "of items that somebody listed: it takes no principal",
    "Duplicates.exact": _DUPLICATES,
    "Duplicates.near": _DUPLICATES,
    "Playables.ask": _VIDEOS,
    "Playables.open": _VIDEOS,
    "Playables.state": _VIDEOS,
    "Sessions.sign_in": "tests/library/test_sessions.py::test_a_wrong_password_signs_nobody_in",
    "Tokens.issue_for": "tests/library/test_tokens.py::test_a_program_asks_with_a_password",
    "Tokens.issue": "tests/library/test_tokens.py::test_who_is_signed_in_makes_tokens_for_a_program",
    "Tokens.refresh": "tests/library/test_tokens.py::test_a_refresh_token_is_exchanged_for_the_next_ones",
    "Tokens.bearer": "tests/library/test_tokens.py::test_a_program_asks_with_a_password",
    "Tokens.device": "tests/library/test_tokens.py::test_an_app_password_opens_what_webdav_opens",
    "Tokens.all": "tests/library/test_tokens.py::test_people_see_and_end_their_own_programs",
    "Tokens.revoke": "tests/library/test_tokens.py::test_people_see_and_end_their_own_programs",
    "Tokens.end": "tests/library/test_tokens.py::test_a_program_ends_its_own_tokens",
    "Sessions.visit": "tests/library/test_sessions.py::test_a_browser_that_signed_in_is_known_by_its_token",
    "Sessions.sign_out_everywhere": "tests/library/test_sessions.py::test_signing_out_everywhere_ends_all_of_them",
    "Sessions.end": "tests/library/test_sessions.py::test_nobody_ends_the_session_of_another",
    "Invitations.invite": _LINKS,
    "Invitations.reset": _LINKS,
    "Invitations.all": _LINKS,
    "Invitations.revoke": _LINKS,
    "Invitations.connect": _PHONE,
    "Invitations.look": "tests/library/test_invitations.py::test_a_link_is_good_once",
    "Invitations.accept": "tests/library/test_invitations.py::test_a_link_is_good_once",
    "Devices.add": "tests/library/test_devices.py::test_nobody_hears_of_the_devices_of_others",
    "Devices.heard": "tests/library/test_devices.py::test_nobody_hears_of_the_devices_of_others",
    "Profiles.call": _OWN,
    "Profiles.speak": _OWN,
    "Profiles.dress": _OWN,
    "Profiles.use_shortcuts": _OWN,
    "Profiles.rename": "tests/library/test_profiles.py::test_another_name_to_sign_in_with_is_another_address",
    "Profiles.begin": "tests/library/test_profiles.py::test_an_account_whose_password_was_drawn_chooses_its_own_once",
    "Profiles.change_password": "tests/library/test_profiles.py::test_another_password_needs_the_one_before",
    "Profiles.devices": "tests/library/test_profiles.py::test_people_see_and_end_their_own_devices",
    "Profiles.add_device": "tests/library/test_profiles.py::test_people_see_and_end_their_own_devices",
    "Profiles.end_device": "tests/library/test_profiles.py::test_people_see_and_end_their_own_devices",
    "Profiles.administrators": "tests/library/test_profiles.py::test_people_know_whom_to_ask",
    "Sessions.sign_out": "tests/library/test_sessions.py::test_signing_out_ends_the_session",
    "Sessions.sign_out_elsewhere": "tests/library/test_sessions.py::test_signing_out_elsewhere_leaves_this_browser",
    "Sessions.all": "tests/library/test_sessions.py::test_people_see_their_own_sessions",
    "Folders.covers": "tests/library/test_folders.py::test_everybody_sees_a_picture_of_their_own_spaces",
    "Favourites.add": _HEARTS,
    "Favourites.remove": _HEARTS,
    "Details.photo": "tests/library/test_details.py::test_a_photo_is_nothing_to_those_outside_its_space",
    "Overview.facets": "tests/library/test_overview.py::test_facets_of_a_filtered_view_count_what_it_finds",
    "Overview.files": "tests/viewer/test_search.py::test_files_of_others_are_not_found",
    "Overview.suggest": "tests/library/test_overview.py::test_nobody_is_told_of_what_others_have",
    "Overview.clusters": "tests/library/test_overview.py::test_the_map_shows_what_is_in_the_box_and_in_the_view",
    "Timeline.segments": _EVERYBODY,
    "Timeline.columns": _EVERYBODY,
    "Timeline.paths": "tests/library/test_timeline.py::test_folders_of_others_have_no_path",
    "Timeline.on_this_day": "tests/library/test_timeline.py::test_this_day_of_earlier_years_is_only_what_one_may_see",
    "Timeline.changes": "tests/library/test_timeline.py::test_a_space_that_is_joined_is_a_change_of_all_of_its_days",
    "Timeline.position": "tests/library/test_timeline.py::test_a_photo_that_is_not_in_the_view_has_no_position",
    "Files.spaces": "test_everybody_sees_their_own_spaces",
    "Uploads.end_failed": "housekeeping of the process: it takes no principal",
    "Locks.refresh": "tests/library/test_locks.py::test_only_its_owner_refreshes_a_lock",
}


JUDGED = (
    Details,
    Devices,
    Duplicates,
    Favourites,
    Files,
    Folders,
    Invitations,
    Locks,
    Overview,
    Pictures,
    Playables,
    Profiles,
    Sessions,
    Timeline,
    Tokens,
    Transfers,
    Trash,
    Uploads,
    Usages,
)


def _methods(kind: type) -> list[str]:
    return [
        f"{kind.__name__}.{name}"
        for name, value in vars(kind).items()
        if inspect.isfunction(value) and not name.startswith("_")
    ]


def test_every_method_that_takes_a_principal_is_in_the_matrix() -> None:
    public = {name for kind in JUDGED for name in _methods(kind)}
    assert public == METHODS.keys() | JUDGED_ELSEWHERE.keys()


def test_every_part_of_the_library_is_known_here() -> None:
    parts = set(Library.__dataclass_fields__)
    judged = {kind.__name__.lower() for kind in JUDGED}
    assert parts - {"checker"} == judged | {kind.lower() for kind in ADMINISTRATION}


@pytest.mark.parametrize("kind", ADMINISTRATION.values(), ids=ADMINISTRATION.keys())
def test_administration_takes_no_principal(kind: type) -> None:
    for name in _methods(kind):
        assert "principal" not in inspect.signature(getattr(kind, name.split(".")[1])).parameters


@pytest.mark.parametrize("role", [VIEWER, EDITOR, MANAGER])
@pytest.mark.parametrize("method", METHODS)
def test_a_role_allows_what_it_should_and_nothing_more(house: House, method: str, role: Role) -> None:
    _prepared(house)
    house.library.spaces.grant("family", "dave", role)
    needed, act = METHODS[method]
    rows = house.rows("SELECT id, parent_id, name, blob_id, modified FROM entry")
    if role >= needed:
        act(house, house.dave)
    else:
        with pytest.raises(Forbidden):
            act(house, house.dave)
        assert house.rows("SELECT id, parent_id, name, blob_id, modified FROM entry") == rows


def test_for_who_is_no_member_the_space_does_not_exist(house: House) -> None:
    _prepared(house)
    with pytest.raises(NotFound) as missing:
        house.library.files.stat(house.dave, at("nowhere/f/a"))
    for _, act in METHODS.values():
        with pytest.raises(NotFound) as refused:
            act(house, house.dave)
        assert str(refused.value) == str(missing.value)


def test_a_membership_that_ends_ends_at_once(house: House) -> None:
    _prepared(house)
    house.library.spaces.grant("family", "dave", MANAGER)
    house.library.files.stat(house.dave, at("family/f"))
    house.library.spaces.revoke("family", "dave")
    for _, act in METHODS.values():
        with pytest.raises(NotFound):
            act(house, house.dave)


def test_a_removed_space_does_not_exist(house: House) -> None:
    _prepared(house)
    house.library.spaces.remove("family")
    for _, act in METHODS.values():
        with pytest.raises(NotFound):
            act(house, house.alice)


def test_nobody_refreshes_a_lock_of_a_space_they_left(house: House) -> None:
    house.library.spaces.grant("family", "dave", EDITOR)
    token = house.lock("family/x", house.dave)
    house.library.spaces.revoke("family", "dave")
    with pytest.raises(NotFound):
        house.library.locks.refresh(house.dave, at("family/x"), seconds=60, conditions=tokens(token))


def test_an_editor_of_one_space_cannot_take_from_another_they_only_look_at(house: House) -> None:
    house.put("family/a", b"x")
    with pytest.raises(Forbidden):
        house.move("family/a", "carol/a", house.carol)
    assert house.copy("family/a", "carol/a", house.carol) is True
    with pytest.raises(Forbidden):
        house.move("carol/a", "family/b", house.carol)


def test_everybody_sees_their_own_spaces(house: House) -> None:
    def seen(who: Principal) -> list[tuple[str, int]]:
        return [(space.name, space.role) for space in house.library.files.spaces(who)]

    assert seen(house.alice) == [("alice", MANAGER), ("family", MANAGER)]
    assert seen(house.bob) == [("bob", MANAGER), ("family", EDITOR)]
    assert seen(house.carol) == [("carol", MANAGER), ("family", VIEWER)]
    assert seen(house.dave) == [("dave", MANAGER)]
    house.library.spaces.remove("family")
    assert seen(house.carol) == [("carol", MANAGER)]


def test_a_role_that_ends_while_a_body_arrives_refuses_it_in_the_end(house: House) -> None:
    def body() -> Any:
        house.library.spaces.grant("family", "bob", VIEWER)
        yield b"x"

    with pytest.raises(Forbidden):
        house.library.uploads.put(house.bob, at("family/a"), body(), size=1, conditions=NO_CONDITIONS)
    assert house.names("family") == []
    house.assert_sound()
