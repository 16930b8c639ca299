"""Writing a prescription for a visit."""

from uuid import UUID

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal import session
from portal.api import services
from portal.desk import Desk
from portal.prescription_form import PrescriptionForm
from portal.views import writing

pages = Blueprint("prescribing", __name__, url_prefix="/appointments")


@pages.route("/<uuid:appointment_id>/prescribe", methods=["GET", "POST"])
@session.only("doctor")
def write(appointment_id: UUID) -> ResponseReturnValue:
    """One address for all steps."""
    return writing.take(Desk(services().appointments.one(str(appointment_id))), PrescriptionForm())
