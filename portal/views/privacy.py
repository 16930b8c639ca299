"""Privacy and data: who has seen the record, a copy of the data, and leaving."""

import json
from datetime import datetime

from flask import Blueprint, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from chassis.errors import Refusal, Unavailable
from portal import export, history, kept, session
from portal.api import services
from portal.api.appointments import Appointment
from portal.api.base import Listing
from portal.dates import today
from portal.outages import Part, part
from portal.pages import page
from portal.proving import Proof, again

pages = Blueprint("privacy", __name__, url_prefix="/account")

FILE = "my-clinic-data.json"
"""The same name for everybody: a name of a person in it would be a trap for somebody's file system."""


@pages.get("/history")
@session.only("patient")
def seen() -> ResponseReturnValue:
    """Who has seen my record, newest first."""
    until = _moment(request.args.get("before"))
    return page("privacy/seen.html", history=history.before(until), first=until is None)


@pages.get("/data")
def data() -> ResponseReturnValue:
    """What the copy holds."""
    return page("privacy/data.html")


@pages.get("/data/download")
def download() -> ResponseReturnValue:
    """The copy, whole or not at all."""
    try:
        told = export.document()
    except Unavailable as out:
        return page("privacy/data.html", refusal=out)
    answer = make_response(json.dumps(told, ensure_ascii=False, indent=2))
    answer.content_type = "application/json; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="{FILE}"'
    return answer


@pages.get("/close")
def ask_close() -> ResponseReturnValue:
    """What happens when the account closes."""
    return page("privacy/close.html", form=Proof(formdata=None), visits=_visits())


@pages.post("/close")
def close() -> ResponseReturnValue:
    """Close it."""
    form = Proof()
    if not form.validate_on_submit():
        return page("privacy/close.html", form=form, visits=_visits())
    try:
        services().account.close(form.password.data)
    except Refusal as refusal:
        return again("privacy/close.html", form, refusal, visits=_visits())
    session.sign_out()
    answer = make_response(redirect(url_for(".closed"), 303))
    kept.forget(answer, kept.FORM, kept.BOOKING)
    return answer


@pages.get("/closed")
@session.public
def closed() -> ResponseReturnValue:
    """Goodbye."""
    return page("privacy/closed.html")


def _visits() -> Part[Listing[Appointment]] | None:
    """The appointments still to come; none for people who have no appointments of their own."""
    if session.me().role != "patient":
        return None
    return part(lambda: services().appointments.listed(since=today(), status="booked", sort="start", limit=20))


def _moment(text: str | None) -> datetime | None:
    """A moment as our own links spell it."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise NotFound from None
    if moment.tzinfo is None or not 2000 <= moment.year <= 9000:
        raise NotFound
    return moment
