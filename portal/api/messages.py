"""The appointment service about whom to phone, because mail did not bring something to them."""

from datetime import datetime

from portal import session
from portal.api.base import Answer, Api, Listing


class Message(Answer):
    """Something a patient is to be told by phone. `kind` is what, `why` says as a code why mail did not do."""

    id: str
    kind: str
    state: str
    why: str
    appointment_id: str
    reference: str
    patient_id: str
    patient_name: str
    doctor_name: str
    start: datetime
    told_by_name: str | None = None
    told_at: datetime | None = None


class Messages(Api):
    """Calls about messages; doctors see those of their own patients, admins all."""

    def to_phone(self, cursor: str | None = None, limit: int = 50) -> Listing[Message]:
        """Whom to tell by phone, the next visit first."""
        params = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        return self.read(Listing[Message], "GET", "/messages/to-phone", token=session.token(), params=params)

    def told(self, message_id: str) -> Message:
        """Tick it off. Doing it again changes nothing."""
        return self.read(Message, "POST", f"/messages/{message_id}/told", token=session.token())
