"""The signed-in person's own details."""

from contextlib import suppress

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Refusal, Unavailable
from portal import session
from portal.api import services
from portal.forms import AtMost, DateParts, Form, Line, Required, plain_characters
from portal.pages import page

pages = Blueprint("account", __name__, url_prefix="/account")


class Details(Form):
    """What a person may change about themselves."""

    first_name = Line("First name", [Required("Enter your first name."), AtMost(100, "A name"), plain_characters])
    last_name = Line("Last name", [Required("Enter your last name."), AtMost(100, "A name"), plain_characters])
    birth_date: DateParts | None = DateParts("Date of birth", [Required("Enter your date of birth.")])


class StaffDetails(Details):
    """Nobody asks the age of those who work here."""

    birth_date = None


@pages.get("")
def index() -> ResponseReturnValue:
    """Own details."""
    return page("account/index.html", me=services().auth.me())


@pages.get("/change")
def ask_change() -> ResponseReturnValue:
    """The form with what the clinic knows now."""
    return page("account/change.html", form=_form()(obj=services().auth.me()))


@pages.post("/change")
def change() -> ResponseReturnValue:
    """Change own details."""
    form = _form()()
    if not form.validate_on_submit():
        return page("account/change.html", form=form)
    try:
        session.update(services().auth.change_me(**_changes(form)))
    except Unavailable as out:
        return page("account/change.html", form=form, refusal=out)
    except Refusal as refusal:
        if refusal.status == 401:
            raise
        return page("account/change.html", form=form, refusal=refusal)
    # bookings and prescriptions take the name from the token: the next one must carry the new name
    with suppress(Unavailable):
        session.renew()
    flash("Your details are saved.")
    return redirect(url_for(".index"), 303)


def _form() -> type[Details]:
    return Details if session.me().role == "patient" else StaffDetails


def _changes(form: Details) -> dict[str, str]:
    changes = {"first_name": form.first_name.data, "last_name": form.last_name.data}
    born = form.birth_date.data if form.birth_date is not None else None
    return changes | ({"birth_date": born.isoformat()} if born else {})
