"""The library: every operation a user can do, each with every rule applied. Doors and pages translate to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.library.accounts import Accounts
from gateway.library.check import Checker
from gateway.library.details import Details
from gateway.library.devices import Devices
from gateway.library.duplicates import Duplicates
from gateway.library.encodings import Encodings
from gateway.library.favourites import Favourites
from gateway.library.files import Files
from gateway.library.folders import Folders
from gateway.library.invitations import Invitations
from gateway.library.jobs import Jobs
from gateway.library.locks import Locks
from gateway.library.overview import Overview
from gateway.library.photos import Photos
from gateway.library.pictures import Pictures
from gateway.library.playables import Playables
from gateway.library.profiles import Profiles
from gateway.library.remembered import Remembered
from gateway.library.sessions import Sessions
from gateway.library.spaces import Spaces
from gateway.library.timeline import Timeline
from gateway.library.tokens import Tokens
from gateway.library.transfers import Transfers
from gateway.library.trash import Trash
from gateway.library.upkeep import Upkeep
from gateway.library.upload import Uploads
from gateway.library.usage import Usages
from gateway.library.vocabulary import Vocabularies

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.catalogue import Catalogue
    from gateway.library.values import Guard, Listener
    from gateway.store import ObjectStore

DAY = 86_400 * 1_000_000


@dataclass(frozen=True, slots=True)
class Library:
    """The parts of the library, each with one subject; they share one catalogue and one store."""

    accounts: Accounts
    sessions: Sessions
    tokens: Tokens
    profiles: Profiles
    invitations: Invitations
    spaces: Spaces
    files: Files
    folders: Folders
    uploads: Uploads
    transfers: Transfers
    locks: Locks
    trash: Trash
    photos: Photos
    jobs: Jobs
    timeline: Timeline
    details: Details
    devices: Devices
    favourites: Favourites
    overview: Overview
    pictures: Pictures
    playables: Playables
    encodings: Encodings
    duplicates: Duplicates
    usages: Usages
    upkeep: Upkeep
    checker: Checker


def build(
    catalogue: Catalogue,
    store: ObjectStore,
    *,
    instance: str,
    default_quota: int,
    trash_days: int = 30,
    zone: str = "UTC",
    index_version: int = 1,
    can_encode: Callable[[], bool] = lambda: True,
    guards: Sequence[Guard] = (),
    listeners: Sequence[Listener] = (),
) -> Library:
    """Put the library together.

    ``instance`` names this run of the server in its holds; ``default_quota`` is in bytes; ``zone`` is the IANA name of
    the server's own time zone; ``index_version`` the indexer's, so that it does its older work again; ``can_encode``
    tells whether videos can be converted. Guards run inside the transaction of each change and may refuse it;
    listeners run after it and may fail.
    """
    accounts = Accounts(catalogue, default_quota)
    photos = Photos(catalogue, zone)
    remembered = Remembered()
    files = Files(catalogue, store, photos, guards, listeners)
    uploads = Uploads(catalogue, store, photos, guards, listeners, instance)
    return Library(
        accounts=accounts,
        sessions=Sessions(catalogue, accounts),
        tokens=Tokens(catalogue, accounts),
        profiles=Profiles(catalogue, accounts),
        invitations=Invitations(catalogue, accounts),
        spaces=Spaces(catalogue, default_quota),
        files=files,
        folders=Folders(catalogue),
        uploads=uploads,
        transfers=Transfers(catalogue, store, uploads, files, zone),
        locks=Locks(catalogue, guards, listeners),
        trash=Trash(catalogue, photos, guards, listeners),
        photos=photos,
        jobs=Jobs(catalogue, store, photos, index_version),
        timeline=Timeline(catalogue, remembered),
        details=Details(catalogue),
        devices=Devices(catalogue),
        favourites=Favourites(catalogue),
        overview=Overview(catalogue, Vocabularies(), remembered),
        pictures=Pictures(catalogue, store),
        playables=Playables(catalogue, store, can_encode),
        encodings=Encodings(catalogue, store),
        duplicates=Duplicates(catalogue),
        usages=Usages(catalogue),
        upkeep=Upkeep(catalogue, store, trash_days * DAY),
        checker=Checker(catalogue, store, photos),
    )
