"""What people are still to be told, what they have been told, and whom somebody has to phone."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from appointment_service.models import db

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase as Model
else:
    Model = db.Model

WAITING = "waiting"
SENT = "sent"
DROPPED = "dropped"
TO_PHONE = "to-phone"
TOLD = "told"


class OutboxMessage(Model):
    """One thing to tell one person of an appointment, written in the transaction that made it true.

    `sequence` is the appointment's `ical_sequence`, which rises with what people are told of and with nothing else. A
    `waiting` one is tried when it is `due_at`; whoever tries puts that off first, so that nobody else does at the same
    time. `note` is a code that says why one was dropped or has to be told by phone.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        UniqueConstraint("appointment_id", "person_id", "kind", "sequence", name="uq_outbox_message_once"),
        CheckConstraint(
            "kind IN ('booked', 'moved', 'cancelled', 'reminder', 'move-wanted', 'offer')",
            name="kind",
        ),
        CheckConstraint("state IN ('waiting', 'sent', 'dropped', 'to-phone', 'told')", name="state"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
        CheckConstraint("(state = 'told') = (told_at IS NOT NULL)", name="told_has_time"),
        Index("ix_outbox_message_due_at", "due_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_outbox_message_to_phone", "appointment_id", postgresql_where=text("state = 'to-phone'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id"))
    person_id: Mapped[UUID]
    kind: Mapped[str]
    sequence: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default=WAITING)
    attempts: Mapped[int] = mapped_column(server_default="0")
    note: Mapped[str] = mapped_column(server_default="")
    sent_at: Mapped[datetime | None]
    told_by: Mapped[UUID | None]
    told_by_name: Mapped[str | None]
    told_at: Mapped[datetime | None]
