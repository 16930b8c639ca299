"""The prescription service: what doctors wrote and patients hold."""

from datetime import date, datetime
from typing import Any

from portal import session
from portal.api.base import Answer, Api, Listing


class Medicine(Answer):
    """One medicine of a prescription, as it was signed."""

    position: int
    name: str
    dosage: str
    duration: str
    instructions: str | None = None


class Prescription(Answer):
    """An issued prescription: names, licence and birth date as they were at signing."""

    id: str
    number: str
    status: str
    appointment_id: str
    appointment_time: datetime
    doctor_name: str
    doctor_specialty: str | None = None
    doctor_licence_number: str
    doctor_licence_register: str
    patient_name: str
    patient_birth_date: date | None = None
    notes: str | None = None
    medicines: list[Medicine]
    issued_at: datetime


class Prescriptions(Api):
    """Calls to the prescription service."""

    def listed(self, **asked: Any) -> Listing[Prescription]:
        """Own prescriptions, newest first."""
        params = {name: value for name, value in asked.items() if value is not None}
        return self.read(Listing[Prescription], "GET", "/prescriptions", token=session.token(), params=params)

    def one(self, prescription_id: str) -> Prescription:
        """One of the person's own prescriptions."""
        return self.read(Prescription, "GET", f"/prescriptions/{prescription_id}", token=session.token())

    def write(self, appointment_id: str, notes: str, medicines: list[dict[str, str]], key: str) -> Prescription:
        """Sign and issue a prescription for a visit. The same key and words give the same prescription."""
        body = {"appointment_id": appointment_id, "notes": notes, "medicines": medicines}
        headers = {"Idempotency-Key": key}
        return self.read(Prescription, "POST", "/prescriptions", token=session.token(), json=body, headers=headers)
