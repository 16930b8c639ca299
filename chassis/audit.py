"""The record of access: who did what with whose record. Append-only, without free text and without health data.

One row is a FHIR *AuditEvent*, written in the transaction of the effect it tells of, and for a read before the reply.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Literal, Protocol, TypeVar, cast
from uuid import UUID

from flask import request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, ColumnElement, Identity, Index, Select, select, text, true
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from chassis import clock, logs
from chassis.database import HeldSession, held
from chassis.errors import Forbidden, NotFound, Unavailable
from chassis.identity import Principal, principal

DONE: Literal["done"] = "done"
REFUSED: Literal["refused"] = "refused"
Outcome = Literal["done", "refused"]
SubjectsOf = Callable[[Any], Iterable[tuple[UUID | None, UUID | None]]]
"""Reads off an answer which (record, patient) pairs it tells of."""
V = TypeVar("V", bound=Callable[..., Any])


class Actor(Protocol):
    """Who did it: a principal, or a person of the auth service."""

    @property
    def id(self) -> UUID:
        """The person's id."""

    @property
    def role(self) -> str:
        """The person's role at that moment."""

    @property
    def name(self) -> str:
        """The person's name at that moment."""


class AuditEventColumns:
    """The columns of a service's `audit_event` table. `action` is a record and a verb: `appointment.read`."""

    __tablename__ = "audit_event"
    sequence: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    recorded_at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    actor_role: Mapped[str | None]
    actor_name: Mapped[str | None]
    action: Mapped[str]
    record_id: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    outcome: Mapped[str]
    request_id: Mapped[str]
    address: Mapped[str]

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Index, ...]:  # noqa: N805 - SQLAlchemy hands it the class
        """One index for each question people ask: about whom, by whom, what, when, and what was refused."""
        return (
            Index("ix_audit_event_patient_id", "patient_id", "sequence"),
            Index("ix_audit_event_actor_id", "actor_id", "sequence"),
            Index("ix_audit_event_action", "action", "sequence"),
            # rows come in the order of time, so that a summary of each stretch of the table is enough
            Index("ix_audit_event_recorded_at", "recorded_at", postgresql_using="brin"),
            Index("ix_audit_event_refused", "sequence", postgresql_where=text("outcome = 'refused'")),
        )


@dataclass(frozen=True)
class Filter:
    """Which events to list. `since` is included and `until` is not; `others` leaves out one's own acts."""

    actor_id: UUID | None = None
    patient_id: UUID | None = None
    record_id: UUID | None = None
    action: str | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    until: datetime | None = None
    others: bool = False


class Audit:
    """Writes and reads the record of access of one service."""

    def __init__(self, db: SQLAlchemy, table: type[Any]) -> None:
        self._db = db
        self.table = table
        self._insert = table.__table__.insert().inline()  # nobody asks for the number it gets

    def note(
        self,
        action: str,
        actor: Actor | None,
        *,
        record_id: UUID | None = None,
        patient_id: UUID | None = None,
        outcome: Outcome = DONE,
    ) -> None:
        """Add one event to the transaction under way; the caller commits it with the effect."""
        event = {
            "recorded_at": clock.now(),
            "actor_id": actor.id if actor and actor.id.int else None,  # a program is nobody's account
            "actor_role": actor.role if actor else None,
            "actor_name": actor.name if actor else None,
            "action": action,
            "record_id": record_id,
            "patient_id": patient_id,
            "outcome": outcome,
            "request_id": logs.request_id.get(),
            "address": logs.client_address.get(),
        }
        self._db.session.connection().execute(self._insert, event)

    def of(
        self, action: str, *, purposes: Mapping[str, str] | None = None, subjects: SubjectsOf | None = None
    ) -> Callable[[V], V]:
        """Note what a view gives out or changes: put it directly above the view, below `output`.

        The answer says which records and whose: an object with `patient_id` (and `id`), or a page of such `items`, of
        which each patient is noted once; or `subjects` reads it off the answer. A record that is refused to this person
        is noted too, with the id asked for, also when the check of tokens and roles refuses it before the view.
        `purposes` names the action for a value of the query's `purpose`.
        """

        def decorate(view: V) -> V:
            @wraps(view)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                try:
                    with held(self._db.session()):
                        answer = view(*args, **kwargs)
                except (NotFound, Forbidden):
                    note_refusal()
                    raise
                with self._written():
                    for record_id, patient_id in (subjects or _subjects)(answer):
                        self.note(named(), principal(), record_id=record_id, patient_id=patient_id)
                    self._db.session.commit()
                return answer

            def named() -> str:
                return (purposes or {}).get(request.args.get("purpose", ""), action)

            def note_refusal() -> None:
                self._note_refusal(named())

            wrapper.note_refusal = note_refusal  # type: ignore[attr-defined]
            return cast(V, wrapper)

        return decorate

    def listed(self, who: Principal, wanted: Filter, limit: int, before: int | None) -> Sequence[Any]:
        """Up to `limit` events this person may see, newest first, behind the sequence number of the last one seen."""
        return self._db.session.scalars(self.query(who, wanted, limit, before)).all()

    def query(self, who: Principal, wanted: Filter, limit: int, before: int | None) -> Select[Any]:
        """What `listed` asks the database."""
        table = self.table
        query = select(table).where(self.visible_to(who)).order_by(table.sequence.desc()).limit(limit)
        for name in ("actor_id", "patient_id", "record_id", "action", "outcome"):
            if value := getattr(wanted, name):
                query = query.where(getattr(table, name) == value)
        if wanted.since:
            query = query.where(table.recorded_at >= wanted.since)
        if wanted.until:
            query = query.where(table.recorded_at < wanted.until)
        if wanted.others:
            query = query.where(table.actor_id.is_distinct_from(who.id))
        if before is not None:
            query = query.where(table.sequence < before)
        return query

    def visible_to(self, who: Principal) -> ColumnElement[bool]:
        """The events this person may see: admins all, anybody else those about themselves."""
        return true() if who.role == "admin" else self.table.patient_id == who.id

    def _note_refusal(self, action: str) -> None:
        session = cast(HeldSession, self._db.session())
        session.rollback()
        asked = (request.view_args or {}).values()
        record_id = next((value for value in asked if isinstance(value, UUID)), None)
        with self._written():
            self.note(action, principal(), record_id=record_id, outcome=REFUSED)
            session.commit_anyway()

    @contextmanager
    def _written(self) -> Iterator[None]:
        """What cannot be noted does not happen and is not given out, whatever the database's reason."""
        try:
            yield
        except SQLAlchemyError as error:
            state = getattr(getattr(error, "orig", None), "pgcode", None)
            logs.logger.error("record of access not written", extra={"state": state, "error": type(error).__name__})
            raise Unavailable(service="database") from error


def _subjects(answer: Any) -> Iterable[tuple[UUID | None, UUID | None]]:
    """The (record, patient) pairs an answer tells of."""
    items = getattr(answer, "items", None)
    if isinstance(items, list):
        return [(None, patient) for patient in dict.fromkeys(item.patient_id for item in items)]
    return [(answer.id, answer.patient_id)]
