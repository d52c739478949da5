"""How guessing passwords is made slow, whichever process it meets, without locking out those who know theirs.

Failed logins are counted for each account from each network, for each network, and for each account. The last count
bounds guesses that come from everywhere; it starts late, and networks that the account logged in from are exempt from
it, because otherwise anybody could keep an owner out.
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import accounts as accounts_sql
from gateway.errors import TooManyAttempts

if TYPE_CHECKING:
    from gateway.catalogue import Transaction

_HOST_BITS = 64
_LONGEST_SUBJECT = 300  # characters; it is in an index, and PostgreSQL takes 2,704 bytes there


class Limit(NamedTuple):
    """How many failures cost nothing, and the seconds that the delay grows to, doubling from one second."""

    free: int
    longest: int


PAIR = Limit(5, 15 * 60)
"""People mistype, and several devices of one person start at once."""
NETWORK = Limit(20, 15 * 60)
"""A house or an office shares an address."""
ACCOUNT = Limit(100, 60)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody says to be an account, from somewhere."""

    pair: str
    network: str
    account: str
    known: str
    """The row that says that the account logged in from there."""

    @classmethod
    def of(cls, name_key: str, address: str) -> Attempt:
        """Take the account's name as names are compared, and the client's network address."""
        network = network_of(address)
        return cls(*(
            subject[:_LONGEST_SUBJECT]
            for subject in (
                f"pair:{network} {name_key}",
                f"network:{network}",
                f"account:{name_key}",
                f"known:{network} {name_key}",
            )
        ))  # fmt: skip

    def require_patience(self, tx: Transaction) -> None:
        """Raise TooManyAttempts while this has to wait."""
        waits = _waits(tx, self.pair, self.network, self.account, self.known)
        if self.known in waits:
            waits.pop(self.account, None)
        _require_patience(waits)

    def failed(self, tx: Transaction) -> None:
        """Count a failure."""
        for subject, limit in ((self.pair, PAIR), (self.network, NETWORK), (self.account, ACCOUNT)):
            _fail(tx, subject, limit)

    def succeeded(self, tx: Transaction) -> None:
        """Forget the failures of the account from there, and remember where it logs in from."""
        tx.run(accounts_sql.FORGET_SUBJECTS, subjects=json.dumps([self.pair, self.known]))
        tx.run(accounts_sql.ADD_ATTEMPT, who=self.known, failures=0)


@dataclass(frozen=True, slots=True)
class LinkAttempt:
    """Somebody opens a link, from somewhere. Nobody guesses 160 bits, and nobody is to try for free."""

    network: str

    @classmethod
    def of(cls, address: str) -> LinkAttempt:
        """Take the client's network address."""
        return cls(f"link:{network_of(address)}"[:_LONGEST_SUBJECT])

    def require_patience(self, tx: Transaction) -> None:
        """Raise TooManyAttempts while this has to wait."""
        _require_patience(_waits(tx, self.network))

    def failed(self, tx: Transaction) -> None:
        """Count a link that there is not."""
        _fail(tx, self.network, NETWORK)


def _waits(tx: Transaction, *subjects: str) -> dict[str, int]:
    """Microseconds that each of these that is known has to wait; not positive for none."""
    return dict(tx.all(accounts_sql.ATTEMPTS, subjects=json.dumps(subjects)))


def _require_patience(waits: dict[str, int]) -> None:
    longest = max(waits.values(), default=0)
    if longest > 0:
        raise TooManyAttempts(-(-int(longest) // 1_000_000))


def _fail(tx: Transaction, subject: str, limit: Limit) -> None:
    row = tx.one(accounts_sql.FAIL_ATTEMPT, who=subject)
    if row is None:
        tx.run(accounts_sql.ADD_ATTEMPT, who=subject, failures=1)
    elif row[0] > limit.free:
        delay = min(limit.longest, 2 ** min(20, row[0] - limit.free - 1))
        tx.run(accounts_sql.DELAY_ATTEMPT, who=subject, us=delay * 1_000_000)


def network_of(address: str) -> str:
    """What one client can easily change addresses within: a /64 of IPv6 (RFC 6177 §2), else the address alone."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # a Unix socket has no address
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(parsed) >> _HOST_BITS << _HOST_BITS, 128 - _HOST_BITS)))
