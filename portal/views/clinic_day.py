"""The clinic's day, for admins: who comes to whom and when, over all doctors. Never why."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Form as PlainForm
from wtforms.validators import ValidationError

from chassis import clock
from chassis.errors import Conflict, Invalid, Refusal, Unavailable
from portal import dates, session, staff_times, visit_words
from portal.api import services
from portal.api.appointments import Appointment, Doctor
from portal.day import Day
from portal.days import FIRST, LAST, day_of
from portal.forms import Choice, Line, Pick
from portal.pages import page
from portal.views.doctor_schedules import every_doctor
from portal.views.visits import REASONS, CancelForm, SeenForm, seen_version

pages = Blueprint("clinic_day", __name__, url_prefix="/schedule")

MOST_PAGES = 20
"""Pages of a hundred appointments that one day is read in; no clinic has more."""
CHANGED = 412


class DayChoice(PlainForm):  # type: ignore[misc]
    """Which day of which doctor to show, from the address."""

    date = Line("Day")
    doctor = Pick("Doctor", [("", "All doctors")])

    def validate_date(self, field: Line) -> None:
        """Say what a day looks like."""
        if day_of(field.data) is None:
            raise ValidationError(f"Enter a real date between {FIRST.year} and {LAST.year}, for example 2027-03-10.")


class MoveForm(SeenForm):
    """To when."""

    start = Choice("Time")

    def validate_start(self, field: Choice) -> None:
        """One of the times on the page."""
        if staff_times.instant(field.data) is None:
            raise ValidationError("Choose a time.")


@dataclass(frozen=True)
class DoctorsDay:
    """The visits of one doctor on one day."""

    name: str
    room: str | None
    day: Day


@pages.get("")
@session.only("admin")
def index() -> ResponseReturnValue:
    """The visits of one day by doctor: today's, unless the address names another."""
    form = DayChoice(request.args, data={"date": dates.today().isoformat(), "doctor": ""})
    form.doctor.options = [*DayChoice().doctor.options, *((one.id, one.name) for one in every_doctor())]
    sound = form.validate()
    day = day_of(form.date.data) or dates.today()
    doctors = _by_doctor(day, form.doctor.data or None) if sound else []
    around = {"before": day - timedelta(days=1), "after": day + timedelta(days=1)}
    return page("schedules/day.html", form=form, day=day, doctors=doctors, now=clock.now(), around=around)


@pages.get("/visits/<uuid:visit_id>")
@session.only("admin")
def visit(visit_id: UUID) -> ResponseReturnValue:
    """One visit, and what an admin can do to it."""
    return page("schedules/visit.html", visit=services().appointments.one(str(visit_id)))


@pages.route("/visits/<uuid:visit_id>/cancel", methods=["GET", "POST"])
@session.only("admin")
def cancel(visit_id: UUID) -> ResponseReturnValue:
    """Say what will happen, and cancel it."""
    found = services().appointments.one(str(visit_id))
    form, refusal = CancelForm(data={"version": str(found.version)}), None
    if form.validate_on_submit():
        try:
            services().visits.take(found.id, "cancel", seen_version(), **form.why)
            flash(f"The visit of {found.patient_name} is cancelled.", "success")
            return _to(found)
        except (Conflict, Invalid, Unavailable) as refused:
            refusal = refused
        except Refusal as refused:
            return _changed(found, refused)
    elif not form.is_submitted() and "cancel" not in found.actions:
        return _to(found)
    return page("schedules/cancel.html", form=form, visit=found, reasons=REASONS, refusal=refusal)


@pages.get("/visits/<uuid:visit_id>/move")
@session.only("admin")
def times(visit_id: UUID) -> ResponseReturnValue:
    """The times of the same doctor, or of the one that the address names; the visit's own time counts as free."""
    found = services().appointments.one(str(visit_id))
    if "move" not in found.actions:
        return _to(found)
    return _times(found, MoveForm(formdata=None, data={"version": str(found.version)}))


@pages.post("/visits/<uuid:visit_id>/move")
@session.only("admin")
def move(visit_id: UUID) -> ResponseReturnValue:
    """Move it. Where it is already, nothing changes."""
    found, form = services().appointments.one(str(visit_id)), MoveForm()
    if not form.validate_on_submit():
        return _times(found, form)
    target = _doctor(found, every_doctor())
    try:
        moved = services().visits.move(found.id, form.start.data, seen_version() or str(found.version), target)
    except (Conflict, Invalid, Unavailable) as refusal:
        return _times(found, form, refusal)
    except Refusal as refusal:
        return _changed(found, refusal)
    flash(f"Moved to {dates.moment_words(moved.start)} with {moved.doctor_name}.", "success")
    return _to(found)


def _by_doctor(day: date, doctor_id: str | None) -> list[DoctorsDay]:
    visits = sorted(_visits(day, doctor_id), key=lambda one: (one.doctor_name, one.doctor_id, one.start, one.id))
    groups = [list(some) for _, some in groupby(visits, key=lambda one: one.doctor_id)]
    return [DoctorsDay(some[0].doctor_name, some[0].room, Day.of(day, some)) for some in groups]


def _visits(day: date, doctor_id: str | None) -> list[Appointment]:
    found: list[Appointment] = []
    cursor: str | None = None
    asked = {"since": day, "until": day, "doctor_id": doctor_id, "sort": "start", "limit": 100}
    for _ in range(MOST_PAGES):
        some = services().appointments.listed(**asked, cursor=cursor)
        found += some.items
        cursor = some.next_cursor
        if cursor is None:
            break
    return found


def _times(found: Appointment, form: MoveForm, refusal: Refusal | None = None) -> ResponseReturnValue:
    doctors = every_doctor()
    target = _doctor(found, doctors)
    asked = {"from": found.local_date.isoformat(), **request.values.to_dict()}
    week = staff_times.read(asked, found.visit_type_id, found.id, target)
    shown = {"times": week, "doctors": doctors, "target": target, "why_not": visit_words.why_not}
    return page("schedules/move.html", form=form, visit=found, refusal=refusal, status=None, **shown)


def _doctor(found: Appointment, doctors: list[Doctor]) -> str:
    """The doctor whom the page is about: one of the directory, else the visit's own."""
    asked = request.values.get("doctor")
    return asked if asked in {one.id for one in doctors} and asked else found.doctor_id


def _to(found: Appointment) -> ResponseReturnValue:
    return redirect(url_for(".visit", visit_id=found.id), 303)


def _changed(found: Appointment, refusal: Refusal) -> ResponseReturnValue:
    """Somebody was quicker: the visit as it is now."""
    if refusal.status != CHANGED:
        raise refusal
    flash(visit_words.refused(refusal), "error")
    return _to(found)
