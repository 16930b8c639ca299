"""The prescription service: what doctors wrote and patients hold."""

from datetime import date, datetime
from typing import Any

from portal import session
from portal.api.base import Answer, Api, Listing


class Structured(Answer):
    """A medicine from the list, in parts: amounts in words, and the one sentence of how it is taken."""

    generic_name: str
    tall_man_name: str
    strength: str
    dose_form: str
    brand: str = ""
    controlled: bool = False
    directions: str
    quantity_words: str
    repeats_words: str
    substitution_allowed: bool
    no_substitution_reason: str = ""
    indication: str = ""
    note_to_pharmacist: str = ""
    route: str = ""
    site: str = ""
    dose: int | float | None = None
    dose_unit: str = ""
    frequency: dict[str, Any] = {}
    timing: list[str] = []
    as_needed: dict[str, Any] | None = None
    duration: dict[str, Any] | None = None
    start_on: date | None = None
    instructions: str = ""
    mg_per_kg: int | float | None = None

    @property
    def generic(self) -> str:
        """The generic name, with the capitals that keep lookalikes apart."""
        return self.tall_man_name + self.generic_name[len(self.tall_man_name) :]


class Medicine(Answer):
    """One medicine of a prescription, as it was signed. Not from the medicine list, it has only its texts."""

    position: int
    name: str
    dosage: str
    duration: str
    instructions: str | None = None
    structured: Structured | None = None


class AnsweredAlert(Answer):
    """An alert at signing, and what the prescriber decided."""

    position: int | None = None
    tier: str
    message: str
    decision: str
    reason: str = ""


class Printed(Answer):
    """What to print so that the paper can be checked: the token of the QR code, and the code to type."""

    token: str
    code: str


class Sum(Answer):
    """The arithmetic of one medicine."""

    position: int
    shown: str


class Coverage(Answer):
    """What was known of the patient at signing, and the sums."""

    allergy_state: str
    allergies_asked_at: datetime | None = None
    allergies: list[str] = []
    arithmetic: list[Sum] = []


class Weight(Answer):
    """What the patient weighs, and when that was measured."""

    kg: int | float
    measured_on: date


class Details(Answer):
    """Who the patient was at signing, as paper names them. `sex` is None and `address` empty where nobody said."""

    family_name: str
    given_names: str
    sex: str | None = None
    address: str = ""


class StatusEvent(Answer):
    """A step in the life of a prescription; the first, from nowhere, is its signature."""

    from_status: str | None = None
    to_status: str
    actor_name: str
    reason_code: str = ""
    reason: str = ""
    at: datetime


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
    patient_weight: Weight | None = None
    patient_details: Details | None = None
    notes: str | None = None
    medicines: list[Medicine]
    issued_at: datetime
    valid_until: date | None = None
    alerts: list[AnsweredAlert] = []
    coverage: Coverage | None = None
    copy_number: int | None = None
    content_mark: str | None = None
    history: list[StatusEvent] = []
    replaces_id: str | None = None
    replaced_by_id: str | None = None
    renews_id: str | None = None
    verification: Printed | None = None


class Prescriptions(Api):
    """Calls to the prescription service."""

    def listed(self, **asked: Any) -> Listing[Prescription]:
        """Own prescriptions, newest first."""
        params = {name: value for name, value in asked.items() if value is not None}
        return self.read(Listing[Prescription], "GET", "/prescriptions", token=session.token(), params=params)

    def one(self, prescription_id: str, purpose: str = "read") -> Prescription:
        """One of the person's own prescriptions. The record of access says what for: to `read` or to `print` it."""
        path, params = f"/prescriptions/{prescription_id}", {"purpose": purpose}
        return self.read(Prescription, "GET", path, token=session.token(), params=params)

    def write(self, appointment_id: str, notes: str, medicines: list[dict[str, str]], key: str) -> Prescription:
        """Sign and issue a prescription for a visit. The same key and words give the same prescription."""
        body = {"appointment_id": appointment_id, "notes": notes, "medicines": medicines}
        headers = {"Idempotency-Key": key}
        return self.read(Prescription, "POST", "/prescriptions", token=session.token(), json=body, headers=headers)
