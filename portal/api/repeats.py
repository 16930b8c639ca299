"""Repeats at the prescription service: what patients ask for once more, and what is due."""

from datetime import date, datetime
from typing import Any, Literal

from portal import session
from portal.api.base import Answer, Api, Listing
from portal.api.drafts import Draft


class RepeatRequest(Answer):
    """A request for a prescription once more. `renewal_id` is the new one, once it is signed."""

    id: str
    status: Literal["open", "approved", "declined"]
    prescription_id: str
    prescription_status: str
    number: str
    issued_at: datetime
    medicines: list[str]
    patient_name: str
    doctor_name: str
    note: str = ""
    requested_at: datetime
    decided_at: datetime | None = None
    reason: str = ""
    renewal_id: str | None = None


class Due(Answer):
    """A medicine to think of: its supply runs out, or its review has come."""

    kind: Literal["runs-out", "review"]
    due_on: date
    prescription_id: str
    number: str
    name: str
    directions: str | None = None
    repeats: int
    patient_name: str


class Repeats(Api):
    """Calls of patients who ask and of prescribers who answer."""

    def ask(self, prescription_id: str, note: str, key: str) -> RepeatRequest:
        """Ask for a prescription once more. The same key and words ask once."""
        path, headers = f"/prescriptions/{prescription_id}/repeat-requests", {"Idempotency-Key": key}
        return self.read(RepeatRequest, "POST", path, token=session.token(), json={"note": note}, headers=headers)

    def listed(self, **asked: Any) -> Listing[RepeatRequest]:
        """Those one has made, or was asked as prescriber, newest first."""
        params = {name: value for name, value in asked.items() if value is not None}
        return self.read(Listing[RepeatRequest], "GET", "/repeat-requests", token=session.token(), params=params)

    def one(self, request_id: str) -> RepeatRequest:
        """One of them, answered or not."""
        return self.read(RepeatRequest, "GET", f"/repeat-requests/{request_id}", token=session.token())

    def approve(self, request_id: str, key: str) -> Draft:
        """Begin its renewal, or go on with it. Signing that approves the request."""
        headers = {"Idempotency-Key": key}
        return self.read(
            Draft, "POST", f"/repeat-requests/{request_id}/approve", token=session.token(), headers=headers
        )

    def decline(self, request_id: str, reason: str, key: str) -> RepeatRequest:
        """Say no, and why."""
        path, headers = f"/repeat-requests/{request_id}/decline", {"Idempotency-Key": key}
        return self.read(RepeatRequest, "POST", path, token=session.token(), json={"reason": reason}, headers=headers)

    def due(self, **asked: Any) -> Listing[Due]:
        """What is due in one's own prescriptions, the earliest first."""
        params = {name: value for name, value in asked.items() if value is not None}
        return self.read(Listing[Due], "GET", "/prescriptions/due", token=session.token(), params=params)
