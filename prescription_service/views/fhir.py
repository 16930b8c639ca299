"""FHIR R4: one's prescriptions and allergies for other programs, and drafts from them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import request

from chassis import fhir
from chassis.cursor import Place
from chassis.docs import refuses
from chassis.errors import InvalidCursor, NotFound
from chassis.fhir_search import instants
from chassis.idempotency import idempotent
from chassis.identity import allow, bearer_token, principal, public
from prescription_service import (
    allergies,
    drafts,
    fhir_allergy_intolerance,
    fhir_import,
    fhir_medication_request,
    fhir_search,
)
from prescription_service.appointments import AppointmentNotFound, fetch_visit
from prescription_service.models import Draft, IdempotencyKey, audit, db
from prescription_service.prescribing import AppointmentCancelled, Wanted
from prescription_service.schemas.fhir import AllergiesIn, MedicationRequestIn, MedicationRequestsIn
from prescription_service.views import RETRIES, appointments, cursors, zone

bp = APIBlueprint("fhir", __name__, tag="FHIR")

SINCE = "2026-11-28"
OFFERED = {
    "MedicationRequest": (
        ("read", "search-type", "create"),
        {"patient": "reference", "status": "token", "authoredon": "date"},
    ),
    "AllergyIntolerance": (("search-type",), {"patient": "reference"}),
}


def _patient(resource: fhir.Resource) -> UUID:
    return UUID(resource["subject"]["reference"].removeprefix("Patient/"))


def _read(resource: fhir.Resource) -> list[tuple[UUID, UUID]]:
    return [(UUID(resource["id"].split(".")[0]), _patient(resource))]


def _patients(bundle: fhir.Resource) -> list[tuple[None, UUID]]:
    return [(None, one) for one in dict.fromkeys(_patient(entry["resource"]) for entry in bundle.get("entry", []))]


def _asked_about(_: fhir.Resource) -> list[tuple[None, UUID]]:
    return [(None, UUID(request.args["patient"].removeprefix("Patient/")))]


def _told_of(view: Callable[..., Draft]) -> Callable[..., tuple[fhir.Resource, int]]:
    """Say of a draft that it was kept."""

    @wraps(view)
    def wrapper(**given: Any) -> tuple[fhir.Resource, int]:
        text = "Kept as a draft in words. Nothing is checked until a medicine is chosen from the list."
        return fhir.told(text, f"draft {view(**given).id}"), 201

    return wrapper


@bp.get("/fhir/metadata")
@public
@fhir.output
def metadata() -> fhir.Resource:
    """Say what is offered, as a *CapabilityStatement*."""
    return fhir.capabilities("Prescription service", SINCE, OFFERED)


@bp.get("/fhir/MedicationRequest/<id:prescription_id>.<int:position>")
@allow("patient", "doctor")
@refuses(NotFound)
@fhir.output
@audit.of("prescription.read", subjects=_read)
def read_request(prescription_id: UUID, position: int) -> fhir.Resource:
    """Read one medicine of one's own prescription as a *MedicationRequest*."""
    if not request.path.endswith(f".{position}"):
        raise NotFound  # another spelling of the number
    line = fhir_search.find_line(principal(), prescription_id, position)
    return _requests([line])[0]


@bp.get("/fhir/MedicationRequest")
@allow("patient", "doctor")
@refuses(InvalidCursor)
@bp.input(MedicationRequestsIn, location="query", arg_name="wanted")
@fhir.output
@audit.of("prescription.list", subjects=_patients)
def search_requests(wanted: MedicationRequestsIn) -> fhir.Resource:
    """Search the medicines of one's own prescriptions, the newest prescription first, as a *Bundle*."""
    which = _wanted(wanted)
    found, cursor = cursors().page(
        f"MedicationRequest:{principal().id}",
        wanted,
        lambda limit, seen: fhir_search.list_lines(principal(), which, limit, _behind(seen) if seen else None),
        lambda last: [last[0].issued_at.isoformat(), str(last[0].id), last[1].position],
    )
    return fhir.searchset(_requests(found), cursor)


@bp.post("/fhir/MedicationRequest")
@allow("doctor")
@refuses(AppointmentNotFound, AppointmentCancelled, *RETRIES)
@idempotent(db, IdempotencyKey)
@bp.input(MedicationRequestIn, arg_name="resource")
@bp.doc(responses={201: "Kept as a draft."})
@fhir.output
@_told_of
@audit.of("draft.write")
def take_request(resource: MedicationRequestIn) -> Draft:
    """Keep a *MedicationRequest* as a draft in words, to be completed, checked and signed like any other."""
    visit = fetch_visit(appointments(), bearer_token(), resource.supportingInformation[0].id)
    return drafts.keep(principal(), visit, fhir_import.read(resource, visit))


@bp.get("/fhir/AllergyIntolerance")
@allow("patient", "doctor")
@refuses(NotFound, InvalidCursor)
@bp.input(AllergiesIn, location="query", arg_name="wanted")
@fhir.output
@audit.of("allergy.list", subjects=_asked_about)
def search_allergies(wanted: AllergiesIn) -> fhir.Resource:
    """Read what is on record of a patient's allergies. That nobody has asked is said by an *OperationOutcome*."""
    known = allergies.known(principal(), wanted.patient)
    every = fhir_allergy_intolerance.exported(known)
    found, cursor = cursors().page(
        f"AllergyIntolerance:{principal().id}",
        wanted,
        lambda limit, seen: every[seen[0] if seen else 0 :][:limit],
        lambda last: [every.index(last) + 1],
    )
    nobody = known.state == "not-asked"
    said = fhir.told("Nobody has asked this patient about allergies yet.") if nobody else None
    return fhir.searchset(found, cursor, said)


def _requests(lines: Sequence[fhir_search.Line]) -> list[fhir.Resource]:
    numbers = fhir_search.numbers_before(prescription for prescription, _ in lines)
    return [fhir_medication_request.exported(one, medicine, numbers, zone()) for one, medicine in lines]


def _wanted(asked: MedicationRequestsIn) -> Wanted:
    since, until = instants(asked.authoredon, zone())
    return Wanted(patient_id=asked.patient, status=asked.status, since=since, until=until)


def _behind(seen: Place) -> fhir_search.Place:
    return datetime.fromisoformat(seen[0]), UUID(seen[1]), int(seen[2])
