"""Photos follow the tree: whenever files come, go or change, the rows of the timeline are worked out anew.

A photo is derived from all files of its name in its folder (:mod:`gateway.library.stacks`). Single files follow in the
transaction of the change itself; a folder is noted there as pending, and followed in pages afterwards.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.catalogue.statements import photos as photos_sql
from gateway.library import names
from gateway.library.favourites import share
from gateway.library.stacks import MOST_TOGETHER, Member, Photo, arrange, stem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.values import Entry

_PAGE = 1000
_LEASE = 60 * 1_000_000
_RENEW = 20.0
"""Seconds. A page takes one at most."""
_FOLDER, _NAME_KEY, _CONTENT = (Member._fields.index(name) for name in ("folder_id", "name_key", "content_id"))
_MEMBER_END = len(Member._fields)
_PHOTO_SPACE = _MEMBER_END + Photo._fields.index("space_id")
_Row = tuple[Any, ...]


class _Elsewhere(Exception):
    """A folder was changed while it was being followed. It is pending again, or will be once more."""


@dataclass(frozen=True, slots=True)
class Photos:
    """Keeps the photos of every space. ``zone`` is the server's own, for times that tell none."""

    catalogue: Catalogue
    zone: str

    # --- inside the transaction of a change, which holds the space ----------------------------------------------

    def arrived(
        self, tx: Transaction, space_id: int, folder_id: int, entry_id: int, name: str, *, is_folder: bool
    ) -> None:
        """Follow an entry that appeared in a folder, or a file of whose content more is known."""
        if is_folder:
            follow_again(tx, entry_id)
        else:
            self._arrange(tx, space_id, _of_stem(tx, folder_id, stem(names.key(name))))

    def left(self, tx: Transaction, space_id: int, folder_id: int, entry: Entry) -> None:
        """Follow an entry that is not in a folder any more, or a file that is not a picture any more."""
        if entry.is_folder:
            follow_again(tx, entry.id)
            return
        if entry.blob_id is None:
            return
        for blob_id in forget(tx, [entry.id]):
            self._part(tx, space_id, folder_id, blob_id)
        self._arrange(tx, space_id, _of_stem(tx, folder_id, stem(names.key(entry.name))))

    def _arrange(self, tx: Transaction, space_id: int, rows: Iterable[_Row]) -> None:
        """Bring the photos of these files to what they should be. All files of a stem are among the rows, or none."""
        tally = _Tally()
        replaced: list[tuple[int, int]] = []
        for group in _groups(tx, rows):
            members = [Member._make(row[:_MEMBER_END]) for row in group]
            known = {row[0]: Photo._make(row[_MEMBER_END:]) for row in group if row[_MEMBER_END] is not None}
            for member in members:
                old = known.get(member.entry_id)
                if old is not None and old.blob_id != member.blob_id:
                    replaced.append((member.folder_id, old.blob_id))
            photos = arrange(members, space_id, self.zone)
            changed = [photo for photo in photos if known.pop(photo.entry_id, None) != photo]
            # What is left is a picture no more.
            tally.remove(tx, [*known, *(photo.entry_id for photo in changed)])
            for photo in changed:
                tally.add(tx, photo)
            for top in {photo.stack_id for photo in changed} - {None}:
                share(tx, [photo.entry_id for photo in photos if top in (photo.entry_id, photo.stack_id)])
        tally.write(tx)
        for folder_id, blob_id in replaced:
            self._part(tx, space_id, folder_id, blob_id)

    def _part(self, tx: Transaction, space_id: int, folder_id: int, blob_id: int) -> None:
        """Arrange the files that shared a content id with a version that is not in the folder any more."""
        partners = tx.all(photos_sql.PARTNERS_OF_BLOB, folder=folder_id, blob=blob_id, limit=MOST_TOGETHER + 1)
        if len(partners) <= MOST_TOGETHER:
            stems = {stem(row[_NAME_KEY]) for row in partners}
            self._arrange(tx, space_id, [row for shared in stems for row in _of_stem(tx, folder_id, shared)])

    # --- afterwards ---------------------------------------------------------------------------------------------

    def follow_folders(self, most: int | None = None) -> int:
        """Follow the folders that are pending, or ``most`` of them; how many there were."""
        done = 0
        while True:
            with self.catalogue.read() as tx:
                due = [row[0] for row in tx.all(photos_sql.DUE_PENDING, limit=10 if most is None else most)]
            done += sum(self._follow(folder) for folder in due)
            if not due or most is not None:
                return done

    def _follow(self, root: int) -> bool:
        """Follow one folder, page by page, unless another process does; whether this one did."""
        hold = _Hold.taken(self.catalogue, root)
        if hold is None:
            return False
        with self.catalogue.read() as tx:
            home = _home(tx, root)
            folders = [row[0] for row in tx.all(photos_sql.FOLDERS_BELOW, entry=root)]
            held = {row[0] for row in tx.all(photos_sql.SPACES_OF_PHOTOS_BELOW, entry=root)}
        try:
            if home is None:
                while self.catalogue.write(partial(_remove_below, root=root, held=held), *held):
                    hold.renew()
            else:
                for folder in folders:
                    self._follow_members(home, held, folder, hold)
        except _Elsewhere:
            return True
        hold.end()
        return True

    def _follow_members(self, home: int, held: set[int], folder: int, hold: _Hold) -> None:
        after: str | None = ""
        while after is not None:
            hold.renew()
            page = partial(self._page, home=home, held=held, folder=folder, after=after)
            after = self.catalogue.write(page, *held, home)

    def _page(self, tx: Transaction, home: int, held: set[int], folder: int, after: str) -> str | None:
        """Arrange up to 1,000 files of a folder; the name after which to go on, None at its end."""
        if _home(tx, folder) != home:  # the folder's own: it may have been deleted while those before it were followed
            raise _Elsewhere
        page = tx.all(photos_sql.MEMBERS_AFTER, folder=folder, after=after, limit=_PAGE)
        is_last = len(page) < _PAGE
        rows, further = _whole_stems(tx, page, after, is_last=is_last)
        if not {row[_PHOTO_SPACE] for row in rows} <= {*held, home, None}:
            raise _Elsewhere
        self._arrange(tx, home, rows)
        return further


def forget(tx: Transaction, entries: Sequence[int]) -> list[int]:
    """Remove the photos of entries that are gone; the blobs they were made of."""
    tally = _Tally()
    blobs = tally.remove(tx, entries)
    tally.write(tx)
    return blobs


class _Hold:
    """A pending folder that this process follows, for as long as it says so now and then."""

    def __init__(self, catalogue: Catalogue, root: int, mark: int) -> None:
        self._catalogue, self._root, self._mark = catalogue, root, mark
        self._renewed = time.monotonic()

    @classmethod
    def taken(cls, catalogue: Catalogue, root: int) -> _Hold | None:
        """Take the folder, unless somebody else has."""
        row = catalogue.write(lambda tx: tx.one(photos_sql.TAKE_PENDING, entry=root, us=_LEASE), durable=False)
        return None if row is None else cls(catalogue, root, row[0])

    def renew(self) -> None:
        """Hold it for another lease, if that is needed. _Elsewhere when it was changed, or somebody else follows it."""
        if time.monotonic() - self._renewed < _RENEW:
            return
        words = {"entry": self._root, "taken": self._mark, "us": _LEASE}
        row = self._catalogue.write(lambda tx: tx.one(photos_sql.HOLD_PENDING, **words), durable=False)
        if row is None:
            raise _Elsewhere
        self._mark, self._renewed = row[0], time.monotonic()

    def end(self) -> None:
        """It is followed, unless it was changed meanwhile."""
        self._catalogue.run(photos_sql.END_PENDING, durable=False, entry=self._root, taken=self._mark)


class Common(NamedTuple):
    """What photos are counted by besides their day."""

    kind: str
    flags: int
    rating: int | None
    place_id: int | None
    traits_id: int | None
    folder_id: int

    @property
    def keys(self) -> Iterator[tuple[str, int]]:
        """Each of it, as it is counted."""
        yield "form", form_of(self.kind, self.flags, self.rating)
        yield "folder", self.folder_id
        if self.place_id is not None:
            yield "place", self.place_id
        if self.traits_id is not None:
            yield "traits", self.traits_id


_KINDS = ("image", "video", "raw")


def form_of(kind: str, flags: int, rating: int | None) -> int:
    """Kind, flags and rating as one number: 4 bits of the rating, 12 of flags, then the kind."""
    return _KINDS.index(kind) << 16 | flags << 4 | (rating or 0)


def form_from(number: int) -> tuple[str, int, int]:
    """The kind, the flags and the rating (0 for none) of such a number."""
    return _KINDS[number >> 16], number >> 4 & 0xFFF, number & 0xF


class _Tally:
    """Counts what a transaction does to days and to what is in common, and writes it down at its end: each once."""

    def __init__(self) -> None:
        self._days: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
        self._counts: Counter[tuple[int, str, int]] = Counter()

    def add(self, tx: Transaction, photo: Photo) -> None:
        tx.run(photos_sql.ADD_PHOTO, **photo._asdict())
        self._count(photo, 1)

    def remove(self, tx: Transaction, entries: Sequence[int]) -> list[int]:
        """Remove the photos of these entries; the blobs they were made of."""
        rows = tx.all(photos_sql.DELETE_PHOTOS, entries=json.dumps(entries)) if entries else []
        photos = [Photo._make(row) for row in rows]
        for photo in photos:
            self._count(photo, -1)
        return [photo.blob_id for photo in photos]

    def _count(self, photo: Photo, sign: int) -> None:
        counted = self._days[photo.space_id, photo.day]
        if photo.stack_id is None:
            counted[0] += sign
            counted[1] += sign * photo.ratio
            common = Common._make(getattr(photo, name) for name in Common._fields)
            for what, key in common.keys:
                self._counts[photo.space_id, what, key] += sign

    def write(self, tx: Transaction) -> None:
        seqs = {space: tx.value(photos_sql.NEXT_SEQ, space=space) for space in sorted({key[0] for key in self._days})}
        for (space, day), (more, more_ratio) in sorted(self._days.items()):
            seq = seqs[space]
            if not tx.run(photos_sql.COUNT_DAY, space=space, which=day, more=more, more_ratio=more_ratio, new_seq=seq):
                tx.run(photos_sql.ADD_DAY, space_id=space, day=day, n=more, ratio_sum=more_ratio, seq=seq)
        for (space, what, key), more in sorted(self._counts.items()):
            if more and not tx.run(photos_sql.COUNT, space=space, which=what, of=key, more=more):
                tx.run(photos_sql.ADD_COUNT, space_id=space, what=what, key=key, n=more)
            if more < 0:
                tx.run(photos_sql.DELETE_COUNT, space=space, which=what, of=key)


def follow_again(tx: Transaction, folder_id: int) -> None:
    """Note that all below a folder has to be followed: it was deleted, restored, copied, or changed its space."""
    if not tx.run(photos_sql.MOVE_PENDING, entry=folder_id):
        tx.run(photos_sql.ADD_PENDING, entry=folder_id)


def _home(tx: Transaction, entry_id: int) -> int | None:
    """The space that an entry lives in; None for what is in the trash or gone."""
    row = tx.one(photos_sql.LIVES_IN, entry=entry_id)
    return None if row is None else int(row[0])


def _of_stem(tx: Transaction, folder_id: int, shared: str) -> list[_Row]:
    span = {"stem": shared, "first": f"{shared}.", "beyond": f"{shared}/"}
    rows = tx.all(photos_sql.MEMBERS_OF_STEM, folder=folder_id, **span)
    return [row for row in rows if stem(row[_NAME_KEY]) == shared]


def _groups(tx: Transaction, rows: Iterable[_Row]) -> Iterator[Sequence[_Row]]:
    """The files that are judged together: those of one stem, and those that share a content id with one of them.

    Where these are too many to be a live photo and its copies, content ids mean nothing, and each stem is for itself:
    else every file would cost as much as all before it.
    """
    by_stem: dict[str, dict[int, _Row]] = defaultdict(dict)
    for row in rows:
        by_stem[stem(row[_NAME_KEY])][row[0]] = row
    while by_stem:
        first, of_first = by_stem.popitem()
        together = {first: of_first}
        seen: set[str] = set()
        while contents := _contents(together) - seen:
            for content in sorted(contents):
                seen.add(content)
                if _count(together) <= MOST_TOGETHER:
                    _gather(tx, content, together, by_stem)
        everything = [row for files in together.values() for row in files.values()]
        if len(everything) <= MOST_TOGETHER:
            yield everything
        else:
            for files in together.values():
                yield [(*row[:_CONTENT], None, *row[_CONTENT + 1 :]) for row in files.values()]


def _contents(together: dict[str, dict[int, _Row]]) -> set[str]:
    return {row[_CONTENT] for files in together.values() for row in files.values() if row[_CONTENT] is not None}


def _count(together: dict[str, dict[int, _Row]]) -> int:
    return sum(map(len, together.values()))


def _gather(
    tx: Transaction, content: str, together: dict[str, dict[int, _Row]], by_stem: dict[str, dict[int, _Row]]
) -> None:
    """Add the files of every stem in which one has this content id, until they are too many."""
    folder = next(row[_FOLDER] for files in together.values() for row in files.values())
    for partner in tx.all(photos_sql.MEMBERS_OF_CONTENT, folder=folder, content=content, limit=MOST_TOGETHER + 1):
        shared = stem(partner[_NAME_KEY])
        if shared not in together and _count(together) <= MOST_TOGETHER:
            together[shared] = by_stem.pop(shared, {}) or {row[0]: row for row in _of_stem(tx, folder, shared)}


def _whole_stems(tx: Transaction, page: list[_Row], after: str, *, is_last: bool) -> tuple[list[_Row], str | None]:
    """The files of a page with all others of their stems, and the name after which to go on; None at the end.

    The files of a stem begin with one word and stand together, so a full page ends before its last word. Where that
    is its only word, as in “2019.07.14 …”, stems are cut apart: these, here and on the next page, are completed.
    """
    if not page:
        return [], None
    words = [str(row[_NAME_KEY]).partition(".")[0] for row in page]
    cut = {after.partition(".")[0]} if after else set()
    if not is_last and words[0] != words[-1]:
        page = page[: words.index(words[-1])]
    elif not is_last:
        cut.add(words[-1])
    rows = {row[0]: row for row in page}
    for shared in {stem(row[_NAME_KEY]) for row, word in zip(page, words, strict=False) if word in cut}:
        rows |= {row[0]: row for row in _of_stem(tx, page[0][_FOLDER], shared)}
    return list(rows.values()), None if is_last else page[-1][_NAME_KEY]


def _remove_below(tx: Transaction, root: int, held: set[int]) -> int:
    if (
        _home(tx, root) is not None
        or not {row[0] for row in tx.all(photos_sql.SPACES_OF_PHOTOS_BELOW, entry=root)} <= held
    ):
        raise _Elsewhere
    return len(forget(tx, [row[0] for row in tx.all(photos_sql.PHOTOS_BELOW, entry=root, limit=_PAGE)]))
