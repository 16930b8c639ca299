"""Repeats: patients ask, doctors answer, and see what is due."""

from datetime import date
from uuid import UUID

from apiflask import APIBlueprint

from chassis.cursor import moment_and_id, moment_place
from chassis.docs import refuses
from chassis.errors import InvalidCursor, NotFound
from chassis.idempotency import idempotent
from chassis.identity import allow, principal
from chassis.schemas import Paging
from prescription_service import due, life, repeats
from prescription_service.models import IdempotencyKey, audit, db
from prescription_service.schemas.drafts import DraftOut
from prescription_service.schemas.patients import ReasonIn
from prescription_service.schemas.repeats import (
    DueOut,
    DuePage,
    RepeatIn,
    RepeatRequestOut,
    RepeatRequestsIn,
    RepeatRequestsPage,
)
from prescription_service.views import RETRIES, cursors, today, zone
from prescription_service.views.drafts import tagged

bp = APIBlueprint("repeats", __name__, tag="Repeats")


@bp.post("/prescriptions/<id:prescription_id>/repeat-requests")
@allow("patient")
@refuses(NotFound, repeats.NotRepeatable, repeats.RepeatAlreadyAsked, *RETRIES)
@idempotent(db, IdempotencyKey)
@bp.input(RepeatIn, arg_name="given")
@bp.output(RepeatRequestOut, status_code=201)
@audit.of("repeat-request.write")
def ask(prescription_id: UUID, given: RepeatIn) -> RepeatRequestOut:
    """Ask the doctor for one of one's own prescriptions once more. One request for each waits at a time."""
    return RepeatRequestOut.of_request(repeats.ask(principal(), prescription_id, given.note))


@bp.get("/repeat-requests")
@allow("patient", "doctor")
@refuses(InvalidCursor)
@bp.input(RepeatRequestsIn, location="query", arg_name="wanted")
@bp.output(RepeatRequestsPage)
@audit.of("repeat-request.list")
def list_own(wanted: RepeatRequestsIn) -> RepeatRequestsPage:
    """List the requests one has made, or was asked as prescriber, newest first."""
    which = repeats.Wanted(wanted.status, wanted.prescription_id)
    found, cursor = cursors().page(
        f"repeat-requests:{principal().id}",
        wanted,
        lambda limit, seen: repeats.list_own(principal(), which, limit, moment_and_id(seen)),
        lambda last: moment_place(last.requested_at, last.id),
    )
    return RepeatRequestsPage(items=[RepeatRequestOut.of_request(one) for one in found], next_cursor=cursor)


@bp.get("/repeat-requests/<id:request_id>")
@allow("patient", "doctor")
@refuses(NotFound)
@bp.output(RepeatRequestOut)
@audit.of("repeat-request.read")
def one(request_id: UUID) -> RepeatRequestOut:
    """Read one of the requests one has made, or was asked as prescriber."""
    return RepeatRequestOut.of_request(repeats.one(principal(), request_id))


@bp.post("/repeat-requests/<id:request_id>/approve")
@allow("doctor")
@refuses(NotFound, repeats.RequestDecided, repeats.NotRepeatable, life.NotThePrescriber, life.FinalStatus, *RETRIES)
@idempotent(db, IdempotencyKey)
@bp.output(DraftOut, status_code=201)
@audit.of("repeat-request.approve")
def approve(request_id: UUID) -> DraftOut:
    """Begin the renewal as a draft, or go on with it. Signing it, with all checks made again, approves the request."""
    return tagged(repeats.begin_renewal(principal(), request_id))


@bp.post("/repeat-requests/<id:request_id>/decline")
@allow("doctor")
@refuses(NotFound, repeats.RequestDecided, *RETRIES)
@idempotent(db, IdempotencyKey)
@bp.input(ReasonIn, arg_name="given")
@bp.output(RepeatRequestOut)
@audit.of("repeat-request.decline")
def decline(request_id: UUID, given: ReasonIn) -> RepeatRequestOut:
    """Decline a request with the reason, which the patient reads."""
    return RepeatRequestOut.of_request(repeats.decline(principal(), request_id, given.reason))


@bp.get("/prescriptions/due")
@allow("doctor")
@refuses(InvalidCursor)
@bp.input(Paging, location="query", arg_name="wanted")
@bp.output(DuePage)
@audit.of("prescription.list")
def list_due(wanted: Paging) -> DuePage:
    """List what is due in one's own active prescriptions, the earliest first.

    Long-term treatment from 14 days before its review until it is renewed or ended; a course of four weeks or more, or
    one with repeats, from 14 days before its last day until 30 days after it.
    """
    found, cursor = cursors().page(
        f"due:{principal().id}",
        wanted,
        lambda limit, seen: due.list_due(principal(), zone(), today(), limit, _place(seen) if seen else None),
        lambda last: [last.due_on.isoformat(), str(last.prescription_id), last.position],
    )
    return DuePage(items=[DueOut.of(one) for one in found], next_cursor=cursor)


def _place(seen: list[str]) -> due.Place:
    return date.fromisoformat(seen[0]), UUID(seen[1]), int(seen[2])
