"""Free times over HTTP."""

from uuid import UUID

from apiflask import APIBlueprint
from flask import Response

from appointment_service import appointments, availability, doctors, grid, visit_types
from appointment_service.schemas.doctors import SlotsIn, SlotsOut
from appointment_service.views import zone
from chassis.docs import refuses
from chassis.errors import Forbidden, NotFound
from chassis.identity import allow, principal

bp = APIBlueprint("slots", __name__, tag="Free times")


@bp.get("/slots")
@allow("patient", "doctor", "admin")
@refuses(doctors.DoctorNotFound, NotFound, availability.RangeRefused, visit_types.VisitTypeNotFound)
@bp.input(SlotsIn, location="query", arg_name="wanted")
@bp.output(SlotsOut)
def slots(wanted: SlotsIn) -> Response:
    """List the free times of a doctor, or of any, by day. A doctor sees only their own.

    For staff neither notice nor horizon counts.
    """
    refuse_others(wanted.doctors or [], everything=wanted.explain == "true")
    found = visit_types.find(wanted.visit_type_id).id if wanted.visit_type_id else visit_types.standard()
    who = grid.asker(zone(), staff=principal().role != "patient")
    if wanted.ignore:
        appointments.find(principal(), wanted.ignore)
    free = availability.free_times(wanted.doctors, found, wanted.from_, wanted.to, who, wanted.ignore)
    refused = []
    if wanted.explain == "true" and wanted.doctor_id:
        every = availability.every_time(wanted.doctor_id, found, wanted.from_, wanted.to, who, wanted.ignore)
        refused = [slot for slot in every if slot.reason]
    body = SlotsOut.written(wanted.doctor_id, found, free, refused, zone())
    return Response(body, mimetype="application/json")


def refuse_others(asked: list[UUID], *, everything: bool) -> None:
    """Raises `Forbidden` for what is somebody else's to know, and `DoctorNotFound`. No doctors are any.

    `everything` asks for times that are not free, and why: that is for staff.
    """
    if principal().role == "doctor" and asked != [principal().id]:
        raise Forbidden
    if everything and principal().role == "patient":
        raise Forbidden
    doctors.refuse_unknown(asked)
