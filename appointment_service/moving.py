"""Moving an appointment in place: the same record and reference at another time, or at another doctor's."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from appointment_service import (
    appointments,
    booking,
    diaries,
    doctors,
    grid,
    life,
    outbox,
    slot_test,
    turns,
    visit_types,
)
from appointment_service.grid import Slot
from appointment_service.models import Appointment, Doctor, db
from appointment_service.visit_types import Terms, VisitTypeUnavailable
from chassis.database import violating
from chassis.identity import Principal
from chassis.versions import CheckVersion


def move(
    who: Principal, appointment_id: UUID, wish: datetime, doctor_id: UUID | None, check: CheckVersion, zone: ZoneInfo
) -> Appointment:
    """Move an appointment; doctor of None is the same one; doctors move within their own list.

    Moving to where it is changes nothing.

    Raises `NotFound`, what `check` and `life.permit` raise, and the refusals of booking: the old time stays booked.
    """
    seen = appointments.find(who, appointment_id)
    target = doctor_id or seen.doctor_id
    if who.role == "doctor" and target != who.id:
        raise doctors.DoctorNotFound  # the diaries of others are not theirs to write in
    start = slot_test.instant(wish, zone)
    if not doctors.find(target).bookable:
        raise booking.DoctorNotBookable
    kind = seen.visit_type_id or visit_types.standard()
    turn = turns.take(seen.patient_id, {seen.doctor_id, target})
    found = appointments.find(who, appointment_id, lock=True)
    check(found.version)
    life.permit_or_tell(found, who, "move", zone)
    if (found.starts_at, found.doctor_id) != (start, target):
        asker = grid.asker(zone, staff=who.role != "patient", person=who)
        slot, terms = _free(found, target, kind, start, asker)
        before = found.status, found.starts_at
        detail = {"from_doctor": found.doctor_name} if found.doctor_id != target else {}
        _put(found, turn[target], slot, terms, staff=asker.staff)
        appointments.note(found, who, "move", before, **detail)
        outbox.announce(found, "moved")
    db.session.commit()
    return found


def _free(found: Appointment, doctor_id: UUID, kind: UUID, start: datetime, who: grid.Asker) -> tuple[Slot, Terms]:
    for diary in diaries.load([doctor_id], kind, *slot_test.days_around(start, who), who, ignore=found.id):
        try:
            slot = slot_test.offered(diary, start, who)
        except slot_test.OutsideHours as refusal:
            raise slot_test.with_next(refusal, [doctor_id], kind, start, who, found.id) from refusal
        if slot.reason is not None:
            slot_test.refuse_taken(found.patient_id, [diary], slot, who, ignore=found.id)
        slot_test.refuse_busy(found.patient_id, slot, who, ignore=found.id)
        return slot, diary.terms
    raise VisitTypeUnavailable


def _put(found: Appointment, doctor: Doctor, slot: Slot, terms: Terms, *, staff: bool) -> None:
    """The constraints have the last word: what was worked out above may not have seen everything."""
    for name, value in (booking.place_of(doctor) | booking.time_of(slot, terms)).items():
        setattr(found, name, value)
    found.overbook = found.displaced = False
    found.version += 1
    found.ical_sequence += 1
    with (
        violating("ex_appointment_doctor", slot_test.SlotTaken(alternatives=[])),
        violating("ex_appointment_patient", slot_test.busy(staff)),
    ):
        db.session.flush()
