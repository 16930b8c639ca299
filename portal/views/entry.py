"""How patients see a doctor in the directory. Whoever has described themselves and set their hours can be booked."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Conflict, Invalid, Unavailable
from portal import session
from portal.api import services
from portal.forms import AtMost, Form, Line, Required, Text, plain_characters
from portal.pages import page

pages = Blueprint("entry", __name__)


class EntryForm(Form):
    """What a doctor says about themselves."""

    specialty = Line("Specialty", [Required("Enter your specialty."), AtMost(100, "A specialty"), plain_characters])
    room = Line("Room", [AtMost(100, "A room"), plain_characters])
    about = Text("About you", [AtMost(1000, "This text"), plain_characters])


@pages.route("/entry", methods=["GET", "POST"])
@session.only("doctor")
def describe() -> ResponseReturnValue:
    """Describe oneself; the first time, hours come next."""
    entry = services().schedules.entry()
    form, refusal = EntryForm(obj=entry), None
    if form.validate_on_submit():
        try:
            services().schedules.describe(**{name: form[name].data for name in ("specialty", "room", "about")})
            return _onward(first=entry is None)
        except (Conflict, Invalid, Unavailable) as refused:
            refusal = refused
    return page("doctor/entry.html", form=form, first=entry is None, refusal=refusal)


def _onward(*, first: bool) -> ResponseReturnValue:
    if first:
        flash("Patients can find you. Set your hours now, so that they can book you.")
        return redirect(url_for("hours.edit"), 303)
    flash("Your entry is saved.")
    return redirect(url_for("hours.week"), 303)
