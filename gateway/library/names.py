"""Which names and paths a space accepts, and how names are compared.

Names are kept as they were sent and found by their NFC, because Finder sends NFD and everybody else NFC. What is not
acceptable is refused, never altered: a client that asked for one name and got another would upload it for ever.
"""

import re
import unicodedata

from gateway.errors import BadName
from gateway.library.values import Path

MAX_NAME_BYTES = 255
MAX_LEVELS = 64
MAX_PATH_BYTES = 4096

_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_RESERVED = frozenset("con prn aux nul".split() + [f"{d}{i}" for d in ("com", "lpt") for i in range(10)])
_SPACE_NAME = re.compile(r"[^\W_][\w .@+-]{0,62}[^\W]|[^\W_]")

# What operating systems put beside files, and what photo tools put beside photographs. Every space takes them, because
# Finder and Explorer cannot copy without; they count their bytes and are never photos.
_LITTER = frozenset((".ds_store", "desktop.ini", "thumbs.db", ".localized", ".metadata_never_index"))
_SIDECARS = (".xmp", ".aae", ".thm", ".lrv", ".pp3", ".dop", ".gpx")


def key(name: str) -> str:
    """What a name is found and compared by: its NFC."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def check(path: Path) -> None:
    """Raise BadName unless every name below the space, and the path as a whole, is acceptable."""
    total = 0
    for name in path[1:]:
        if name in ("", ".", ".."):
            raise BadName("A name cannot be empty, “.” or “..”.")
        if "/" in name or _CONTROL.search(name):
            raise BadName("A name cannot contain a slash or control characters.")
        try:
            size = len(name.encode())
        except UnicodeEncodeError:
            raise BadName("A name must be valid Unicode text.") from None
        if size > MAX_NAME_BYTES or (not name.isascii() and len(key(name).encode()) > MAX_NAME_BYTES):
            raise BadName(f"A name can be {MAX_NAME_BYTES} bytes long at most.")
        total += size + 1
    if len(path) - 1 > MAX_LEVELS:
        raise BadName(f"Folders can be {MAX_LEVELS} levels deep at most.")
    if total > MAX_PATH_BYTES:
        raise BadName(f"A path can be {MAX_PATH_BYTES} bytes long at most.")


def path_bytes(path: Path) -> int:
    """The length of a path below its space."""
    return sum(len(name.encode()) + 1 for name in path[1:])


def space_key(name: str) -> str:
    """What the name of an account or space is found by: compared without case. Empty for what can name neither."""
    return unicodedata.normalize("NFC", name).casefold() if is_text(name) else ""


def is_text(name: str) -> bool:
    """Whether a database can be asked for this: PostgreSQL takes no NUL, and UTF-8 has no lone surrogates."""
    return not _NO_TEXT.search(name)


def check_space(name: str) -> None:
    """Raise BadName unless ``name`` can name an account or space: safe in a path, an address and a login."""
    if not _SPACE_NAME.fullmatch(name) or space_key(name) in _RESERVED or len(name.encode()) > MAX_NAME_BYTES:
        raise BadName(
            f"“{name}” cannot name an account or space: letters, digits, and inside spaces and “. - _ @ +”, at most 64 "
            "characters; and not what Windows reserves for devices, such as “con”."
        )


def is_companion(name: str) -> bool:
    """Whether a file goes with photographs or folders without being one, so that a media-only space takes it."""
    lower = name.lower()
    return lower.startswith("._") or lower in _LITTER or lower.endswith(_SIDECARS)
