"""The waiting list of the appointment service, as patients call it."""

from datetime import date, datetime
from typing import Any

from portal import session
from portal.api.appointments import Appointment
from portal.api.base import Answer, Api


class Offer(Answer):
    """A time that is held for one person, and until when."""

    appointment_id: str
    doctor_name: str
    room: str = ""
    start: datetime
    local_date: date
    held_until: datetime


class Entry(Answer):
    """What somebody waits for; a `doctor_name` of None is any doctor, `weekdays` of None any day."""

    id: str
    visit_type_name: str
    doctor_name: str | None = None
    from_date: date
    to_date: date
    weekdays: list[int] | None = None
    day_part: str | None = None
    state: str
    offer: Offer | None = None


class _Entries(Answer):
    items: list[Entry]


class WaitingList(Api):
    """Calls about the signed-in patient's own entries."""

    def listed(self) -> list[Entry]:
        """Those that still wait, the oldest first."""
        return self.read(_Entries, "GET", "/waitlist", token=session.token()).items

    def one(self, entry_id: str) -> Entry:
        """One of them, whatever became of it."""
        return self.read(Entry, "GET", f"/waitlist/{entry_id}", token=session.token())

    def join(self, hope: dict[str, Any], key: str) -> Entry:
        """Begin to wait. The same key does it once."""
        headers = {"Idempotency-Key": key}
        return self.read(Entry, "POST", "/waitlist", token=session.token(), json=hope, headers=headers)

    def accept(self, entry_id: str, offered: str) -> Appointment:
        """Take the time that was on the page. Taking it again gives the same appointment."""
        meant = {"appointment_id": offered}
        return self.read(Appointment, "POST", f"/waitlist/{entry_id}/accept", token=session.token(), json=meant)

    def decline(self, entry_id: str, offered: str) -> Entry:
        """Let the time go that was on the page, and wait on."""
        meant = {"appointment_id": offered}
        return self.read(Entry, "POST", f"/waitlist/{entry_id}/decline", token=session.token(), json=meant)

    def leave(self, entry_id: str) -> Entry:
        """Wait no longer."""
        return self.read(Entry, "DELETE", f"/waitlist/{entry_id}", token=session.token())
