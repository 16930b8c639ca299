"""A visit that is booked, and what the outbox holds of it; made directly, because booking has tests of its own."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from tests import make

NOTES = "my-secret-reason"


def visit(app: Flask, patient: make.Person, doctor: make.Person, starts_at: datetime, **given: Any) -> UUID:
    """A booked appointment of 20 minutes. Nobody is told."""
    from appointment_service.models import Appointment, db

    fields: dict[str, Any] = {
        "reference": f"T{make.next_number():07}",
        "doctor_id": UUID(doctor.id),
        "doctor_name": "Dr Amara Okafor",
        "doctor_specialty": "Psychiatry",
        "room": "Room 4",
        "patient_id": UUID(patient.id),
        "patient_name": "Maya Lindqvist",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=20),
        "notes": NOTES,
        "visit_type_name": "Consultation",
        "ical_sequence": 0,
        "version": 1,
    }
    with app.app_context():
        row = Appointment(**{**fields, **given})
        db.session.add(row)
        db.session.commit()
        return row.id


def change(app: Flask, visit_id: UUID, kind: str | None = None, **fields: Any) -> None:
    """Change an appointment, and have the patient told of it in the same transaction."""
    from appointment_service import outbox
    from appointment_service.models import Appointment, db

    with app.app_context():
        row = db.session.get_one(Appointment, visit_id)
        for name, value in fields.items():
            setattr(row, name, value)
        if kind:
            outbox.announce(row, kind)  # type: ignore[arg-type]
        db.session.commit()


def move(app: Flask, visit_id: UUID, to: datetime, sequence: int = 1) -> None:
    """Move an appointment, as booking does."""
    times = {"starts_at": to, "ends_at": to + timedelta(minutes=20)}
    change(app, visit_id, "moved", **times, ical_sequence=sequence, version=sequence + 1)


def cancel(app: Flask, visit_id: UUID, sequence: int = 1, code: str = "clinic") -> None:
    """Cancel an appointment, as booking does."""
    from appointment_service.models import CANCELLED
    from chassis import clock

    fields = {"status": CANCELLED, "cancelled_at": clock.now(), "cancellation_code": code}
    change(app, visit_id, "cancelled", **fields, ical_sequence=sequence, version=sequence + 1)


def messages(app: Flask, visit_id: UUID | None = None) -> list[Any]:
    """What the outbox holds, by when it is due."""
    from appointment_service.models import db
    from appointment_service.outbox_tables import OutboxMessage

    query = select(OutboxMessage).order_by(OutboxMessage.due_at, OutboxMessage.kind)
    with app.app_context():
        return list(db.session.scalars(query.where(OutboxMessage.appointment_id == visit_id) if visit_id else query))


def states(app: Flask, visit_id: UUID | None = None) -> dict[tuple[str, int], str]:
    """Kind and sequence of each message, and its state."""
    return {(one.kind, one.sequence): one.state for one in messages(app, visit_id)}


def unreached(app: Flask, visit_id: UUID, kind: str = "booked") -> str:
    """A message that mail did not bring to its reader; its id."""
    from appointment_service.models import db
    from appointment_service.outbox_tables import OutboxMessage

    change(app, visit_id, kind)
    with app.app_context():
        row = db.session.query(OutboxMessage).filter_by(appointment_id=visit_id, kind=kind).one()
        row.state, row.note = "to-phone", "refused"
        db.session.commit()
        return str(row.id)
