"""The appointment service as doctors call it for their own entry, weekly hours and time off."""

from datetime import date, datetime
from typing import Any

from chassis.client import ServiceClient
from chassis.errors import NotFound
from portal import session
from portal.api.appointments import Doctor
from portal.api.base import Answer, Api


class VisitType(Answer):
    """A kind of visit, as staff see it."""

    id: str
    name: str
    public_name: str
    duration_min: int
    active: bool


class _VisitTypes(Answer):
    items: list[VisitType]


class Stretch(Answer):
    """Work on one weekday (1 is Monday) between two wall times, for all kinds of visit or for those named."""

    weekday: int
    starts: str
    ends: str
    visit_type_ids: list[str] | None = None
    opens_hours_before: int | None = None


class Planned(Answer):
    """A week of work that counts from a later day on."""

    valid_from: date
    hours: list[Stretch]


class Hours(Answer):
    """The week of work as it is, how many appointments fit into it, and what is planned."""

    hours: list[Stretch]
    appointments_per_week: int
    planned: list[Planned] = []


class HoursPreview(Answer):
    """How many appointments would fit into a week, and how many booked ones would stand outside it."""

    appointments_per_week: int
    affected: int


class ScheduleException(Answer):
    """Days on which a doctor, or (without `doctor_id`) the clinic, does otherwise."""

    id: str
    doctor_id: str | None = None
    kind: str
    from_date: date
    to_date: date
    starts: str | None = None
    ends: str | None = None
    reason: str = ""
    holiday: bool = False


class _Exceptions(Answer):
    items: list[ScheduleException]


class Affected(Answer):
    """Somebody who is booked then."""

    id: str
    reference: str
    patient_name: str
    start: datetime


class Impact(Answer):
    """The people who are booked at times that an exception takes."""

    count: int
    items: list[Affected]


class Added(Impact):
    """What was added, and the people who were booked then."""

    exception: ScheduleException


class Schedules(Api):
    """Calls of a doctor about their own time, or of an admin about a doctor's."""

    def __init__(self, client: ServiceClient, doctor_id: str | None = None) -> None:
        super().__init__(client)
        self._doctor_id = doctor_id

    def of(self, doctor_id: str) -> "Schedules":
        """The same calls about this doctor's time."""
        return Schedules(self.client, doctor_id)

    @property
    def _whose(self) -> str:
        return f"/doctors/{self._doctor_id or session.me().id}"

    def entry(self) -> Doctor | None:
        """The entry in the directory, if there is one."""
        try:
            return self.read(Doctor, "GET", self._whose)
        except NotFound:
            return None

    def describe(self, **said: str) -> Doctor:
        """Make or change one's own entry."""
        return self.read(Doctor, "PUT", "/doctors/me", token=session.token(), json=said)

    def visit_types(self) -> list[VisitType]:
        """The kinds of visit in use, also those that only staff book."""
        found = self.read(_VisitTypes, "GET", "/visit-types/all", token=session.token()).items
        return [one for one in found if one.active]

    def hours(self) -> Hours:
        """The weekly hours. Raises `NotFound` for a doctor who is not in the directory yet."""
        return self.read(Hours, "GET", f"{self._whose}/hours", token=session.token())

    def preview_hours(self, week: dict[str, Any]) -> HoursPreview:
        """What such a week would mean; nothing is changed."""
        path = f"{self._whose}/hours/preview"
        return self.read(HoursPreview, "POST", path, token=session.token(), json=week)

    def set_hours(self, week: dict[str, Any]) -> Hours:
        """Replace the weekly hours."""
        return self.read(Hours, "PUT", f"{self._whose}/hours", token=session.token(), json=week)

    def exceptions(self) -> list[ScheduleException]:
        """The exceptions that are not over, by their first day."""
        return self._exceptions(f"{self._whose}/exceptions")

    def closings(self) -> list[ScheduleException]:
        """The days on which the clinic is closed."""
        return self._exceptions("/clinic/exceptions")

    def _exceptions(self, path: str) -> list[ScheduleException]:
        return self.read(_Exceptions, "GET", path, token=session.token()).items

    def preview(self, wish: dict[str, Any]) -> Impact:
        """Who is booked at times that an exception would take; nothing is changed."""
        path = f"{self._whose}/exceptions/preview"
        return self.read(Impact, "POST", path, token=session.token(), json=wish)

    def add(self, wish: dict[str, Any], key: str) -> Added:
        """Add an exception. The same key adds it once."""
        path, headers = f"{self._whose}/exceptions", {"Idempotency-Key": key}
        return self.read(Added, "POST", path, token=session.token(), json=wish, headers=headers)

    def take_back(self, exception_id: str) -> ScheduleException:
        """Take an exception back."""
        return self.read(ScheduleException, "DELETE", f"/exceptions/{exception_id}", token=session.token())
