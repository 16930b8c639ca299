"""The rules of looking after other people's accounts. Admins only, never their own, and one admin always stays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, delete, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from auth_service import codes, limits, revocations
from auth_service.models import Person, SecondFactor, Session, db
from chassis import clock
from chassis.errors import Conflict, NotFound
from chassis.identity import Principal

Role = Literal["patient", "doctor", "admin"]
State = Literal["active", "disabled", "closed", "waiting"]


class NotOneself(Conflict):
    """409: admins look after other people's accounts; their own are under `/auth/me`."""

    code, title = "not-oneself", "Not on your own account"
    detail = "This cannot be done to your own account. Ask another admin."


class LastAdmin(Conflict):
    """409: there would be no admin left who can sign in."""

    code, title = "last-admin", "The last admin"
    detail = "The clinic would have no admin any more. Make somebody else an admin first."


class AlreadySo(Conflict):
    """409: the account is already as it would become, or was closed for good."""

    detail = "The account is already like that."


@dataclass(frozen=True)
class Filter:
    """Which people to list. `search` is literal text in names and address; `waiting` are doctors nobody has checked."""

    search: str = ""
    role: Role | None = None
    state: State | None = None
    ids: frozenset[UUID] | None = None


@dataclass(frozen=True)
class Found:
    """A person, and what an admin sees beside the account."""

    person: Person
    last_sign_in_at: datetime | None
    locked: bool


def listed(wanted: Filter, limit: int, after: UUID | None) -> Sequence[Found]:
    """Up to `limit` people by name, behind the last one seen."""
    query = select(Person).order_by(*_place(Person)).limit(limit)
    if wanted.search:
        query = query.where(_names(wanted.search))
    if wanted.role:
        query = query.where(Person.role == wanted.role)
    if wanted.state:
        query = query.where(_in_state(wanted.state))
    if wanted.ids is not None:
        query = query.where(Person.id.in_(wanted.ids))
    if after:
        seen = aliased(Person)
        query = query.join(seen, seen.id == after).where(tuple_(*_place(Person)) > tuple_(*_place(seen)))
    return found(db.session.scalars(query).all())


def _place(person: type[Person]) -> tuple[SQLColumnExpression[Any], ...]:
    """Where somebody stands in the list: by name, "de la Cruz" beside "Dean" whatever the database's own order is."""
    return func.lower(person.last_name), func.lower(person.first_name), person.id


def one(person_id: UUID) -> Found:
    """One person, or `NotFound`."""
    person = db.session.get(Person, person_id)
    if person is None:
        raise NotFound
    return found([person])[0]


def found(people: Iterable[Person]) -> list[Found]:
    """These people with what is known of their sign-ins, in as many statements for many as for one."""
    people = list(people)
    ids = [person.id for person in people]
    signed_in = select(Session.person_id, func.max(Session.created_at)).where(Session.person_id.in_(ids))
    last = {row[0]: row[1] for row in db.session.execute(signed_in.group_by(Session.person_id))}
    locked = limits.locked(people)
    return [Found(person, last.get(person.id), person.id in locked) for person in people]


def disable(who: Principal, person_id: UUID) -> Person:
    """End all sessions of somebody, and let nobody sign in there. Raises the refusals above and `NotFound`."""
    person = _other(who, person_id, with_admins=True)
    _refuse(person.disabled_at is not None, "This account is already disabled.")
    keep_an_admin(person)
    person.disabled_at = clock.now()
    revocations.end_sessions(person)
    db.session.commit()
    return person


def enable(who: Principal, person_id: UUID) -> Person:
    """Let somebody sign in again. A closed account stays closed."""
    person = _other(who, person_id)
    _refuse(person.closed_at is not None, "This account was closed by its owner and stays closed.")
    _refuse(person.disabled_at is None, "This account is not disabled.")
    person.disabled_at = None
    db.session.commit()
    return person


def unlock(who: Principal, person_id: UUID) -> Person:
    """Forget the failed sign-ins at an account, so that its owner may try again now."""
    person = _other(who, person_id)
    _refuse(not limits.is_locked(person), "This account is not locked.")
    limits.unlock(person)
    db.session.commit()
    return person


def sign_out(who: Principal, person_id: UUID) -> Person:
    """End all sessions of somebody."""
    person = _other(who, person_id)
    _refuse(revocations.end_sessions(person) == 0, "This person is not signed in anywhere.")
    db.session.commit()
    return person


def remove_second_factor(who: Principal, person_id: UUID) -> Person:
    """Take a lost authenticator and its recovery codes away: the password alone signs in, until a new one is set up."""
    person = _other(who, person_id)
    _refuse(not person.has_second_factor, "This person has no second factor.")
    db.session.execute(delete(SecondFactor).where(SecondFactor.person_id == person.id))
    codes.forget_recovery_codes(person.id)
    revocations.outdate_tokens(person)
    db.session.refresh(person, ["has_second_factor"])
    db.session.commit()
    return person


def change_role(who: Principal, person_id: UUID, role: Role) -> Person:
    """Give somebody another role; older tokens no longer hold. Whoever becomes a doctor starts unverified."""
    person = _other(who, person_id, with_admins=True)
    _refuse(person.closed_at is not None, "This account was closed by its owner and stays closed.")
    _refuse(person.role == role, "This person has this role already.")
    keep_an_admin(person)
    person.role = role
    person.licence_state = "unverified" if role == "doctor" else None
    person.licence_checked_on = person.licence_reason = None
    revocations.outdate_tokens(person)
    db.session.commit()
    return person


def lock(person_id: UUID, *, with_admins: bool = False) -> Person:
    """Somebody's row, locked, or `NotFound`; with those of all admins where an admin may be lost.

    Two admins who take each other's role at once then come one after the other, each seeing what the other did.
    """
    wanted = or_(Person.id == person_id, _is_admin()) if with_admins else Person.id == person_id
    query = select(Person).where(wanted).order_by(Person.id).with_for_update()
    rows = db.session.scalars(query.execution_options(populate_existing=True)).all()
    person = next((row for row in rows if row.id == person_id), None)
    if person is None:
        raise NotFound
    return person


def keep_an_admin(person: Person) -> None:
    """Refuse to lose the last admin who can sign in. The row comes from `lock(…, with_admins=True)`."""
    others = select(func.count()).where(_is_admin(), Person.id != person.id)
    if person.role == "admin" and person.disabled_at is None and not db.session.scalar(others):
        raise LastAdmin


def _other(who: Principal, person_id: UUID, *, with_admins: bool = False) -> Person:
    if who.id == person_id:
        raise NotOneself
    return lock(person_id, with_admins=with_admins)


def _is_admin() -> ColumnElement[bool]:
    return and_(Person.role == "admin", Person.disabled_at.is_(None))


def _names(search: str) -> ColumnElement[bool]:
    """Whether this text, taken literally, is part of the name or of the e-mail address."""
    name = Person.first_name + " " + Person.last_name
    return or_(name.icontains(search, autoescape=True), Person.email.icontains(search, autoescape=True))


def _in_state(state: State) -> ColumnElement[bool]:
    waiting = and_(Person.licence_state == "unverified", Person.disabled_at.is_(None))
    states = {
        "active": Person.disabled_at.is_(None),
        "disabled": and_(Person.disabled_at.is_not(None), Person.closed_at.is_(None)),
        "closed": Person.closed_at.is_not(None),
        "waiting": waiting,
    }
    return states[state]


def _refuse(already: bool, sentence: str) -> None:
    if already:
        raise AlreadySo(sentence)
