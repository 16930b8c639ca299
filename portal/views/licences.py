"""Checking doctors' licences, for admins: verify, reject, suspend, and back again."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Refusal
from portal import dates, session
from portal.api import services
from portal.api.people import Account
from portal.forms import AtMost, DateParts, Form, Line, Required, Text, plain_characters
from portal.pages import page

pages = Blueprint("licences", __name__, url_prefix="/people/<uuid:person_id>/licence")

REFUSALS = {"reject": "unverified", "suspend": "verified"}
"""What can be done with a reason, and to a licence in which state."""
DONE = "{name} is verified, and may see patients from now on."
DONE_AGAIN = "{name} is reinstated, and may see patients again."


class Verified(Form):
    """What stands in the register, and on which day it was read there."""

    number = Line("Licence number", [Required("Enter the licence number."), AtMost(50, "A number"), plain_characters])
    register = Line("Register", [Required("Enter the name of the register."), AtMost(100, "A name"), plain_characters])
    checked_on: DateParts = DateParts("Date of the check", [Required("Enter the day on which you looked.")])

    @property
    def licence(self) -> dict[str, Any]:
        """As the auth service takes it."""
        return {"number": self.number.data, "register": self.register.data, "checked_on": str(self.checked_on.data)}


class Reason(Form):
    """Why. The doctor reads it."""

    reason = Text("Reason", [Required("Enter the reason. The doctor reads it."), AtMost(500, "A reason")])


@pages.get("/verify")
@session.only("admin")
def ask_verify(person_id: UUID) -> ResponseReturnValue:
    """The form, with what the doctor has claimed."""
    doctor = services().people.one(str(person_id))
    if doctor.licence is None or doctor.verified:
        return _back(person_id)
    claim = {"number": doctor.licence.number, "register": doctor.licence.register_name}
    return page("people/verify.html", form=Verified(data=claim | {"checked_on": dates.today()}), doctor=doctor)


@pages.post("/verify")
@session.only("admin")
def verify(person_id: UUID) -> ResponseReturnValue:
    """Record the licence: the doctor may work."""
    form, doctor = Verified(), services().people.one(str(person_id))
    if not form.validate_on_submit():
        return page("people/verify.html", form=form, doctor=doctor)
    was = doctor.licence.state if doctor.licence else ""
    done = DONE_AGAIN if was == "suspended" else DONE
    return _act(doctor, "verify", form, form.licence, done.format(name=doctor.name))


@pages.get("/<any(reject, suspend):name>")
@session.only("admin")
def ask(person_id: UUID, name: str) -> ResponseReturnValue:
    """Why?"""
    doctor = services().people.one(str(person_id))
    if doctor.licence is None or doctor.licence.state != REFUSALS[name]:
        return _back(person_id)
    return page(f"people/{name}.html", form=Reason(), doctor=doctor)


@pages.post("/<any(reject, suspend):name>")
@session.only("admin")
def refuse(person_id: UUID, name: str) -> ResponseReturnValue:
    """Do not accept the licence, or no longer."""
    form, doctor = Reason(), services().people.one(str(person_id))
    if not form.validate_on_submit():
        return page(f"people/{name}.html", form=form, doctor=doctor)
    done = {"reject": f"The licence of {doctor.name} is not accepted.", "suspend": f"{doctor.name} is suspended."}
    return _act(doctor, name, form, {"reason": form.reason.data}, done[name])


def _act(doctor: Account, name: str, form: Form, body: dict[str, Any], done: str) -> ResponseReturnValue:
    try:
        services().people.act(doctor.id, f"licence/{name}", **body)
    except Refusal as refusal:
        if refusal.status in {401, 403, 404}:
            raise
        return page(f"people/{name}.html", form=form, refusal=refusal, doctor=doctor)
    flash(done)
    return _back(UUID(doctor.id))


def _back(person_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("people.one", person_id=person_id), 303)
