"""The record of access: who did what with whose record. Append-only, without free text and without health data.

One row is a FHIR *AuditEvent*, written in the transaction of the effect it tells of, and for a read before the reply.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from typing import Any, Literal, Protocol, TypeVar, cast
from uuid import UUID

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Identity
from sqlalchemy.orm import Mapped, mapped_column

from chassis import clock, logs
from chassis.database import HeldSession, held
from chassis.errors import Forbidden, NotFound
from chassis.identity import principal

DONE: Literal["done"] = "done"
REFUSED: Literal["refused"] = "refused"
Outcome = Literal["done", "refused"]
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


class Audit:
    """Writes the record of access of one service."""

    def __init__(self, db: SQLAlchemy, table: type[Any]) -> None:
        self._db = db
        self.table = table

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
        row = self.table(recorded_at=clock.now(), action=action, outcome=outcome)
        if actor is not None:
            row.actor_id, row.actor_role, row.actor_name = actor.id, actor.role, actor.name
        row.record_id, row.patient_id = record_id, patient_id
        row.request_id, row.address = logs.request_id.get(), logs.client_address.get()
        self._db.session.add(row)

    def of(self, action: str) -> Callable[[V], V]:
        """Note what a view gives out or changes: put it directly above the view, below `output`.

        The answer says which records and whose: an object with `patient_id` (and `id`), or a page of such `items`, of
        which each patient is noted once. A record that is refused to this person is noted too, with the id asked for.
        """

        def decorate(view: V) -> V:
            @wraps(view)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                try:
                    with held(self._db.session()):
                        answer = view(*args, **kwargs)
                except (NotFound, Forbidden):
                    self._note_refusal(action, kwargs)
                    raise
                for record_id, patient_id in _subjects(answer):
                    self.note(action, principal(), record_id=record_id, patient_id=patient_id)
                self._db.session.commit()
                return answer

            wrapper.audited = action  # type: ignore[attr-defined]
            return cast(V, wrapper)

        return decorate

    def _note_refusal(self, action: str, asked: dict[str, Any]) -> None:
        session = cast(HeldSession, self._db.session())
        session.rollback()
        record_id = next((value for value in asked.values() if isinstance(value, UUID)), None)
        self.note(action, principal(), record_id=record_id, outcome=REFUSED)
        session.commit_anyway()


def _subjects(answer: Any) -> Iterable[tuple[UUID | None, UUID | None]]:
    """The (record, patient) pairs an answer tells of."""
    items = getattr(answer, "items", None)
    if isinstance(items, list):
        return [(None, patient) for patient in dict.fromkeys(item.patient_id for item in items)]
    return [(answer.id, answer.patient_id)]
