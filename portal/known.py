"""What is known of a patient, as the doctor of a visit sees and keeps it: allergies, and medicines taken now."""

from dataclasses import dataclass

from chassis.errors import Refusal, Unavailable
from portal.api import services
from portal.api.appointments import Appointment
from portal.api.patients import Allergies, Taken
from portal.outages import sentence


@dataclass(frozen=True)
class Known:
    """Allergies and medicines, or the sentence that says why they cannot be shown."""

    allergies: Allergies | None = None
    taken: Taken | None = None
    out: str | None = None


def of(visit: Appointment) -> Known:
    """What is known of the patient of this visit. Opening it is what lets its doctor see that."""
    patients = services().patients
    try:
        if visit.takes_place:
            patients.open_visit(visit.id)
        return Known(patients.allergies(visit.patient_id), patients.taken(visit.patient_id))
    except Unavailable as out:
        return Known(out=sentence(out))
    except Refusal:  # a cancelled visit of a patient whom this doctor has never treated
        return Known(out="What is known of this patient is shown for visits that take place")


def state(visit: Appointment, step: str, which: str) -> str:
    """Keep what the doctor says of the patient in one press. Gives the sentence that says so. Raises `Refusal`."""
    patients = services().patients
    if step == "none-known":
        patients.none_known(visit.patient_id)
        return "Recorded: asked, no allergies known."
    confirmed = patients.confirm_allergy(which)
    return f"Confirmed: allergy to {confirmed.label}."
