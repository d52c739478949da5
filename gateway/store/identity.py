"""The random id that a store carries, so that a catalogue is never joined to a store that is not its own."""

import secrets
import time

from gateway.errors import NotFound
from gateway.store.protocol import ObjectStore

_KEY = "_davgallery/id"
_CANDIDATES = "_davgallery/id-candidates/"
_LENGTH = 32


def identify(store: ObjectStore, *, pause: float = 0.5) -> str:
    """Return the id of the store: 32 hexadecimal characters. A store that has none gets one.

    Stores have no "put if absent", so those that start at once on an empty store each write a candidate, wait ``pause``
    seconds for the others' to arrive, and all choose the one that the store says is the oldest. The candidates go only
    after the id is there, and the id is looked for after they were listed: who finds some missing finds the id.
    StoreUnavailable and StoreFull come out.
    """
    try:
        return _read(store)
    except NotFound:
        pass
    store.put(f"{_CANDIDATES}{secrets.token_hex(_LENGTH // 2)}", [b"-"], 1)
    time.sleep(pause)
    candidates = list(store.list(_CANDIDATES))
    try:
        chosen = _read(store)
    except NotFound:
        chosen = min(candidates, key=lambda found: (found.modified, found.key)).key.removeprefix(_CANDIDATES)
        store.put(_KEY, [chosen.encode()], _LENGTH)
    store.delete(found.key for found in candidates)
    return chosen


def _read(store: ObjectStore) -> str:
    return b"".join(store.read(_KEY, 0, _LENGTH)).decode("ascii")
