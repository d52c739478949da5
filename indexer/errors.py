"""Every way in which a file gives no picture, or the indexer cannot work.

    Unreadable      this file cannot be decoded; another try gives the same
    ├── TooLarge    it needs more memory than a decoder has
    ├── TooSlow     it needs more time
    └── Killed      somebody ended its decoder; another try may go well
    NoDecoder       the decoder does not start: nothing is said about the file (a gateway.errors.Unavailable)

Messages are short sentences for a person.
"""

from gateway.errors import Unavailable


class Unreadable(Exception):
    """The file cannot be decoded, and why."""


class TooLarge(Unreadable):
    """Decoding the file needs more memory than there is for it."""


class TooSlow(Unreadable):
    """Decoding the file takes more time than there is for it."""


class Killed(Unreadable):
    """The decoder was killed from outside: by the system for want of memory, or by a person."""


class NoDecoder(Unavailable):
    """No decoder can be started here, or not now. The file was not looked at."""
