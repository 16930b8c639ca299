"""Steps in the life of an appointment over HTTP. There is no status to write: each step is an action of its own."""

from uuid import UUID

from apiflask import APIBlueprint

from appointment_service import life, slot_test
from appointment_service.models import audit
from appointment_service.schemas.appointments import AppointmentOut, CancelIn, ReasonIn
from appointment_service.views import body, zone
from appointment_service.views.appointments import tagged, told
from chassis import versions
from chassis.docs import may_take, refuses
from chassis.errors import NotFound
from chassis.identity import allow, principal
from chassis.web import counted

bp = APIBlueprint("life", __name__, tag="Life of an appointment")

BACK = (slot_test.SlotTaken, slot_test.PatientBusy)


def _take(name: str, appointment_id: UUID, reason: life.Reason) -> AppointmentOut:
    try:
        return tagged(life.take(principal(), appointment_id, name, reason, versions.if_match(), zone()))
    except slot_test.SlotTaken as taken:
        raise told(taken) from taken


@bp.post("/appointments/<id:appointment_id>/cancel")
@allow("patient", "doctor", "admin")
@counted("appointment.cancel")
@refuses(NotFound, life.InvalidTransition, life.CutoffPassed, versions.VersionConflict)
@may_take(CancelIn)
@bp.output(AppointmentOut)
@audit.of("appointment.cancel")
def cancel(appointment_id: UUID) -> AppointmentOut:
    """Cancel an appointment. Doing it again changes nothing. Patients may until its cut-off, staff until it is over."""
    return _take("cancel", appointment_id, body(CancelIn).as_reason)


@bp.post("/appointments/<id:appointment_id>/arrive")
@allow("patient", "doctor")
@refuses(NotFound, life.InvalidTransition, life.TooEarly, life.TooLate, *BACK, versions.VersionConflict)
@bp.output(AppointmentOut)
@audit.of("appointment.arrive")
def arrive(appointment_id: UUID) -> AppointmentOut:
    """Say that the patient is there: the doctor on that day, patients themselves around their time."""
    return _take("arrive", appointment_id, life.Reason())


@bp.post("/appointments/<id:appointment_id>/check-in")
@allow("doctor")
@refuses(NotFound, life.InvalidTransition, versions.VersionConflict)
@bp.output(AppointmentOut)
@audit.of("appointment.check-in")
def check_in(appointment_id: UUID) -> AppointmentOut:
    """Say that formalities are done and the patient is ready."""
    return _take("check-in", appointment_id, life.Reason())


@bp.post("/appointments/<id:appointment_id>/complete")
@allow("doctor")
@refuses(NotFound, life.InvalidTransition, life.TooEarly, versions.VersionConflict)
@bp.output(AppointmentOut)
@audit.of("appointment.complete")
def complete(appointment_id: UUID) -> AppointmentOut:
    """Say that the visit has taken place."""
    return _take("complete", appointment_id, life.Reason())


@bp.post("/appointments/<id:appointment_id>/no-show")
@allow("doctor")
@refuses(NotFound, life.InvalidTransition, life.TooEarly, versions.VersionConflict)
@bp.output(AppointmentOut)
@audit.of("appointment.no-show")
def no_show(appointment_id: UUID) -> AppointmentOut:
    """Say that the patient has not come; a quarter of an hour after the start at the earliest."""
    return _take("no-show", appointment_id, life.Reason())


@bp.post("/appointments/<id:appointment_id>/undo")
@allow("doctor")
@refuses(NotFound, life.InvalidTransition, life.TooLate, *BACK, versions.VersionConflict)
@bp.output(AppointmentOut)
@audit.of("appointment.undo")
def undo(appointment_id: UUID) -> AppointmentOut:
    """Take back an arrival or a no-show that was a slip. Another may have been given the time of a no-show."""
    return _take("undo", appointment_id, life.Reason())


@bp.post("/appointments/<id:appointment_id>/reopen")
@allow("doctor", "admin")
@refuses(NotFound, life.InvalidTransition, life.TooLate, *BACK, versions.VersionConflict)
@bp.input(ReasonIn, arg_name="why")
@bp.output(AppointmentOut)
@audit.of("appointment.reopen")
def reopen(appointment_id: UUID, why: ReasonIn) -> AppointmentOut:
    """Reopen a visit that was said to have taken place, with a reason, within a day."""
    return _take("reopen", appointment_id, why.as_reason)


@bp.post("/appointments/<id:appointment_id>/mark-error")
@allow("admin")
@refuses(NotFound, life.InvalidTransition, versions.VersionConflict)
@bp.input(ReasonIn, arg_name="why")
@bp.output(AppointmentOut)
@audit.of("appointment.mark-error")
def mark_error(appointment_id: UUID, why: ReasonIn) -> AppointmentOut:
    """Say that an appointment should never have been there. The patient does not see it any more."""
    return _take("mark-error", appointment_id, why.as_reason)
