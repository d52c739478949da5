"""Every way in which a file gives no picture, or the indexer cannot work.

    Unreadable      this file cannot be decoded; another try gives the same
    └── TooLarge    it needs more memory than a decoder has
    NoDecoder       the decoder does not start: nothing is said about the file (a gateway.errors.Unavailable)

Messages are short sentences for a person.
"""

from gateway.errors import Unavailable


class Unreadable(Exception):
    """The file cannot be decoded, and why."""


class TooLarge(Unreadable):
    """Decoding the file needs more memory than there is for it."""


class NoDecoder(Unavailable):
    """No decoder can be started here, or not now. The file was not looked at."""
