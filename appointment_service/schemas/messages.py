"""What is told of whom to phone."""

from datetime import UTC, date, datetime
from typing import Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from appointment_service.models import Appointment
from appointment_service.outbox_tables import OutboxMessage
from chassis.schemas import Out, Page, Paging


class MessagesIn(Paging):
    """Which part of the list of messages."""


class MessageOut(Out):
    """Something a patient is to be told by phone, because mail did not bring it to them. `why` is a code.

    `kind` is what they are to be told of the appointment, as it is now.
    """

    id: UUID
    kind: Literal["booked", "moved", "cancelled", "reminder", "move-wanted", "offer"]
    state: Literal["to-phone", "told"]
    why: str
    appointment_id: UUID
    reference: str
    patient_id: UUID
    patient_name: str
    doctor_id: UUID
    doctor_name: str
    start: datetime
    local_date: date
    local_time: str
    told_by_name: str | None
    told_at: datetime | None

    @classmethod
    def of_pair(cls, message: OutboxMessage, found: Appointment, zone: ZoneInfo) -> Self:
        """A message with what it is about, as the clinic's clock shows it."""
        local = found.starts_at.astimezone(zone)
        told = {name: getattr(message, name) for name in ("id", "kind", "state", "told_by_name", "told_at")}
        about = {name: getattr(found, name) for name in ("patient_id", "patient_name", "doctor_id", "doctor_name")}
        return cls(
            **told,
            **about,
            why=message.note,
            appointment_id=found.id,
            reference=f"{found.reference[:4]}-{found.reference[4:]}",
            start=found.starts_at.astimezone(UTC),
            local_date=local.date(),
            local_time=f"{local:%H:%M}",
        )


class MessagesPage(Page[MessageOut]):
    """Part of the list of whom to phone."""
