"""Whom to tell by phone, because mail did not reach them: a list to tick off."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import session
from portal.api import services
from portal.pages import page

pages = Blueprint("to_phone", __name__, url_prefix="/to-phone")

SAY = {
    "booked": "That the visit is booked",
    "moved": "That the visit has moved to this time",
    "cancelled": "That the visit is cancelled",
    "reminder": "That the visit is coming up",
    "move-wanted": "That another time should be chosen",
    "offer": "That a time they wait for is free",
}
"""What a message of this kind is to tell."""
WHY = {
    "no-address": "No e-mail address that mail can go to",
    "no-account": "No account any more",
    "refused": "Their mail server refused the letter",
    "given-up": "The letter could not be sent for too long",
    "no-mail": "This clinic sends no mail",
    "no-key": "This clinic sends no mail",
}
"""Why mail did not do."""


@pages.get("")
@session.only("doctor", "admin")
def index() -> ResponseReturnValue:
    """Who, about which visit, and what to say."""
    cursor = request.args.get("cursor")
    found = services().messages.to_phone(cursor)
    return page("doctor/to_phone.html", found=found, say=SAY, why=WHY, first=not cursor)


@pages.post("/<uuid:message_id>/told")
@session.only("doctor", "admin")
def told(message_id: UUID) -> ResponseReturnValue:
    """Tick one off; twice is once."""
    message = services().messages.told(str(message_id))
    flash(f"Ticked off: {message.patient_name}, {message.reference}.", "success")
    return redirect(url_for(".index"), 303)
