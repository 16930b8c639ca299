"""The first page for everybody: visitors, patients, doctors, administrators."""

from contextlib import suppress

from flask import Blueprint, make_response, redirect, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Unavailable
from portal import kept, session
from portal.api import services
from portal.outages import part
from portal.pages import page
from portal.people import Person

pages = Blueprint("home", __name__)

MOST_COUNTED = 100
"""Doctors who wait are counted up to here; nobody lets more wait."""


@pages.get("/")
@session.public
def index() -> ResponseReturnValue:
    """The clinic's front page, or the signed-in person's own."""
    somebody = session.person()
    if somebody is None:
        return page("home/visitor.html")
    homes = {"patient": _patient, "doctor": _doctor, "admin": _admin}
    return homes[somebody.role](somebody)


def _patient(_: Person) -> ResponseReturnValue:
    overview = part(services().overview.patients)
    prescriptions = part(lambda: services().prescriptions.listed(limit=3))
    return page("home/patient.html", overview=overview, prescriptions=prescriptions)


def _doctor(doctor: Person) -> ResponseReturnValue:
    """The day's visits, or what happens next for a doctor whose licence is not verified (now)."""
    if not doctor.verified:
        with suppress(Unavailable):
            doctor = session.renew()
    return redirect(url_for("doctor.today"), 303) if doctor.verified else page("home/unverified.html", somebody=doctor)


def _admin(_: Person) -> ResponseReturnValue:
    """What waits for somebody to look at it."""
    waiting = part(lambda: services().people.listed(role="doctor", state="waiting", limit=MOST_COUNTED))
    return page("home/admin.html", waiting=waiting)


@pages.get("/resume")
def resume() -> ResponseReturnValue:
    """Offer back what was typed before the sign-in ran out."""
    found = kept.find_form()
    if found is None:
        return redirect(url_for("home.index"), 303)
    answer = make_response(page("errors/resume.html", found=found))
    kept.forget(answer, kept.FORM)
    return answer
