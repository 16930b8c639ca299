"""Kinds of visit, for admins: what there is, on which terms, and what single doctors do otherwise."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Conflict, Invalid, NotFound, Refusal, Unavailable
from portal import session, visit_type_form
from portal.api import services
from portal.api.clinic_schedule import Override, VisitType
from portal.forms import Form
from portal.pages import page
from portal.visit_type_form import OverrideForm, VisitTypeForm

pages = Blueprint("visit_types", __name__, url_prefix="/schedule")

NEW = {
    "bookable_by": "patient",
    "sensitive": "no",
    "duration_min": 20,
    "step_min": 20,
    "buffer_before_min": 0,
    "buffer_after_min": 0,
    "min_notice_min": 120,
    "horizon_days": 112,
    "patient_move_cutoff_min": 240,
    "patient_cancel_cutoff_min": 0,
    "late_cancel_min": 1440,
    "position": 10,
}
CHANGED = 412


@pages.get("/visit-types")
@session.only("admin")
def index() -> ResponseReturnValue:
    """All kinds of visit, in the order in which patients see them."""
    return page("schedules/visit_types.html", kinds=services().clinic_schedule.visit_types(), words=visit_type_form)


@pages.route("/visit-types/new", methods=["GET", "POST"])
@session.only("admin")
def add() -> ResponseReturnValue:
    """A kind of visit that the clinic has not had."""
    form, refusal = VisitTypeForm(data=NEW), None
    if form.validate_on_submit():
        try:
            made = services().clinic_schedule.add_visit_type(form.said)
            flash(f"{made.public_name} is added.", "success")
            return redirect(url_for(".index"), 303)
        except (Conflict, Invalid, Unavailable) as refused:
            refusal = refused
    return _form(form, None, refusal)


@pages.route("/visit-types/<uuid:visit_type_id>", methods=["GET", "POST"])
@session.only("admin")
def change(visit_type_id: UUID) -> ResponseReturnValue:
    """Its terms, to change. What is booked keeps the terms it was booked on."""
    kind = services().clinic_schedule.visit_type(str(visit_type_id))
    form, refusal = VisitTypeForm(data=visit_type_form.boxes(kind)), None
    if form.validate_on_submit():
        try:
            said = {**form.said, "active": kind.active}
            services().clinic_schedule.change_visit_type(kind.id, seen(form), said)
            flash(f"{kind.public_name} is changed. What is booked already keeps its terms.", "success")
            return redirect(url_for(".index"), 303)
        except Refusal as refused:
            if refused.status == CHANGED:
                return _changed_meanwhile(form, kind, refused)
            if not isinstance(refused, Conflict | Invalid | Unavailable):
                raise
            refusal = refused
    return _form(form, kind, refusal)


@pages.route("/visit-types/<uuid:visit_type_id>/<any(retire, restore):act>", methods=["GET", "POST"])
@session.only("admin")
def retire(visit_type_id: UUID, act: str) -> ResponseReturnValue:
    """Ask, then take it out of use, or bring it back."""
    kind, form, refusal = services().clinic_schedule.visit_type(str(visit_type_id)), Form(), None
    if kind.active is (act == "restore"):
        return redirect(url_for(".index"), 303)
    if form.validate_on_submit():
        try:
            said = {**visit_type_form.told(kind), "active": act == "restore"}
            services().clinic_schedule.change_visit_type(kind.id, str(kind.version), said)
            flash(f"{kind.public_name} is {'in use again' if act == 'restore' else 'out of use'}.", "success")
            return redirect(url_for(".index"), 303)
        except Unavailable as refused:
            refusal = refused
    return page("schedules/visit_type_retire.html", form=form, kind=kind, act=act, refusal=refusal)


@pages.get("/doctors/<uuid:doctor_id>/visit-types")
@session.only("admin")
def overrides(doctor_id: UUID) -> ResponseReturnValue:
    """What one doctor does otherwise, kind by kind."""
    doctor = services().appointments.doctor(str(doctor_id))
    own = {one.visit_type_id: one for one in services().clinic_schedule.overrides(doctor.id)}
    kinds = [kind for kind in services().clinic_schedule.visit_types() if kind.active]
    return page("schedules/overrides.html", doctor=doctor, kinds=kinds, own=own, words=visit_type_form)


@pages.route("/doctors/<uuid:doctor_id>/visit-types/<uuid:visit_type_id>", methods=["GET", "POST"])
@session.only("admin")
def override(doctor_id: UUID, visit_type_id: UUID) -> ResponseReturnValue:
    """One kind of visit as one doctor does it, box by box: empty is as everybody."""
    doctor = services().appointments.doctor(str(doctor_id))
    kind = services().clinic_schedule.visit_type(str(visit_type_id))
    every = services().clinic_schedule.overrides(doctor.id)
    own = next((one for one in every if one.visit_type_id == kind.id), None)
    form, refusal = OverrideForm(data=visit_type_form.own_boxes(own)), None
    form.suggest_units(kind)
    if form.validate_on_submit():
        try:
            _override(doctor.id, kind, every, form)
            flash(f"{kind.public_name} with {doctor.name} is saved.", "success")
            return redirect(url_for(".overrides", doctor_id=doctor.id), 303)
        except (Conflict, Invalid, NotFound, Unavailable) as refused:
            refusal = refused
    shown: dict[str, Any] = {"amounts": visit_type_form.AMOUNTS, "words": visit_type_form}
    return page("schedules/override.html", form=form, doctor=doctor, kind=kind, refusal=refusal, **shown)


def _override(doctor_id: str, kind: VisitType, every: list[Override], form: OverrideForm) -> None:
    """All that the doctor does otherwise is said at once; the one kind as the form has it."""
    others = [one.model_dump() for one in every if one.visit_type_id != kind.id]
    own = {"visit_type_id": kind.id, **form.said}
    services().clinic_schedule.override(doctor_id, [*others, own] if form.differs else others)


def seen(form: VisitTypeForm) -> str:
    """The version that the person had before them."""
    sent = form.version.data or ""
    return sent if sent.isascii() and sent.isdigit() and len(sent) < 10 else "0"


def _changed_meanwhile(form: VisitTypeForm, kind: VisitType, refusal: Refusal) -> ResponseReturnValue:
    """Somebody was quicker: their values beside what was typed; saving again is on top of theirs."""
    form.version.data = str(kind.version)
    return _form(form, kind, refusal, theirs=visit_type_form.boxes(kind))


def _form(
    form: VisitTypeForm, kind: VisitType | None, refusal: Refusal | None, theirs: dict[str, object] | None = None
) -> ResponseReturnValue:
    shown: dict[str, Any] = {
        "amounts": visit_type_form.AMOUNTS,
        "words": visit_type_form,
        "bookable": visit_type_form.BOOKABLE_BY,
    }
    return page("schedules/visit_type_form.html", form=form, kind=kind, refusal=refusal, theirs=theirs, **shown)
