"""The appointment service: doctors, their free times, and appointments."""

from datetime import UTC, date, datetime
from typing import Any, Literal

from chassis import clock
from chassis.client import ServiceClient
from chassis.errors import Unavailable
from portal import session
from portal.api.base import Answer, Api, Listing

Status = Literal["pending", "booked", "arrived", "checked-in", "fulfilled", "noshow", "cancelled", "entered-in-error"]
TAKES_PLACE = ("booked", "arrived", "checked-in", "fulfilled")
TO_COME = ("booked", "arrived", "checked-in")


class Doctor(Answer):
    """A doctor as the directory shows them."""

    id: str
    name: str
    specialty: str
    room: str | None = None
    about: str | None = None


class Slot(Answer):
    """One free time. `label` carries the zone's abbreviation only when the clock shows this time twice that day."""

    start: datetime
    end: datetime
    local_time: str
    label: str

    @property
    def value(self) -> str:
        """The start as forms and addresses carry it: one spelling, in UTC."""
        return f"{self.start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


class SlotDay(Answer):
    """The free times of one day at the clinic."""

    date: date
    slots: list[Slot]


class FreeTimes(Answer):
    """Free times, day by day, and the first free start on or after the first day asked for."""

    days: list[SlotDay]
    next_available: datetime | None = None


class Appointment(Answer):
    """A visit of one patient to one doctor."""

    id: str
    reference: str
    doctor_id: str
    doctor_name: str
    doctor_specialty: str | None = None
    room: str | None = None
    patient_id: str
    patient_name: str
    patient_birth_date: date | None = None
    start: datetime
    end: datetime
    local_date: date
    local_time: str
    duration_minutes: int
    status: Status
    notes: str | None = None
    created_at: datetime
    cancelled_at: datetime | None = None
    visit_type_id: str | None = None
    visit_type_name: str = ""
    overbook: bool = False
    displaced: bool = False
    moved: bool = False
    version: int = 1
    arrived_at: datetime | None = None
    cancellation_code: str | None = None
    cancellation_note: str = ""
    late: bool = False
    late_from: datetime | None = None
    move_until: datetime | None = None
    cancel_until: datetime | None = None
    actions: list[str] = []

    @property
    def takes_place(self) -> bool:
        """Whether patient and doctor meet, have met or will meet."""
        return self.status in TAKES_PLACE

    @property
    def upcoming(self) -> bool:
        """Whether it still lies ahead, or is going on."""
        return self.status in TO_COME and self.end > clock.now()

    @property
    def counts_as_late(self) -> bool:
        """Whether a cancellation now would come at short notice."""
        return self.late_from is not None and self.late_from <= clock.now()

    @property
    def begun(self) -> bool:
        """Whether its time has come: then it can no longer be cancelled."""
        return self.start <= clock.now()


class Appointments(Api):
    """Calls to the appointment service."""

    def __init__(self, client: ServiceClient) -> None:
        super().__init__(client)
        self._seen: dict[str, Doctor] = {}

    def doctors(self, cursor: str | None = None) -> Listing[Doctor]:
        """The directory. Anybody may read it."""
        params = {"limit": 50, "cursor": cursor}
        return self.read(Listing[Doctor], "GET", "/doctors", params=params)

    def doctor(self, doctor_id: str) -> Doctor:
        """One doctor of the directory; while the service is out, as this process last saw them."""
        try:
            doctor = self.read(Doctor, "GET", f"/doctors/{doctor_id}")
        except Unavailable:
            if doctor_id not in self._seen:
                raise
            return self._seen[doctor_id]
        self._seen[doctor_id] = doctor
        return doctor

    def listed(self, **asked: Any) -> Listing[Appointment]:
        """Own appointments; `since` and `until` are clinic dates, the rest as in the service's API."""
        names = {"since": "from", "until": "to"}
        params = {names.get(name, name): value for name, value in asked.items() if value is not None}
        return self.read(Listing[Appointment], "GET", "/appointments", token=session.token(), params=params)

    def one(self, appointment_id: str) -> Appointment:
        """One of the person's own appointments."""
        return self.read(Appointment, "GET", f"/appointments/{appointment_id}", token=session.token())

    def cancel(self, appointment_id: str, reason: str = "", version: str | None = None) -> Appointment:
        """Cancel an appointment, of the version that was seen. Doing it twice is the same as once."""
        path, body = f"/appointments/{appointment_id}/cancel", {"reason": reason} if reason else {}
        seen = {"If-Match": f'"{version}"'} if version else {}
        return self.read(Appointment, "POST", path, token=session.token(), json=body, headers=seen)
