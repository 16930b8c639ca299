"""What the prescription service knows of a patient: allergies, and the medicines they take."""

from datetime import date, datetime
from typing import Any, Literal

from portal import session
from portal.api.base import Answer, Api

SEVERE = frozenset({"anaphylaxis", "angioedema", "severe-skin"})


class Said(Answer):
    """Something somebody said of a patient. A patient's word is `reported` until a doctor confirms it."""

    id: str
    certainty: Literal["reported", "confirmed"]
    recorded_by_role: str
    recorded_by_name: str
    recorded_at: datetime
    decided_by_name: str | None = None
    decision_reason: str | None = None


class Allergy(Said):
    """An allergy or intolerance. One in free text is compared with nothing."""

    kind: str
    label: str
    reaction: str
    note: str = ""
    status: str

    @property
    def severe(self) -> bool:
        """Whether the reaction was one that can kill."""
        return self.reaction in SEVERE


class Allergies(Answer):
    """All that is on record. `not-asked` and `none-known` are different answers."""

    state: Literal["not-asked", "none-known", "has"]
    asked_at: datetime | None = None
    asked_by_role: str | None = None
    asked_by_name: str | None = None
    allergies: list[Allergy]

    @property
    def active(self) -> list[Allergy]:
        """Those that count, the dangerous ones first."""
        return sorted((one for one in self.allergies if one.status == "active"), key=lambda one: not one.severe)

    @property
    def refuted(self) -> list[Allergy]:
        """Those that a doctor has refuted; they stay on record."""
        return [one for one in self.allergies if one.status == "refuted"]


class Reported(Said):
    """A medicine from elsewhere."""

    formulary_id: str | None = None
    name: str
    dosage: str = ""


class Prescribed(Answer):
    """A medicine prescribed here, by any doctor. `checked` is false for one in a doctor's own words."""

    prescription_id: str
    position: int
    status: str
    doctor_name: str
    issued_at: datetime
    starts_on: date
    ends_on: date | None = None
    name: str
    dosage: str
    duration: str
    checked: bool


class Taken(Answer):
    """What a patient takes now."""

    prescribed: list[Prescribed]
    reported: list[Reported]


class Patients(Api):
    """Calls about what is known of a patient."""

    def open_visit(self, appointment_id: str) -> None:
        """From now the signed-in doctor sees what is known of the patient of this visit."""
        self.tell("PUT", f"/visits/{appointment_id}", token=session.token(), json={})

    def allergies(self, patient_id: str) -> Allergies:
        """The allergies of a patient."""
        return self.read(Allergies, "GET", f"/patients/{patient_id}/allergies", token=session.token())

    def record_allergy(self, patient_id: str, given: dict[str, Any]) -> Allergy:
        """Record an allergy: kind, key, reaction and note."""
        return self.read(Allergy, "POST", f"/patients/{patient_id}/allergies", token=session.token(), json=given)

    def none_known(self, patient_id: str) -> Allergies:
        """Record that somebody asked and no allergy is known."""
        return self.read(Allergies, "PUT", f"/patients/{patient_id}/allergies/none-known", token=session.token())

    def confirm_allergy(self, allergy_id: str) -> Allergy:
        """Confirm what the patient reported."""
        return self.read(Allergy, "POST", f"/allergies/{allergy_id}/confirm", token=session.token())

    def end_allergy(self, allergy_id: str, how: Literal["refute", "enter-in-error"], reason: str) -> Allergy:
        """Refute an allergy, or strike out an entry that never was true."""
        path = f"/allergies/{allergy_id}/{how}"
        return self.read(Allergy, "POST", path, token=session.token(), json={"reason": reason})

    def taken(self, patient_id: str) -> Taken:
        """What a patient takes now."""
        return self.read(Taken, "GET", f"/patients/{patient_id}/medicines", token=session.token())

    def report_medicine(self, patient_id: str, name: str, dosage: str) -> Reported:
        """Report a medicine from elsewhere in the reporter's own words."""
        body = {"name": name, "dosage": dosage}
        return self.read(Reported, "POST", f"/patients/{patient_id}/medicines", token=session.token(), json=body)

    def end_medicine(self, report_id: str) -> Reported:
        """Say that a reported medicine is taken no longer."""
        return self.read(Reported, "POST", f"/reported-medicines/{report_id}/end", token=session.token())
