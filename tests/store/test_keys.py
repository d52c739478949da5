"""Keys: unique, readable, and taken by every store."""

import os
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.store.keys import KEY_BYTES, SEGMENT_BYTES, SPACE_KEY_BYTES, fresh, new_space_key, split

any_text = st.text(st.characters(codec=None), max_size=300)  # surrogates too
names = st.one_of(
    any_text,
    st.sampled_from([".", "..", "", "~", "_x", "x__XLDIR__", "xl.meta", "a/b", "a\\b", "e\u0301" * 200, "🏔" * 100]),
    st.builds(lambda stem, ending: f"{stem}.{ending}", any_text, st.text(max_size=12)),
)
spaces = st.builds(new_space_key, names)


@given(spaces, st.lists(names, max_size=64), names)
@settings(max_examples=400)
def test_any_names_give_a_key_that_every_store_takes(space: str, folders: list[str], name: str) -> None:
    key = fresh(space, folders, name)
    segments = split(key)
    assert segments[0] == space
    assert 2 <= len(segments) <= 2 + len(folders)
    assert len(key.encode()) <= KEY_BYTES
    assert all(0 < len(segment.encode()) <= SEGMENT_BYTES for segment in segments)
    assert unicodedata.is_normalized("NFC", key)
    assert not re.search("[\x00-\x1f\x7f-\x9f\\\\\ud800-\udfff\ufffe\uffff]", key)
    assert not any(segment.endswith("__XLDIR__") for segment in segments)
    assert re.fullmatch(r"[^~]*~[a-z2-7]{12}(\.[a-z0-9]{1,8})?", segments[-1])
    assert key.count("~") == 1


@given(names)
def test_space_key_begins_like_its_name_and_never_like_ours(name: str) -> None:
    key = new_space_key(name)
    assert split(key) == [key]
    assert re.fullmatch(r"[^~]+-[a-z2-7]{6}", key)
    assert len(key.encode()) <= SPACE_KEY_BYTES
    assert key[0] not in "_."


@given(st.lists(names, max_size=64), names)
def test_folders_give_way_from_the_deepest(folders: list[str], name: str) -> None:
    kept = split(fresh("space-abcdef", folders, name))[1:-1]
    assert kept == split(fresh("space-abcdef", folders[: len(kept)], name))[1:-1]
    full = split(fresh("space-abcdef", folders[:3], name))[1:-1]
    assert kept[:3] == full


@pytest.mark.parametrize(
    ("folders", "name", "key"),
    [
        (["2024", "Ostsee"], "IMG_1.JPG", r"alice-abcdef/2024/Ostsee/IMG_1~[a-z2-7]{12}\.jpg"),
        ([], "archive.tar.gz", r"alice-abcdef/archive\.tar~[a-z2-7]{12}\.gz"),
        ([], "no ending", r"alice-abcdef/no ending~[a-z2-7]{12}"),
        ([], ".hidden", r"alice-abcdef/\.hidden~[a-z2-7]{12}"),
        ([], "trailing.", r"alice-abcdef/trailing\.~[a-z2-7]{12}"),
        ([], "x.far too long", r"alice-abcdef/x\.far too long~[a-z2-7]{12}"),
        ([], "x.jpé", r"alice-abcdef/x\.jpé~[a-z2-7]{12}"),
        ([], "e\u0301.heic", r"alice-abcdef/é~[a-z2-7]{12}\.heic"),
        ([".", "..", "a/b", "c\\d", "~", "e\nf"], "g~h.jpg", r"alice-abcdef/_/__/a_b/c_d/_/e_f/g_h~[a-z2-7]{12}\.jpg"),
    ],
)
def test_key_reads_like_the_path_at_upload(folders: list[str], name: str, key: str) -> None:
    assert re.fullmatch(key, fresh("alice-abcdef", folders, name))


def test_names_are_cut_between_characters() -> None:
    key = fresh("alice-abcdef", ["🏔" * 100], "é" * 200 + ".jpg")
    _, folder, name = split(key)
    assert folder == "🏔" * 63  # 252 bytes; one more would be 256
    assert re.fullmatch(r"é{119}~.{12}\.jpg", name)  # 238 + 17 bytes
    assert len(name.encode()) == 255


def test_the_same_upload_gets_another_key_each_time() -> None:
    assert len({fresh("alice-abcdef", ["2024"], "IMG_1.JPG") for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize("space", ["", "_davgallery", ".tmp", "a/b", "..", "a~b", "e\u0301", "a" * 256])
def test_what_is_no_space_key_is_refused(space: str) -> None:
    with pytest.raises(ValueError, match="not a space key"):
        fresh(space, [], "a.jpg")


@given(st.lists(names, max_size=8), names)
@settings(max_examples=50)
def test_key_is_a_path_that_a_file_system_takes(folders: list[str], name: str) -> None:
    key = fresh("space-abcdef", folders, name)
    limit = os.pathconf("/", "PC_NAME_MAX")
    assert all(len(os.fsencode(part)) <= limit for part in Path(key).parts)
    assert str(Path(key)) == key
