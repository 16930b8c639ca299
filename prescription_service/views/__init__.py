"""The prescription service over HTTP."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from flask import current_app

from chassis import clock
from chassis.client import ServiceClient
from chassis.cursor import Cursors
from chassis.errors import IdempotencyMismatch, InvalidIdempotencyKey, RequestInProgress
from chassis.identity import Principal, principal
from prescription_service import freshness
from prescription_service.demographics import Registry
from prescription_service.prescribing import Visit
from prescription_service.seal import Seal

RETRIES = (InvalidIdempotencyKey, IdempotencyMismatch, RequestInProgress)


def appointments() -> ServiceClient:
    """The appointment service."""
    client: ServiceClient = current_app.extensions["appointments"]
    return client


def cursors() -> Cursors:
    """What turns places in lists into cursors."""
    found: Cursors = current_app.extensions["cursors"]
    return found


def zone() -> ZoneInfo:
    """The zone in which the clinic's clocks are read."""
    found: ZoneInfo = current_app.extensions["zone"]
    return found


def today() -> date:
    """The date on the clinic's calendar."""
    return clock.now().astimezone(zone()).date()


def signer() -> Principal:
    """Who signs: the person of this request, if their last proof of that is fresh. `ReauthenticationRequired`."""
    freshness.insist(principal(), current_app.extensions["signing_freshness"])
    return principal()


def to_be_signed(visit: Visit) -> Visit:
    """The visit, with who its patient is by now."""
    registry: Registry = current_app.extensions["registry"]
    known = registry.look(visit.patient_id)
    return replace(visit, patient_details=known.model_dump() if known else None)


def seal() -> Seal:
    """What seals prescriptions."""
    found: Seal = current_app.extensions["seal"]
    return found
