"""Days on which a doctor does otherwise: said first whom it touches, then done, then what has become of them."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue

from chassis.errors import Conflict, Invalid, NotFound, Refusal, Unavailable
from portal import session
from portal.api.appointments import Appointment
from portal.api.schedules import Impact, ScheduleException
from portal.forms import Form
from portal.pages import page
from portal.time_off_form import CONFLICTS, KIND_WORDS, KINDS, TimeOffForm
from portal.views.doctor import every_visit
from portal.whose import Whose, whose

pages = Blueprint("time_off", __name__, url_prefix="/time-off")
of_doctor = Blueprint("doctors_time_off", __name__, url_prefix="/schedule/doctors/<uuid:doctor_id>/time-off")
"""The same pages about one doctor, for admins."""

DONE = {
    "offer": "{people} asked by letter to choose another time.",
    "cancel": "{people} told by letter that the visit is cancelled.",
    "keep": "{people} seen all the same: the visits are marked as standing in time off.",
}


@pages.route("/new", methods=["GET", "POST"])
@of_doctor.route("/new", methods=["GET", "POST"])
@session.only("doctor", "admin")
def add(doctor_id: UUID | None = None) -> ResponseReturnValue:
    """Say when. Where nobody is booked it is done at once, else the next page says who is and asks."""
    plan, form = whose(doctor_id), TimeOffForm(data={"kind": "closed"})
    if not form.validate_on_submit():
        return _form(plan, form)
    try:
        impact = plan.schedules.preview(form.wish)
        return _impact(plan, form, impact) if impact.count else _add(plan, form)
    except (Conflict, Invalid, Unavailable) as refusal:
        return _form(plan, form, refusal)


@pages.post("/confirm")
@of_doctor.post("/confirm")
@session.only("doctor", "admin")
def confirm(doctor_id: UUID | None = None) -> ResponseReturnValue:
    """Do it, with what is to become of those who are booked then."""
    plan, form = whose(doctor_id), TimeOffForm()
    if not form.validate_on_submit():
        return _form(plan, form)
    try:
        if "change" in request.form:
            return _form(plan, form, status=200)
        if form.on_conflict.data not in DONE:
            form.on_conflict.errors = ["Choose what is to become of them."]
            return _impact(plan, form, plan.schedules.preview(form.wish))
        return _add(plan, form, form.on_conflict.data)
    except (Conflict, Invalid, Unavailable) as refusal:
        return _form(plan, form, refusal)


def _add(plan: Whose, form: TimeOffForm, on_conflict: str | None = None) -> ResponseReturnValue:
    """Add it; somebody who has booked meanwhile is asked about too."""
    chosen = {"on_conflict": on_conflict} if on_conflict else {}
    try:
        added = plan.schedules.add({**form.wish, **chosen}, form.key(on_conflict or ""))
    except Conflict as refusal:
        if refusal.code != "has-bookings":
            raise
        return _impact(plan, form, plan.schedules.preview(form.wish))
    people = "1 person is" if added.count == 1 else f"{added.count} people are"
    told = DONE[on_conflict].format(people=people) if on_conflict and added.count else "Nobody was booked then."
    flash(f"Entered: {KIND_WORDS[added.exception.kind].lower()}. {told}", "success")
    return redirect(plan.url("time_off.one", exception_id=added.exception.id), 303)


@pages.get("/<uuid:exception_id>")
@of_doctor.get("/<uuid:exception_id>")
@session.only("doctor", "admin")
def one(exception_id: UUID, doctor_id: UUID | None = None) -> ResponseReturnValue:
    """What was entered, and what has become of those who were booked then."""
    plan = whose(doctor_id)
    found = _find(plan, exception_id)
    visits = every_visit(found.from_date, found.to_date, found.doctor_id)
    touched = [visit for visit in visits if _touched(visit, found)]
    return page("doctor/time_off.html", found=found, touched=touched, kinds=KIND_WORDS, whose=plan)


@pages.route("/<uuid:exception_id>/take-back", methods=["GET", "POST"])
@of_doctor.route("/<uuid:exception_id>/take-back", methods=["GET", "POST"])
@session.only("doctor", "admin")
def take_back(exception_id: UUID, doctor_id: UUID | None = None) -> ResponseReturnValue:
    """Ask, then take it back."""
    plan, form, refusal = whose(doctor_id), Form(), None
    found = _find(plan, exception_id)
    if form.validate_on_submit():
        try:
            plan.schedules.take_back(found.id)
            flash(f"Taken back: {KIND_WORDS[found.kind].lower()}.", "success")
            return redirect(plan.url("hours.week"), 303)
        except (Conflict, Unavailable) as refused:
            refusal = refused
    return page("doctor/time_off_back.html", form=form, found=found, kinds=KIND_WORDS, whose=plan, refusal=refusal)


def _find(plan: Whose, exception_id: UUID) -> ScheduleException:
    found = next((one for one in plan.schedules.exceptions() if one.id == str(exception_id)), None)
    if found is None:
        raise NotFound
    return found


def _touched(visit: Appointment, found: ScheduleException) -> bool:
    """Whether a visit was booked at a time that this has taken: still there, or cancelled by the clinic."""
    if not (visit.displaced or (visit.status == "cancelled" and visit.cancellation_code == "clinic")):
        return False
    if found.starts is None or found.ends is None or found.kind != "closed":
        return True
    ends = "24:00" if found.ends == "00:00" else found.ends
    return found.starts < f"{visit.local_time}~" and visit.local_time < ends


def _form(
    plan: Whose, form: TimeOffForm, refusal: Refusal | None = None, status: int | None = None
) -> ResponseReturnValue:
    return page("doctor/time_off_form.html", form=form, kinds=KINDS, whose=plan, refusal=refusal, status=status)


def _impact(plan: Whose, form: TimeOffForm, impact: Impact) -> ResponseReturnValue:
    wished = ScheduleException(id="", **form.wish)
    shown: dict[str, Any] = {"found": wished, "impact": impact, "conflicts": CONFLICTS, "kinds": KIND_WORDS}
    return page("doctor/time_off_impact.html", form=form, whose=plan, **shown)
