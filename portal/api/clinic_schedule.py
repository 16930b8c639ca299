"""The appointment service as admins call it: kinds of visit, closing days, public holidays, figures."""

from datetime import date, datetime
from typing import Any, Literal

from portal import session
from portal.api.base import Answer, Api

BookableBy = Literal["patient", "staff"]


class VisitType(Answer):
    """A kind of visit with all its terms; times are minutes, the horizon is days."""

    id: str
    name: str
    public_name: str
    description: str = ""
    duration_min: int
    buffer_before_min: int
    buffer_after_min: int
    step_min: int
    min_notice_min: int
    horizon_days: int
    patient_move_cutoff_min: int
    patient_cancel_cutoff_min: int
    late_cancel_min: int
    sensitive: bool
    bookable_by: BookableBy
    active: bool
    position: int
    version: int


class Override(Answer):
    """What one doctor does otherwise for one kind of visit; None is as everybody does it."""

    visit_type_id: str
    offered: bool = True
    duration_min: int | None = None
    buffer_before_min: int | None = None
    buffer_after_min: int | None = None
    step_min: int | None = None
    min_notice_min: int | None = None
    horizon_days: int | None = None
    patient_move_cutoff_min: int | None = None
    patient_cancel_cutoff_min: int | None = None
    late_cancel_min: int | None = None
    bookable_by: BookableBy | None = None


class Closing(Answer):
    """Days on which the clinic is closed."""

    id: str
    from_date: date
    to_date: date
    starts: str | None = None
    ends: str | None = None
    reason: str = ""
    holiday: bool = False


class Affected(Answer):
    """Somebody who is booked then."""

    id: str
    reference: str
    doctor_name: str
    patient_name: str
    start: datetime


class Impact(Answer):
    """The people who are booked then."""

    count: int
    items: list[Affected]


class Country(Answer):
    """A country whose public holidays are known, and its parts."""

    class Part(Answer):
        """A part of a country that has holidays of its own."""

        code: str
        name: str

    code: str
    name: str
    subdivisions: list[Part] = []


class Holiday(Answer):
    """A public holiday, and whether the clinic is closed for it already."""

    date: date
    name: str
    there: bool


class BroughtIn(Impact):
    """The holidays that were added, and the people who were booked then."""

    exceptions: list[Closing]


class Counts(Answer):
    """Visits by what became of them."""

    booked: int
    fulfilled: int
    cancelled: int
    cancelled_late: int
    no_shows: int
    no_show_rate: float | None = None


class DoctorFigures(Answer):
    """The figures of one doctor."""

    doctor_id: str
    doctor_name: str
    counts: Counts
    third_next_available: datetime | None = None
    third_next_days: int | None = None


class WeekFigures(Answer):
    """The figures of one week."""

    monday: date
    counts: Counts


class Figures(Answer):
    """What became of the visits of some days, by doctor and by week."""

    total: Counts
    doctors: list[DoctorFigures]
    weeks: list[WeekFigures]


class _VisitTypes(Answer):
    items: list[VisitType]


class _Closings(Answer):
    items: list[Closing]


class _Countries(Answer):
    items: list[Country]


class _Holidays(Answer):
    items: list[Holiday]


class _Overrides(Answer):
    overrides: list[Override]


class ClinicSchedule(Api):
    """Calls of an admin about the whole clinic's schedule."""

    def visit_types(self) -> list[VisitType]:
        """All kinds of visit, also those out of use."""
        return self.read(_VisitTypes, "GET", "/visit-types/all", token=session.token()).items

    def visit_type(self, visit_type_id: str) -> VisitType:
        """One kind of visit."""
        return self.read(VisitType, "GET", f"/visit-types/{visit_type_id}", token=session.token())

    def add_visit_type(self, said: dict[str, Any]) -> VisitType:
        """Make a kind of visit."""
        return self.read(VisitType, "POST", "/visit-types", token=session.token(), json=said)

    def change_visit_type(self, visit_type_id: str, version: str, said: dict[str, Any]) -> VisitType:
        """Change a kind of visit, in the version that was seen."""
        path, headers = f"/visit-types/{visit_type_id}", {"If-Match": f'"{version}"'}
        return self.read(VisitType, "PUT", path, token=session.token(), json=said, headers=headers)

    def overrides(self, doctor_id: str) -> list[Override]:
        """What one doctor does otherwise."""
        return self.read(_Overrides, "GET", f"/doctors/{doctor_id}/overrides", token=session.token()).overrides

    def override(self, doctor_id: str, said: list[dict[str, Any]]) -> None:
        """Say all that one doctor does otherwise."""
        self.tell("PUT", f"/doctors/{doctor_id}/overrides", token=session.token(), json={"overrides": said})

    def closings(self) -> list[Closing]:
        """The days on which the clinic is closed that are not over."""
        return self.read(_Closings, "GET", "/clinic/exceptions", token=session.token()).items

    def preview_closing(self, wish: dict[str, Any]) -> Impact:
        """Who is booked then; nothing is changed."""
        return self.read(Impact, "POST", "/clinic/exceptions/preview", token=session.token(), json=wish)

    def close(self, wish: dict[str, Any], key: str) -> Impact:
        """Close the clinic. The same key does it once."""
        path, headers = "/clinic/exceptions", {"Idempotency-Key": key}
        return self.read(Impact, "POST", path, token=session.token(), json=wish, headers=headers)

    def take_back(self, closing_id: str) -> Closing:
        """Open it again."""
        return self.read(Closing, "DELETE", f"/exceptions/{closing_id}", token=session.token())

    def countries(self) -> list[Country]:
        """The countries whose public holidays are known."""
        return self.read(_Countries, "GET", "/clinic/holidays/countries", token=session.token()).items

    def holidays(self, **choice: Any) -> list[Holiday]:
        """The public holidays of a `country`, perhaps a `subdivision`, and a `year` that are not over."""
        return self.read(_Holidays, "GET", "/clinic/holidays", token=session.token(), params=choice).items

    def preview_holidays(self, wish: dict[str, Any]) -> Impact:
        """Who is booked then; nothing is changed."""
        return self.read(Impact, "POST", "/clinic/holidays/preview", token=session.token(), json=wish)

    def bring_in(self, wish: dict[str, Any]) -> BroughtIn:
        """Close the clinic on public holidays."""
        return self.read(BroughtIn, "POST", "/clinic/holidays", token=session.token(), json=wish)

    def figures(self, first: date, last: date) -> Figures:
        """The figures of the days from one to another, both included."""
        params = {"from": first.isoformat(), "to": last.isoformat()}
        return self.read(Figures, "GET", "/figures", token=session.token(), params=params)
