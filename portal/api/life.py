"""Steps in the life of a signed prescription, at the prescription service."""

from portal import session
from portal.api.base import Api
from portal.api.drafts import Draft
from portal.api.prescriptions import Prescription


class Life(Api):
    """Calls of its prescriber. The same key and words take a step once."""

    def take(self, prescription_id: str, step: str, reason_code: str, reason: str, key: str) -> Prescription:
        """Hold, resume, cancel, stop or enter in error."""
        body = {"reason": reason} | ({"reason_code": reason_code} if reason_code else {})
        path, headers = f"/prescriptions/{prescription_id}/{step}", {"Idempotency-Key": key}
        return self.read(Prescription, "POST", path, token=session.token(), json=body, headers=headers)

    def begin(self, prescription_id: str, step: str, key: str) -> Draft:
        """Begin the draft that will `replace` or `renew` it."""
        path, headers = f"/prescriptions/{prescription_id}/{step}", {"Idempotency-Key": key}
        return self.read(Draft, "POST", path, token=session.token(), headers=headers)
