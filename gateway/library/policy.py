"""What a space takes: any file or media only, and files up to a size.

An upload is judged by its extension and announced size before its bytes, by its content and real size while they come;
a file that is copied, moved or renamed into place by what is known of its bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.catalogue.statements import tree as tree_sql
from gateway.errors import TooLarge, UnsupportedType
from gateway.library import media, names

if TYPE_CHECKING:
    from gateway.catalogue import Transaction
    from gateway.library.values import Entry, Space


def too_large() -> TooLarge:
    """The refusal of a file over the space's limit."""
    return TooLarge("The file is larger than this space allows.")


def not_media() -> UnsupportedType:
    """The refusal of a file that is no photograph or video, where only those are taken."""
    return UnsupportedType("This space takes photographs and videos only.")


def check_announced(space: Space, name: str, size: int | None) -> bool:
    """Judge an upload before its bytes; whether its first bytes must be those of media.

    Empty files and companions (AppleDouble, sidecars) pass every policy: clients cannot copy without them.
    """
    if size is not None and space.max_file_size is not None and size > space.max_file_size:
        raise too_large()
    if not space.media_only or size == 0 or names.is_companion(name):
        return False
    if not media.may_be(name):
        raise not_media()
    return True


def check_arrival(tx: Transaction, space: Space, entry: Entry, name: str, *, is_here: bool) -> None:
    """Judge an entry, with all below it, that is to be called ``name`` in ``space``.

    ``is_here``: it is in the space already, so what is below it, and its size, were judged before.
    """
    if (is_here and entry.is_folder) or (space.max_file_size is None and not space.media_only):
        return
    limit = None if is_here else space.max_file_size
    rows = tx.all(
        tree_sql.NOT_TAKEN, entry=entry.id, any_type=not space.media_only, most=2**62 if limit is None else limit
    )
    for found, is_media, size in rows:
        if limit is not None and size > limit:
            raise too_large()
        if not is_media and not names.is_companion(found if entry.is_folder else name):
            raise not_media()
    if space.media_only and entry.size and not media.may_be(name) and not names.is_companion(name):
        raise not_media()
