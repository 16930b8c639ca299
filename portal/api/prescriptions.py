"""The prescription service: what doctors wrote and patients hold."""

from datetime import datetime
from typing import Any

from portal import session
from portal.api.base import Answer, Api, Listing


class Medicine(Answer):
    """One medicine of a prescription, as it was written."""

    position: int
    name: str
    dosage: str
    duration: str | None = None
    instructions: str | None = None


class Prescription(Answer):
    """An issued prescription."""

    id: str
    number: str
    status: str
    appointment_id: str
    doctor_name: str
    patient_name: str
    medicines: list[Medicine]
    issued_at: datetime


class Prescriptions(Api):
    """Calls to the prescription service."""

    def listed(self, **asked: Any) -> Listing[Prescription]:
        """Own prescriptions, newest first."""
        return self.read(Listing[Prescription], "GET", "/prescriptions", token=session.token(), params=asked)
