"""The appointment service as patients call it to choose a time, to change it, and to say that they are there."""

from datetime import date

from pydantic import AliasChoices, Field

from chassis.client import File, ServiceClient
from chassis.errors import Unavailable
from portal import session
from portal.api.appointments import Appointment, Doctor, FreeTimes
from portal.api.base import Answer, Api, Listing

ANY = "any"
"""In place of a doctor's id: whoever is free."""


class VisitType(Answer):
    """A kind of visit as patients choose it, with how long it takes and until when it may be changed."""

    id: str = Field(validation_alias=AliasChoices("visit_type_id", "id"))
    name: str = Field(validation_alias="public_name")
    description: str = ""
    duration_min: int
    horizon_days: int


class _Some(Answer):
    items: list[VisitType]


class _Late(Answer):
    doctor_id: str
    minutes: int


class _RunningLate(Answer):
    items: list[_Late]


class Booking(Api):
    """Calls of a patient."""

    def __init__(self, client: ServiceClient) -> None:
        super().__init__(client)
        self._seen: dict[str, list[VisitType]] = {}

    def visit_types(self, doctor_id: str) -> list[VisitType]:
        """What patients can book, with this doctor (on the doctor's terms) or with any; while out, as last seen."""
        path = "/visit-types" if doctor_id == ANY else f"/doctors/{doctor_id}/visit-types"
        try:
            self._seen[doctor_id] = self.read(_Some, "GET", path).items
        except Unavailable:
            if doctor_id not in self._seen:
                raise
        return self._seen[doctor_id]

    def doctors(self, visit_type_id: str, cursor: str | None = None) -> Listing[Doctor]:
        """The doctors who offer a kind of visit, by name."""
        params = {"visit_type_id": visit_type_id, "limit": 50, "cursor": cursor}
        return self.read(Listing[Doctor], "GET", "/doctors", params=params)

    def times(
        self, doctor_id: str, visit_type_id: str | None, first: date, last: date, ignore: str | None = None
    ) -> FreeTimes:
        """Free times from one day to another, both included. The time of the appointment `ignore` counts as free."""
        params = {"doctor_id": doctor_id, "from": first.isoformat(), "to": last.isoformat()}
        given = {"visit_type_id": visit_type_id, "ignore": ignore}
        params |= {name: value for name, value in given.items() if value}
        return self.read(FreeTimes, "GET", "/slots", token=session.token(), params=params)

    def book(self, doctor_id: str, visit_type_id: str | None, start: str, notes: str, key: str) -> Appointment:
        """Book a time for the signed-in patient. The same key gives the same appointment."""
        body = {"doctor_id": doctor_id, "appointment_time": start}
        body |= {name: value for name, value in (("visit_type_id", visit_type_id), ("notes", notes)) if value}
        headers = {"Idempotency-Key": key}
        return self.read(Appointment, "POST", "/appointments", token=session.token(), json=body, headers=headers)

    def move(self, appointment_id: str, doctor_id: str, start: str, version: str) -> Appointment:
        """Move an appointment, of the version that was seen, to another time."""
        body, seen = {"appointment_time": start, "doctor_id": doctor_id}, {"If-Match": f'"{version}"'}
        path = f"/appointments/{appointment_id}/move"
        return self.read(Appointment, "POST", path, token=session.token(), json=body, headers=seen)

    def arrive(self, appointment_id: str) -> Appointment:
        """Say that one is there. Saying it twice is the same as once."""
        return self.read(Appointment, "POST", f"/appointments/{appointment_id}/arrive", token=session.token())

    def calendar_file(self, appointment_id: str) -> tuple[bytes, str]:
        """One of the person's own appointments as a calendar file, and its media type."""
        path = f"/appointments/{appointment_id}.ics"
        found: File = self.client.request("GET", path, token=session.token(), as_file=True)
        return found.data, found.headers.get("Content-Type", "")

    def late(self, doctor_id: str) -> int:
        """By how many minutes a doctor runs late today."""
        found = self.read(_RunningLate, "GET", "/running-late", token=session.token()).items
        return next((one.minutes for one in found if one.doctor_id == doctor_id), 0)
