"""The doctor's own list: finding a patient, and all visits of one.

What is looked for is a name, so it never stands in an address: it is kept for a while, and Back and Reload show the
same list.
"""

import re
from uuid import UUID

from flask import Blueprint, make_response, redirect, url_for
from flask.typing import ResponseReturnValue

from portal import kept, session
from portal.api import services
from portal.forms import AtMost, Form, Line, plain_characters
from portal.pages import page
from portal.patient_list import of_patient

pages = Blueprint("patients", __name__, url_prefix="/patients")

_DAY_FIRST = re.compile(r"(\d{1,2})[./ -](\d{1,2})[./ -](\d{4})", re.ASCII)
MOST_FOUND = 20
"""As many as the service gives."""


class SearchForm(Form):
    """Whom to find."""

    words = Line("Name, date of birth or reference", [AtMost(100, "What you look for"), plain_characters])


@pages.get("")
@session.only("doctor")
def index() -> ResponseReturnValue:
    """The patients found, or without words those of the list."""
    words = kept.get(kept.PATIENTS) or ""
    found = services().visits.patients(_birth_date(words) or words)
    form = SearchForm(formdata=None, data={"words": words})
    return page("doctor/patients.html", form=form, found=found, words=words, full=len(found) == MOST_FOUND)


@pages.post("")
@session.only("doctor")
def search() -> ResponseReturnValue:
    """Look for somebody; for nobody, to see the list again."""
    form = SearchForm()
    if not form.validate_on_submit():
        return page("doctor/patients.html", form=form, found=[], words=form.words.data, full=False)
    onward = make_response(redirect(url_for(".index"), 303))
    kept.put(onward, kept.PATIENTS, form.words.data)
    return onward


def _birth_date(words: str) -> str | None:
    """A date of birth as the service takes it, where the words are one: `14/3/1988`, `14.03.1988`."""
    found = _DAY_FIRST.fullmatch(words)
    return f"{found[3]}-{found[2]:>02}-{found[1]:>02}" if found else None


@pages.get("/<uuid:patient_id>")
@session.only("doctor")
def one(patient_id: UUID) -> ResponseReturnValue:
    """Everything about a patient that this doctor's own list knows: visits to come and past, and what to do next."""
    return page("doctor/patient.html", patient=of_patient(patient_id))
