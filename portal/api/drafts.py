"""Drafts at the prescription service: what a doctor has written and not signed. Nobody else sees them."""

from datetime import date, datetime
from typing import Any

from portal import session
from portal.api.base import Answer, Api, Listing
from portal.api.prescriptions import Prescription, Weight
from portal.api.signing import Checked

Json = dict[str, Any]
Number = int | float


class DraftedParts(Answer):
    """A medicine from the list, in the parts that were chosen. Its names are empty once it has left the list."""

    formulary_id: str
    generic_name: str
    name: str
    strength: str
    route: str
    site: str = ""
    dose: Number | None = None
    dose_unit: str
    mg_per_kg: Number | None = None
    frequency: Json
    timing: list[str] = []
    as_needed: Json | None = None
    duration: Json | None = None
    start_on: date | None = None
    quantity: Number
    repeats: int
    repeat_interval_days: int | None = None
    substitution_allowed: bool = True
    no_substitution_reason: str = ""
    brand: str = ""
    indication: str = ""
    instructions: str = ""
    note_to_pharmacist: str = ""


class DraftedWords(Answer):
    """A medicine in the doctor's own words."""

    name: str
    dosage: str
    duration: str
    instructions: str = ""


Drafted = DraftedParts | DraftedWords


class Draft(Answer):
    """A draft, and its version: whoever changes, deletes or signs it says which version they saw."""

    id: str
    version: int
    appointment_id: str
    patient_name: str
    notes: str = ""
    weight: Weight | None = None
    medicines: list[Drafted]
    replaces_id: str | None = None
    renews_id: str | None = None
    updated_at: datetime


class Drafts(Api):
    """Calls about one's own drafts. A version that is no longer the last is refused with `VersionConflict`."""

    def listed(self, **asked: Any) -> Listing[Draft]:
        """The last changed first."""
        params = {name: value for name, value in asked.items() if value is not None}
        return self.read(Listing[Draft], "GET", "/drafts", token=session.token(), params=params)

    def one(self, draft_id: str) -> Draft:
        """One draft. One that was signed is refused with the code already-signed."""
        return self.read(Draft, "GET", f"/drafts/{draft_id}", token=session.token())

    def keep(self, appointment_id: str, content: Json, key: str) -> Draft:
        """A new draft. The same key and words give the same draft."""
        body = {"appointment_id": appointment_id, **content, "status": "draft"}
        headers = {"Idempotency-Key": key}
        return self.read(Draft, "POST", "/prescriptions", token=session.token(), json=body, headers=headers)

    def change(self, draft: Draft, version: int, content: Json) -> Draft:
        """Write it anew."""
        body = {"appointment_id": draft.appointment_id, **content}
        return self.read(Draft, "PUT", f"/drafts/{draft.id}", token=session.token(), json=body, headers=_seen(version))

    def discard(self, draft_id: str, version: int) -> Draft:
        """Delete it for good."""
        return self.read(Draft, "DELETE", f"/drafts/{draft_id}", token=session.token(), headers=_seen(version))

    def check(self, draft_id: str) -> Checked:
        """What the safety checks find in it, with what it replaces or renews left out of account."""
        return self.read(Checked, "POST", f"/drafts/{draft_id}/check", token=session.token())

    def sign(self, draft_id: str, version: int, overrides: list[Json], key: str) -> Prescription:
        """Sign it in this version."""
        headers = {"Idempotency-Key": key, **_seen(version)}
        path, body = f"/drafts/{draft_id}/sign", {"overrides": overrides}
        return self.read(Prescription, "POST", path, token=session.token(), json=body, headers=headers)


def _seen(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}
