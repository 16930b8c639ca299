"""Times that are held for somebody from the waiting list, and how they go back. All of it wants the doctor's turn."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, or_, select, update

from appointment_service import appointments
from appointment_service.models import CANCELLED, PENDING, Appointment, db
from appointment_service.waiting_list_tables import BOOKED, WAITING, WaitlistEntry, WaitlistOffer
from chassis import clock
from chassis.database import rows, table
from chassis.identity import Principal

ACCEPTED, DECLINED, EXPIRED = "accepted", "declined", "expired"


VISIT, ENTRY = table(Appointment).c, table(WaitlistEntry).c
DEAD = select(VISIT.id).where(
    VISIT.status == PENDING,
    VISIT.held_until <= bindparam("now"),
    or_(VISIT.doctor_id == any_(bindparam("ids", type_=ARRAY(Uuid))), VISIT.patient_id == bindparam("patient_id")),
)
WAITS = select(ENTRY.id).where(
    ENTRY.patient_id == bindparam("patient_id"),
    ENTRY.visit_type_id == bindparam("visit_type_id"),
    ENTRY.state == WAITING,
)
"""Asked first, for mostly there is nothing to do."""


def held_for(entry_id: UUID) -> Appointment | None:
    """What is held for an entry of the waiting list."""
    query = select(Appointment).join(WaitlistOffer, WaitlistOffer.appointment_id == Appointment.id)
    standing = WaitlistOffer.entry_id == entry_id, Appointment.status == PENDING
    return db.session.scalar(query.where(*standing).execution_options(populate_existing=True))


def expire(doctor_ids: Iterable[UUID], patient_id: UUID | None = None) -> None:
    """Give back the times of these doctors, and of this patient, that were held too long ago."""
    doctor_ids = list(doctor_ids)
    if not rows(db, DEAD, ids=doctor_ids, patient_id=patient_id, now=clock.now()):
        return
    dead = Appointment.status == PENDING, Appointment.held_until <= clock.now()
    theirs = or_(Appointment.doctor_id.in_(doctor_ids), Appointment.patient_id == patient_id)
    query = select(Appointment).where(theirs, *dead)
    for one in db.session.scalars(query.with_for_update()):
        _give_back(one, None, "expire", "hold-expired", EXPIRED)


def release(held: Appointment, who: Principal | None) -> None:
    """Give a held time back, as its holder has said."""
    _give_back(held, who, "release", "hold-released", DECLINED)


def close_matching(patient_id: UUID, visit_type_id: UUID) -> None:
    """A patient has a visit: their entries for such a one wait no longer, and what is held for them goes back."""
    if not rows(db, WAITS, patient_id=patient_id, visit_type_id=visit_type_id):
        return
    matching = WaitlistEntry.patient_id == patient_id, WaitlistEntry.visit_type_id == visit_type_id
    statement = update(WaitlistEntry).where(*matching, WaitlistEntry.state == WAITING).values(state=BOOKED)
    for entry_id in db.session.scalars(statement.returning(WaitlistEntry.id)).all():
        if held := held_for(entry_id):
            release(held, None)


def end_offer(appointment_id: UUID, outcome: str) -> None:
    """Write down what became of an offer."""
    mine = WaitlistOffer.appointment_id == appointment_id
    db.session.execute(update(WaitlistOffer).where(mine).values(outcome=outcome))


def _give_back(held: Appointment, who: Principal | None, action: str, code: str, outcome: str) -> None:
    held.status, held.cancelled_at, held.cancellation_code = CANCELLED, clock.now(), code
    held.version += 1
    end_offer(held.id, outcome)
    appointments.note(held, who, action, (PENDING, held.starts_at))
