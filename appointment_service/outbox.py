"""What people are told: written with what it tells of, sent later, and told by phone where mail does not reach."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    ColumnElement,
    Integer,
    Row,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert

from appointment_service import reminders
from appointment_service.models import BOOKED, CANCELLED, PENDING, UNSEEN, Appointment, db
from appointment_service.outbox_tables import TO_PHONE, TOLD, OutboxMessage
from chassis import clock
from chassis.database import rows, table
from chassis.errors import NotFound
from chassis.identity import Principal

Kind = Literal["booked", "moved", "cancelled", "move-wanted", "offer"]
TRUE_WHILE = {
    "booked": BOOKED,
    "moved": BOOKED,
    "reminder": BOOKED,
    "move-wanted": BOOKED,
    "cancelled": CANCELLED,
    "offer": PENDING,
}
"""In which state of its appointment each kind of message is true."""
SILENT = ("died", "left-unseen", *UNSEEN)
"""Codes of cancellations of which nobody is written to."""


SAY = (
    insert(table(OutboxMessage))
    .from_select(
        ["id", "appointment_id", "person_id", "sequence", "kind", "due_at"],
        select(
            func.gen_random_uuid(),
            bindparam("appointment_id", type_=Uuid),
            bindparam("person_id", type_=Uuid),
            bindparam("sequence", type_=Integer),
            func.unnest(bindparam("kinds", type_=ARRAY(Text))),
            func.unnest(bindparam("due", type_=ARRAY(TIMESTAMP(timezone=True)))),
        ),
        include_defaults=False,
    )
    .on_conflict_do_nothing(constraint="uq_outbox_message_once")
)


def announce(appointment: Appointment, kind: Kind) -> None:
    """Have the patient told, in the transaction under way; the caller commits it with what it tells of.

    With a time comes its reminder. What has been announced already is not announced again.
    """
    db.session.flush()  # its numbers are those of now
    now = clock.now()
    if kind == "cancelled" and appointment.cancellation_code in SILENT:
        return
    due: dict[str, datetime] = {kind: now}
    if kind in {"booked", "moved"} and (later := reminders.due(appointment.starts_at, now)):
        due["reminder"] = later
    rows(
        db,
        SAY,
        appointment_id=appointment.id,
        person_id=appointment.patient_id,
        sequence=appointment.ical_sequence,
        kinds=list(due),
        due=list(due.values()),
    )


def still_true(now: datetime) -> ColumnElement[bool]:
    """Whether a message, joined to its appointment, tells what is so: same time, same state, and not over."""
    return and_(
        OutboxMessage.sequence == Appointment.ical_sequence,
        or_(*[and_(OutboxMessage.kind == kind, Appointment.status == state) for kind, state in TRUE_WHILE.items()]),
        Appointment.starts_at > now,
    )


def to_phone(
    who: Principal, limit: int, after: tuple[datetime, UUID] | None
) -> Sequence[Row[OutboxMessage, Appointment]]:
    """Up to `limit` messages that mail did not bring to their reader, the next visit first, with their appointments.

    Doctors see their own patients', admins all. What is over or no longer so is not listed.
    """
    key = tuple_(Appointment.starts_at, OutboxMessage.id)
    query = waits_for_a_call(who).order_by(*key).limit(limit)
    return db.session.execute(query.where(key > after) if after else query).all()


def waits_for_a_call(who: Principal) -> Select[OutboxMessage, Appointment]:
    """The query of what `to_phone` lists."""
    return _of(who).where(OutboxMessage.state == TO_PHONE, still_true(clock.now()))


def told(who: Principal, message_id: UUID) -> Row[OutboxMessage, Appointment]:
    """Tick off a message: somebody has told its reader. Doing it again changes nothing.

    Raises `NotFound` for what is not on the list, or not on this doctor's.
    """
    on_list = OutboxMessage.id == message_id, OutboxMessage.state.in_((TO_PHONE, TOLD))
    found = db.session.execute(_of(who).where(*on_list).with_for_update(of=OutboxMessage)).first()
    if found is None:
        raise NotFound
    message = found[0]
    if message.state == TO_PHONE:
        message.state, message.told_at = TOLD, clock.now()
        message.told_by, message.told_by_name = who.id, who.name
    db.session.commit()
    return found


def _of(who: Principal) -> Select[OutboxMessage, Appointment]:
    own = true() if who.role == "admin" else Appointment.doctor_id == who.id
    return (
        select(OutboxMessage, Appointment).join(Appointment, Appointment.id == OutboxMessage.appointment_id).where(own)
    )
