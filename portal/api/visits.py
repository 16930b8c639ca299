"""The appointment service as doctors call it for the visits of their own list: steps, moves, bookings, running late."""

from datetime import date, datetime
from typing import Any

from portal import session
from portal.api.appointments import Appointment, FreeTimes
from portal.api.base import Answer, Api


class Event(Answer):
    """One step in the life of an appointment. `code` says why it was cancelled."""

    at: datetime
    action: str
    actor_role: str
    actor_name: str
    from_status: str | None = None
    to_status: str
    from_start: datetime | None = None
    to_start: datetime
    code: str | None = None
    reason: str = ""


class _History(Answer):
    events: list[Event]


class RefusedTime(Answer):
    """A time that is not free, and why, as a code."""

    start: datetime
    local_date: date
    local_time: str
    reason: str


class StaffTimes(FreeTimes):
    """Free times whatever notice and horizon say, and the times that are not free."""

    refused: list[RefusedTime] = []


class ListedPatient(Answer):
    """A patient of the doctor's own list, with their visits at this doctor's."""

    patient_id: str
    patient_name: str
    patient_birth_date: date | None = None
    visits: int
    no_shows: int
    last_visit: datetime | None = None
    next_visit: datetime | None = None


class _Patients(Answer):
    items: list[ListedPatient]


class Visits(Api):
    """Calls of a doctor about visits."""

    def take(self, visit_id: str, step: str, version: str | None = None, **why: str) -> Appointment:
        """Take a step in the life of a visit, of the version that was seen. Taken again it changes nothing."""
        seen = {"If-Match": f'"{version}"'} if version else {}
        path = f"/appointments/{visit_id}/{step}"
        return self.read(Appointment, "POST", path, token=session.token(), json=why, headers=seen)

    def move(self, visit_id: str, start: str, version: str, doctor_id: str | None = None) -> Appointment:
        """Move a visit, of the version that was seen, to another time of the same doctor, or of another one."""
        body, seen = {"appointment_time": start}, {"If-Match": f'"{version}"'}
        body |= {"doctor_id": doctor_id} if doctor_id else {}
        path = f"/appointments/{visit_id}/move"
        return self.read(Appointment, "POST", path, token=session.token(), json=body, headers=seen)

    def book(self, patient_id: str, start: str, key: str, **given: str | None) -> Appointment:
        """Book a time of one's own for a patient of the list. `overbook` is the reason to book beside everything."""
        body = {"patient_id": patient_id, "appointment_time": start}
        body |= {name: value for name, value in given.items() if value}
        headers = {"Idempotency-Key": key}
        path = "/doctors/me/appointments"
        return self.read(Appointment, "POST", path, token=session.token(), json=body, headers=headers)

    def history(self, visit_id: str) -> list[Event]:
        """What has happened to a visit, the first thing first."""
        return self.read(_History, "GET", f"/appointments/{visit_id}/history", token=session.token()).events

    def times(
        self,
        first: date,
        last: date,
        visit_type_id: str | None,
        ignore: str | None = None,
        doctor_id: str | None = None,
    ) -> StaffTimes:
        """Times from one day to another, free and not free: one's own, or for admins those of a doctor.

        The time of the visit `ignore` counts as free.
        """
        whose = doctor_id or session.me().id
        asked: dict[str, Any] = {"doctor_id": whose, "from": first.isoformat(), "to": last.isoformat()}
        asked |= {"explain": "true", "visit_type_id": visit_type_id, "ignore": ignore}
        params = {name: value for name, value in asked.items() if value}
        return self.read(StaffTimes, "GET", "/slots", token=session.token(), params=params)

    def patients(self, words: str) -> list[ListedPatient]:
        """Find patients of the own list by words of a name, date of birth or reference; at most 20."""
        path, params = "/doctors/me/patients", {"q": words}
        return self.read(_Patients, "GET", path, token=session.token(), params=params).items

    def say_late(self, minutes: int) -> None:
        """Say by how many minutes one runs late today; 0 takes it back."""
        self.tell("PUT", "/doctors/me/running-late", token=session.token(), json={"minutes": minutes})
