"""Where the bytes live: immutable objects under keys that are used once.

``gateway.store.local`` and ``gateway.store.minio`` keep the contract of ``ObjectStore``. They are imported where the
settings name one, because the minio SDK alone costs a third of a second at start.
"""

from gateway.store.identity import identify
from gateway.store.keys import fresh, new_space_key
from gateway.store.protocol import ObjectStore, StoredObject

__all__ = ["ObjectStore", "StoredObject", "fresh", "identify", "new_space_key"]
