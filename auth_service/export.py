"""Everything that is kept here about one person, for themselves. No hash and no secret is part of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from auth_service import accounts
from auth_service.models import AuditEvent, MailedLink, Person, RecoveryCode, SecondFactor, Session, db
from chassis import clock
from chassis.identity import Principal

T = TypeVar("T")


@dataclass(frozen=True)
class Export:
    """A person's rows of all tables, as they are now."""

    exported_at: datetime
    account: Person
    sessions: Sequence[Session]
    second_factor: SecondFactor | None
    recovery_codes_left: int
    links: Sequence[MailedLink]
    events: Sequence[AuditEvent]


def everything(who: Principal) -> Export:
    """What is kept about this person: account, sign-ins, second factor, mailed links, and the record of access."""
    account = accounts.profile(who)
    unused = select(func.count()).where(RecoveryCode.person_id == who.id, RecoveryCode.used_at.is_(None))
    return Export(
        exported_at=clock.now(),
        account=account,
        sessions=_all(select(Session).where(Session.person_id == who.id).order_by(Session.created_at)),
        second_factor=db.session.get(SecondFactor, who.id),
        recovery_codes_left=db.session.scalar(unused) or 0,
        links=_all(select(MailedLink).where(MailedLink.person_id == who.id).order_by(MailedLink.created_at)),
        events=_all(select(AuditEvent).where(_about(who)).order_by(AuditEvent.sequence)),
    )


def _about(who: Principal) -> ColumnElement[bool]:
    """What was done with this account, and what its owner did to get in: not what they did with others' records."""
    own = AuditEvent.actor_id == who.id
    getting_in = func.split_part(AuditEvent.action, ".", 1).in_(("session", "password", "email", "second-factor"))
    return or_(AuditEvent.record_id == who.id, AuditEvent.patient_id == who.id, and_(own, getting_in))


def _all(query: Select[T]) -> Sequence[T]:
    return db.session.scalars(query).all()
