"""Days on which the clinic is closed, for admins: said first whom they touch, then done."""

from uuid import UUID

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Conflict, Invalid, NotFound, Refusal, Unavailable
from portal import session
from portal.api import services
from portal.api.clinic_schedule import Closing, Impact
from portal.closing_form import FATES, ClosingForm, chosen
from portal.forms import Form
from portal.pages import page
from portal.time_off_form import CONFLICTS

pages = Blueprint("closing_days", __name__, url_prefix="/schedule/closing-days")


@pages.get("")
@session.only("admin")
def index() -> ResponseReturnValue:
    """The closing days to come."""
    return page("schedules/closing_days.html", closings=services().clinic_schedule.closings())


@pages.route("/new", methods=["GET", "POST"])
@session.only("admin")
def add() -> ResponseReturnValue:
    """Say when. Where nobody is booked it is done at once, else the next page says who is and asks."""
    form = ClosingForm()
    if not form.validate_on_submit():
        return _form(form)
    try:
        impact = services().clinic_schedule.preview_closing(form.wish)
        return _ask(form, impact) if impact.count else _close(form)
    except (Conflict, Invalid, Unavailable) as refusal:
        return _form(form, refusal)


@pages.post("/confirm")
@session.only("admin")
def confirm() -> ResponseReturnValue:
    """Do it, with what is to become of those who are booked then."""
    form = ClosingForm()
    if not form.validate_on_submit():
        return _form(form)
    try:
        if not chosen(form):
            form.on_conflict.errors = ["Choose what is to become of them."]
            return _ask(form, services().clinic_schedule.preview_closing(form.wish))
        return _close(form)
    except (Conflict, Invalid, Unavailable) as refusal:
        return _form(form, refusal)


@pages.route("/<uuid:closing_id>/open", methods=["GET", "POST"])
@session.only("admin")
def take_back(closing_id: UUID) -> ResponseReturnValue:
    """Ask, then open again."""
    found, form, refusal = _find(closing_id), Form(), None
    if form.validate_on_submit():
        try:
            services().clinic_schedule.take_back(found.id)
            flash("The clinic is open again then.", "success")
            return redirect(url_for(".index"), 303)
        except (Conflict, Unavailable) as refused:
            refusal = refused
    return page("schedules/closing_open.html", form=form, found=found, refusal=refusal)


def people(impact: Impact, fate: str | None) -> str:
    """What has become of those who were booked, as a sentence."""
    if not impact.count:
        return "Nobody was booked then."
    who = "1 person is" if impact.count == 1 else f"{impact.count} people are"
    return f"{who} {FATES[fate]}." if fate else ""


def _close(form: ClosingForm) -> ResponseReturnValue:
    """Close; somebody who has booked meanwhile is asked about too."""
    try:
        added = services().clinic_schedule.close({**form.wish, **chosen(form)}, form.key(form.on_conflict.data or ""))
    except Conflict as refusal:
        if refusal.code != "has-bookings":
            raise
        return _ask(form, services().clinic_schedule.preview_closing(form.wish))
    flash(f"The closing days are entered. {people(added, form.on_conflict.data)}", "success")
    return redirect(url_for(".index"), 303)


def _find(closing_id: UUID) -> Closing:
    found = next((one for one in services().clinic_schedule.closings() if one.id == str(closing_id)), None)
    if found is None:
        raise NotFound
    return found


def _form(form: ClosingForm, refusal: Refusal | None = None) -> ResponseReturnValue:
    return page("schedules/closing_form.html", form=form, refusal=refusal)


def _ask(form: ClosingForm, impact: Impact) -> ResponseReturnValue:
    confirm_at = url_for(".confirm")
    return page(
        "schedules/impact.html", form=form, impact=impact, conflicts=CONFLICTS, carried=form.carried, to=confirm_at
    )
