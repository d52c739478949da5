"""Links that open something once."""

from __future__ import annotations

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy import exists as sql_exists
from sqlalchemy.orm import aliased

from gateway.catalogue.dialect import now
from gateway.catalogue.models import Account, Invitation, Space
from gateway.catalogue.statements.statement import Statement, n, p

_maker, _whose = aliased(Account), aliased(Account)
_OPEN = (
    Invitation.digest == p("secret"),
    Invitation.used.is_(None),
    Invitation.expires > now(),
    # Whoever made it may still do so, and who it is for has not gone.
    or_(
        Invitation.maker_id.is_(None),
        sql_exists().where(
            _maker.id == Invitation.maker_id,
            _maker.removed.is_(None),
            or_(_maker.admin, _maker.id == Invitation.account_id),
        ),
    ),
    or_(
        Invitation.account_id.is_(None),
        sql_exists().where(_whose.id == Invitation.account_id, _whose.removed.is_(None)),
    ),
)
_TERMS = (
    Invitation.id,
    Invitation.kind,
    Invitation.account_id,
    Invitation.name,
    Invitation.admin,
    Invitation.quota,
    Invitation.spaces,
    Invitation.expires,
)
ADD_INVITATION = Statement(
    insert(Invitation)
    .values(
        kind=p("kind"),
        digest=p("digest"),
        account_id=p("account_id"),
        maker_id=p("maker_id"),
        name=p("name"),
        admin=p("admin"),
        quota=p("quota"),
        spaces=p("spaces"),
        created=now(),
        expires=now() + n("us"),
    )
    .returning(Invitation.id, Invitation.expires)
)
OPEN_INVITATION = Statement(select(*_TERMS).where(*_OPEN))
USE_INVITATION = Statement(update(Invitation).where(*_OPEN).values(used=now()).returning(*_TERMS))
"""Nobody else gets a row: the second of two at once waits for the first, and finds it used."""
SET_ACCOUNT_OF_INVITATION = Statement(
    update(Invitation).where(Invitation.id == p("invitation")).values(account_id=p("account"))
)
_account, _by = aliased(Space), aliased(Space)
INVITATIONS = Statement(
    select(
        Invitation.id,
        Invitation.kind,
        Invitation.name,
        Invitation.admin,
        Invitation.quota,
        Invitation.spaces,
        Invitation.created,
        Invitation.expires,
        Invitation.used,
        _account.name,
        _by.name,
        Invitation.expires > now(),
    )
    .join(_account, _account.owner_id == Invitation.account_id, isouter=True)
    .join(_by, _by.owner_id == Invitation.maker_id, isouter=True)
    .where(Invitation.kind != "connect")
    .order_by(Invitation.id.desc())
    .limit(n("most"))
)
REVOKE_INVITATION = Statement(
    delete(Invitation).where(Invitation.id == p("invitation"), Invitation.kind != "connect", Invitation.used.is_(None))
)
END_LINKS_OF_ACCOUNT = Statement(
    delete(Invitation).where(Invitation.account_id == p("account"), Invitation.used.is_(None))
)
FORGET_INVITATIONS = Statement(
    delete(Invitation).where(
        or_(
            Invitation.expires < now() - n("age"),
            (Invitation.kind == "connect") & (Invitation.expires < now()),
        )
    )
)
