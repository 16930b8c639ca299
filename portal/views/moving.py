"""Moving a visit to another time of the same doctor, whatever notice and horizon say to patients."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.validators import ValidationError

from chassis.errors import Conflict, Invalid, Refusal, Unavailable
from portal import session, staff_times, visit_words
from portal.api import services
from portal.api.appointments import Appointment
from portal.dates import moment_words
from portal.forms import Choice
from portal.pages import page
from portal.views.visits import SeenForm, seen_version, to_visit

pages = Blueprint("moving", __name__, url_prefix="/visits/<uuid:visit_id>")


class MoveForm(SeenForm):
    """To when."""

    start = Choice("Time")

    def validate_start(self, field: Choice) -> None:
        """One of the times on the page."""
        if staff_times.instant(field.data) is None:
            raise ValidationError("Choose a time.")


@pages.get("/move")
@session.only("doctor")
def times(visit_id: UUID) -> ResponseReturnValue:
    """The doctor's own times, free and not free; the visit's own time counts as free."""
    visit = services().appointments.one(str(visit_id))
    if "move" not in visit.actions:
        return to_visit(visit)
    return _times(visit, MoveForm(formdata=None, data={"version": str(visit.version)}))


@pages.post("/move")
@session.only("doctor")
def move(visit_id: UUID) -> ResponseReturnValue:
    """Move it. Where it is already, nothing changes."""
    visit, form = services().appointments.one(str(visit_id)), MoveForm()
    if not form.validate_on_submit():
        return _times(visit, form)
    try:
        moved = services().visits.move(visit.id, form.start.data, seen_version() or str(visit.version))
    except (Conflict, Invalid, Unavailable) as refusal:
        return _times(visit, form, refusal)
    except Refusal as refusal:
        if refusal.status != 412:
            raise
        flash(visit_words.refused(refusal), "error")
        return to_visit(visit)
    flash(f"Moved to {moment_words(moved.start)}. {visit.patient_name} is told by letter, where mail reaches them.")
    return redirect(url_for("appointments.one", appointment_id=visit.id), 303)


def _times(visit: Appointment, form: MoveForm, refusal: Refusal | None = None) -> ResponseReturnValue:
    asked = dict(request.values.items())
    asked.setdefault("from", visit.local_date.isoformat())
    found = staff_times.read(asked, visit.visit_type_id, visit.id)
    why_not = visit_words.why_not
    return page("doctor/move.html", form=form, visit=visit, times=found, why_not=why_not, refusal=refusal)
