"""Writing and reading prescriptions."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint

from chassis.cursor import moment_and_id, moment_place
from chassis.docs import refuses
from chassis.errors import InvalidCursor, NotFound
from chassis.idempotency import idempotent
from chassis.identity import allow, bearer_token, principal
from chassis.web import count_as, counted
from prescription_service import drafts, own_list, prescribing, safety, signing, verification
from prescription_service.appointments import AppointmentNotFound, fetch_visit
from prescription_service.freshness import ReauthenticationRequired
from prescription_service.medicine_list import MedicineListMissing
from prescription_service.models import IdempotencyKey, Prescription, audit, db
from prescription_service.schemas.drafts import DraftOut, WrittenOut
from prescription_service.schemas.prescriptions import (
    CheckOut,
    PrescriptionIn,
    PrescriptionOut,
    PrescriptionsIn,
    PrescriptionsPage,
    PurposeIn,
)
from prescription_service.schemas.verification import PrintedOut
from prescription_service.views import RETRIES, appointments, cursors, seal, signer, to_be_signed, today, zone
from prescription_service.views.drafts import tagged
from prescription_service.views.verification import keys

bp = APIBlueprint("prescriptions", __name__, tag="Prescriptions")


@bp.post("/prescriptions")
@allow("doctor")
@counted("prescription.write")
@refuses(
    *(AppointmentNotFound, prescribing.AppointmentCancelled, safety.AlertsUnresolved, MedicineListMissing),
    *(ReauthenticationRequired, *RETRIES),
)
@idempotent(db, IdempotencyKey)
@bp.input(PrescriptionIn, arg_name="wish")
@bp.output(WrittenOut, status_code=201)
@audit.of("prescription.write")
def write(wish: PrescriptionIn) -> PrescriptionOut | DraftOut:
    """Sign a prescription for one of one's own appointments, or keep it as a draft.

    It is issued to the patient of that appointment and never changes afterwards. Where the clinic demands a fresh proof
    for signing, `max_age` of the challenge in `WWW-Authenticate` says how old in seconds it may be (RFC 9470).
    """
    visit = fetch_visit(appointments(), bearer_token(), wish.appointment_id)
    if wish.status == "draft":
        count_as("draft.write")
        return tagged(drafts.keep(principal(), visit, wish.as_wish))
    return PrescriptionOut.of(signing.sign(signer(), to_be_signed(visit), wish.as_wish, zone(), today(), seal()))


@bp.post("/prescriptions/check")
@allow("doctor")
@refuses(AppointmentNotFound, MedicineListMissing)
@bp.input(PrescriptionIn, arg_name="wish")
@bp.output(CheckOut)
@audit.of("prescription.check", subjects=lambda answer: [(None, answer.patient_id)])
def check(wish: PrescriptionIn) -> CheckOut:
    """Ask what the safety checks would find, without signing anything."""
    visit = fetch_visit(appointments(), bearer_token(), wish.appointment_id)
    drawn_up, found = signing.look(visit, wish.as_wish, zone(), today())
    return CheckOut.of({**vars(drawn_up), "alerts": found.alerts, "coverage": safety.coverage(found)})


@bp.get("/prescriptions")
@allow("patient", "doctor")
@refuses(InvalidCursor)
@bp.input(PrescriptionsIn, location="query", arg_name="wanted")
@bp.output(PrescriptionsPage)
@audit.of("prescription.list")
def list_own(wanted: PrescriptionsIn) -> PrescriptionsPage:
    """List one's own prescriptions, newest first, as prescriber or as patient."""
    which = wanted.in_zone(zone())
    found, cursor = cursors().page(
        f"prescriptions:{principal().id}",
        wanted,
        lambda limit, seen: own_list.list_own(principal(), which, limit, moment_and_id(seen)),
        lambda last: moment_place(last.issued_at, last.id),
    )
    return PrescriptionsPage(items=[PrescriptionOut.of(one) for one in found], next_cursor=cursor)


@bp.get("/prescriptions/<id:prescription_id>")
@allow("patient", "doctor")
@refuses(NotFound)
@bp.input(PurposeIn, location="query", arg_name="asked")
@bp.output(PrescriptionOut)
@audit.of("prescription.read", purposes={"print": "prescription.print"})
def one(prescription_id: UUID, asked: PurposeIn) -> PrescriptionOut:
    """Read one's own prescription. The record of access says whether it was to be printed."""
    found = prescribing.find(principal(), prescription_id)
    answer = PrescriptionOut.of(found)
    return answer.model_copy(update=_to_print(found)) if asked.purpose == "print" else answer


def _to_print(prescription: Prescription) -> dict[str, Any]:
    secrets = PrintedOut.of(verification.put_on_paper(prescription, keys()))
    return {"copy_number": prescribing.copy_number(prescription), "verification": secrets}
