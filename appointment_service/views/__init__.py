"""The appointment service over HTTP."""

from datetime import date
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app, request
from pydantic import ValidationError

from appointment_service.clinic import Clinic, KnownClinic
from appointment_service.clocks import ClinicClocks
from appointment_service.doctors import DoctorNotFound
from chassis import clock, problems
from chassis.cursor import Cursors
from chassis.errors import IdempotencyMismatch, InvalidIdempotencyKey, RequestInProgress
from chassis.identity import principal
from chassis.schemas import In

RETRIES = (InvalidIdempotencyKey, IdempotencyMismatch, RequestInProgress)
I = TypeVar("I", bound=In)  # noqa: E741 - what comes in


def zone() -> ZoneInfo:
    """The zone in which the clinic's clocks are read."""
    clocks: ClinicClocks = current_app.extensions["clocks"]
    return clocks.zone()


def clinic() -> Clinic:
    """Who the clinic is, as far as it is known."""
    known: KnownClinic = current_app.extensions["clinic"]
    return known.now()


def today() -> date:
    """The date on the clinic's calendar."""
    return clock.now().astimezone(zone()).date()


def cursors() -> Cursors:
    """The cursors of this service."""
    found: Cursors = current_app.extensions["cursors"]
    return found


def may_look_after(doctor_id: UUID) -> UUID:
    """The same id, for admins and for the doctor it is of; anybody else's is as one that is not there."""
    if principal().role == "doctor" and principal().id != doctor_id:
        raise DoctorNotFound
    return doctor_id


def body(kind: type[I]) -> I:
    """What was sent, where nothing at all may be sent too (`may_take`)."""
    sent = request.get_json() if request.content_length or "Transfer-Encoding" in request.headers else {}
    try:
        return kind.model_validate(sent)
    except ValidationError as error:
        raise problems.invalid(error) from error
