"""Comfort for the prescription form: finding a medicine while it is typed, its row, and what was understood.

Nothing here is about a patient, and the form works without it.
"""

from flask import Blueprint, Flask, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from portal import drafted, session
from portal.api import services
from portal.course import plural
from portal.forms import clean_line
from portal.medicine_fields import ROUTES
from portal.medicine_form import MedicineRow

pages = Blueprint("medicines", __name__, url_prefix="/prescribing")

MOST = 12
NUMBER = "0123456789"


@pages.get("/medicines")
@session.only("doctor")
def find() -> ResponseReturnValue:
    """Medicines that are called like what was typed, the likeliest first."""
    typed = clean_line(request.args.get("q"))[:100]
    found = services().medicines.find(typed, MOST) if len(typed) > 1 else []
    return jsonify(
        items=[
            {
                "id": one.formulary_id,
                "generic_name": one.generic_name,
                "name": f"{one.name} {one.dose_form}",
                "strengths": " · ".join(one.strengths),
                "controlled": one.controlled,
            }
            for one in found
        ]
    )


def _row() -> MedicineRow:
    """The row that the address describes, under its number on the page."""
    number = request.args.get("number", "0")
    number = number if number.isascii() and number.isdigit() and len(number) < 5 else "0"
    prefix = f"medicines-{number}-"
    given = {f"{prefix}{name}": value for name, value in request.args.items() if name in MedicineRow()._fields}
    row = MedicineRow(MultiDict(given), prefix=prefix)
    row.settle()
    return row


@pages.get("/row")
@session.only("doctor")
def row() -> ResponseReturnValue:
    """One row of the form, as the page itself would show it."""
    place = clean_line(request.args.get("place"))[:2]
    return render_template("prescriptions/row.html", row=_row(), number=place if place.isdigit() else 1)


@pages.get("/understood")
@session.only("doctor")
def understood() -> ResponseReturnValue:
    """What a dose, how often and for how long were understood as, and the sum of them."""
    row = _row()
    found = row.sum
    return jsonify(how_often=row.understood, sum=found.shown if found else "", expected=found.figure if found else "")


def init_app(app: Flask) -> None:
    """Words for templates."""
    app.jinja_env.filters.update(
        plural=plural,
        taken_words=drafted.words,
        twice=lambda value: (value, value),
        route_option=lambda value: (value, ROUTES.get(value, value)),
    )
