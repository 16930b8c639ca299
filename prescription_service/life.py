"""What becomes of a signed prescription: who may take it from which state to which, and why. Its content never changes.

The states are those of FHIR's *MedicationRequest*. That it has expired is worked out from its date and not stored.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import inspect, select

from chassis import clock
from chassis.errors import Conflict, Forbidden, Invalid, NotFound
from chassis.identity import Principal
from prescription_service.care import may_see
from prescription_service.models import Prescription, StatusEvent, db

OPEN = frozenset({"active", "on-hold"})
FINAL = frozenset({"completed", "cancelled", "stopped", "entered-in-error"})
FOR_THE_PRESCRIBER = "prescriber-unavailable"


class NotThePrescriber(Forbidden):
    """403: another doctor may only cancel or stop it, and only while its prescriber cannot be reached."""

    code, title = "not-prescriber", "Not the prescriber"
    detail = "Only its prescriber may do this. Another doctor may cancel or stop it while they are unavailable."


class FinalStatus(Conflict):
    """409: nothing follows a final state."""

    code, title = "final-status", "Already ended"
    detail = "This prescription has come to its end. Write a new one."


class NotNow(Conflict):
    """409: this step does not follow from the state it is in."""

    code, title, detail = "conflict-state", "Not possible now", "This is not possible in the state it is in."


@dataclass(frozen=True)
class Step:
    """From where to where, the least length of the reason in words, and whether a code goes with it."""

    source: frozenset[str]
    target: str
    shortest: int
    coded: bool = False
    by_another: bool = False


STEPS = {
    "hold": Step(frozenset({"active"}), "on-hold", 5),
    "resume": Step(frozenset({"on-hold"}), "active", 5),
    "cancel": Step(OPEN, "cancelled", 0, coded=True, by_another=True),
    "stop": Step(OPEN, "stopped", 0, coded=True, by_another=True),
    "enter-in-error": Step(OPEN | FINAL - {"entered-in-error"}, "entered-in-error", 10),
}


def take(doctor: Principal, prescription_id: UUID, name: str, reason_code: str, reason: str) -> Prescription:
    """Take a step in the life of a prescription.

    Raises `NotFound`, `NotThePrescriber`, `FinalStatus`, `NotNow`, and `Invalid` where a reason is missing.
    """
    step = STEPS[name]
    _demand_reason(step, reason_code, reason)
    found = locked(doctor, prescription_id)
    another = found.doctor_id != doctor.id
    if another and not (step.by_another and reason_code == FOR_THE_PRESCRIBER):
        raise NotThePrescriber
    if found.status not in step.source:
        raise FinalStatus if found.status in FINAL else NotNow
    move(found, step.target, doctor, reason_code, reason)
    db.session.commit()
    return found


def locked(doctor: Principal, prescription_id: UUID) -> Prescription:
    """A prescription of a patient of this doctor's, held against anybody else's step. Raises `NotFound`."""
    mine = Prescription.doctor_id == doctor.id
    wanted = select(Prescription).where(
        Prescription.id == prescription_id, mine | may_see(doctor, Prescription.patient_id)
    )
    found = db.session.scalar(wanted.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def move(prescription: Prescription, to: str, who: Principal, reason_code: str = "", reason: str = "") -> None:
    """Set the state and add to the history."""
    before = prescription.status if inspect(prescription).persistent else None  # the signature comes from nowhere
    event = StatusEvent(from_status=before, to_status=to, reason_code=reason_code, reason=reason, at=clock.now())
    event.actor_id, event.actor_role, event.actor_name = who.id, who.role, who.name
    prescription.history.append(event)
    prescription.status = to


def _demand_reason(step: Step, reason_code: str, reason: str) -> None:
    if step.coded and not reason_code:
        raise Invalid.field("/reason_code", "reason-required", "Choose a reason.")
    if len(reason) < step.shortest:
        raise Invalid.field("/reason", "reason-required", f"Write {step.shortest} to 200 characters.")
