"""Drafts: keeping, changing, checking and signing them."""

from uuid import UUID

from apiflask import APIBlueprint

from chassis import versions
from chassis.cursor import moment_and_id, moment_place
from chassis.docs import refuses
from chassis.errors import InvalidCursor, NotFound
from chassis.idempotency import idempotent
from chassis.identity import allow, bearer_token, principal
from chassis.schemas import Paging
from chassis.web import counted
from prescription_service import drafts, life, safety, signing
from prescription_service.appointments import AppointmentNotFound, fetch_visit
from prescription_service.freshness import ReauthenticationRequired
from prescription_service.medicine_list import MedicineListMissing
from prescription_service.models import Draft, IdempotencyKey, audit, db
from prescription_service.prescribing import AppointmentCancelled
from prescription_service.schemas.drafts import DraftOut, DraftsPage, SignIn
from prescription_service.schemas.prescriptions import CheckOut, PrescriptionIn, PrescriptionOut, reasons
from prescription_service.views import RETRIES, appointments, cursors, seal, signer, to_be_signed, today, zone

bp = APIBlueprint("drafts", __name__, tag="Drafts")

VERSIONS = (drafts.AlreadySigned, versions.PreconditionRequired, versions.VersionConflict)


@bp.get("/drafts")
@allow("doctor")
@refuses(InvalidCursor)
@bp.input(Paging, location="query", arg_name="wanted")
@bp.output(DraftsPage)
@audit.of("draft.list")
def list_own(wanted: Paging) -> DraftsPage:
    """List one's own drafts, the last changed first."""
    found, cursor = cursors().page(
        f"drafts:{principal().id}",
        wanted,
        lambda limit, seen: drafts.list_own(principal(), limit, moment_and_id(seen)),
        lambda last: moment_place(last.updated_at, last.id),
    )
    return DraftsPage(items=[DraftOut.of_draft(one) for one in found], next_cursor=cursor)


@bp.get("/drafts/<id:draft_id>")
@allow("doctor")
@refuses(NotFound, drafts.AlreadySigned)
@bp.output(DraftOut)
@audit.of("draft.read")
def one(draft_id: UUID) -> DraftOut:
    """Read one's own draft. `ETag` is its version."""
    return tagged(drafts.find(principal(), draft_id))


@bp.put("/drafts/<id:draft_id>")
@allow("doctor")
@refuses(AppointmentNotFound, AppointmentCancelled, *VERSIONS)
@bp.input(PrescriptionIn, arg_name="wish")
@bp.output(DraftOut)
@audit.of("draft.write")
def change(draft_id: UUID, wish: PrescriptionIn) -> DraftOut:
    """Write a draft anew, in the version that `If-Match` names."""
    drafts.find(principal(), draft_id)
    check = versions.if_match(required=True)
    visit = fetch_visit(appointments(), bearer_token(), wish.appointment_id)
    return tagged(drafts.change(principal(), draft_id, check, visit, wish.as_wish))


@bp.delete("/drafts/<id:draft_id>")
@allow("doctor")
@refuses(NotFound, *VERSIONS)
@bp.output(DraftOut)
@audit.of("draft.discard")
def discard(draft_id: UUID) -> DraftOut:
    """Throw a draft away for good, in the version that `If-Match` names. The answer is what it was."""
    drafts.find(principal(), draft_id)
    return DraftOut.of_draft(drafts.discard(principal(), draft_id, versions.if_match(required=True)))


@bp.post("/drafts/<id:draft_id>/check")
@allow("doctor")
@refuses(AppointmentNotFound, drafts.AlreadySigned, MedicineListMissing)
@bp.output(CheckOut)
@audit.of("prescription.check", subjects=lambda answer: [(None, answer.patient_id)])
def check(draft_id: UUID) -> CheckOut:
    """Ask what the safety checks find in a draft, and see the words it would print."""
    draft = drafts.find(principal(), draft_id)
    visit = fetch_visit(appointments(), bearer_token(), draft.appointment_id)
    drawn_up, found = signing.look(visit, drafts.wish_in(draft), zone(), today(), draft)
    return CheckOut.of({**vars(drawn_up), "alerts": found.alerts, "coverage": safety.coverage(found)})


@bp.post("/drafts/<id:draft_id>/sign")
@allow("doctor")
@counted("prescription.write")
@refuses(
    *(AppointmentNotFound, AppointmentCancelled, safety.AlertsUnresolved, life.FinalStatus, MedicineListMissing),
    *(*VERSIONS, *RETRIES, ReauthenticationRequired),
)
@idempotent(db, IdempotencyKey)
@bp.input(SignIn, arg_name="given")
@bp.output(PrescriptionOut, status_code=201)
@audit.of("prescription.write")
def sign(draft_id: UUID, given: SignIn) -> PrescriptionOut:
    """Sign a draft in the version that `If-Match` names. All checks are made again, on fresh data."""
    draft, seen = drafts.find(principal(), draft_id), versions.if_match(required=True)
    visit = fetch_visit(appointments(), bearer_token(), draft.appointment_id)
    answers, visit = reasons(given.overrides), to_be_signed(visit)
    signed = signing.sign_draft(signer(), draft_id, seen, visit, answers, zone(), today(), seal())
    return PrescriptionOut.of(signed)


def tagged(draft: Draft) -> DraftOut:
    """The draft, with its version as `ETag`."""
    versions.tag(draft.version)
    return DraftOut.of_draft(draft)
