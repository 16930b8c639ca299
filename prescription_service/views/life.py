"""What becomes of a signed prescription."""

from uuid import UUID

from apiflask import APIBlueprint

from chassis.docs import refuses
from chassis.errors import NotFound
from chassis.idempotency import idempotent
from chassis.identity import allow, principal
from prescription_service import life, signing
from prescription_service.models import IdempotencyKey, audit, db
from prescription_service.schemas.drafts import DraftOut, StepIn
from prescription_service.schemas.prescriptions import PrescriptionOut
from prescription_service.views import RETRIES
from prescription_service.views.drafts import tagged

bp = APIBlueprint("life", __name__, tag="Life of a prescription")

STEPS = (NotFound, life.NotThePrescriber, life.FinalStatus, life.NotNow, *RETRIES)


@bp.post("/prescriptions/<id:prescription_id>/hold")
@allow("doctor")
@refuses(*STEPS)
@idempotent(db, IdempotencyKey)
@bp.input(StepIn, arg_name="given")
@bp.output(PrescriptionOut)
@audit.of("prescription.hold")
def hold(prescription_id: UUID, given: StepIn) -> PrescriptionOut:
    """Hold a prescription of one's own, with the reason in words: nothing is supplied until it goes on."""
    return _take(prescription_id, "hold", given)


@bp.post("/prescriptions/<id:prescription_id>/resume")
@allow("doctor")
@refuses(*STEPS)
@idempotent(db, IdempotencyKey)
@bp.input(StepIn, arg_name="given")
@bp.output(PrescriptionOut)
@audit.of("prescription.resume")
def resume(prescription_id: UUID, given: StepIn) -> PrescriptionOut:
    """Let a held prescription go on, with the answer to why it was held."""
    return _take(prescription_id, "resume", given)


@bp.post("/prescriptions/<id:prescription_id>/cancel")
@allow("doctor")
@refuses(*STEPS)
@idempotent(db, IdempotencyKey)
@bp.input(StepIn, arg_name="given")
@bp.output(PrescriptionOut)
@audit.of("prescription.cancel")
def cancel(prescription_id: UUID, given: StepIn) -> PrescriptionOut:
    """Cancel a prescription before it is supplied, with a code. Another doctor may when its prescriber cannot."""
    return _take(prescription_id, "cancel", given)


@bp.post("/prescriptions/<id:prescription_id>/stop")
@allow("doctor")
@refuses(*STEPS)
@idempotent(db, IdempotencyKey)
@bp.input(StepIn, arg_name="given")
@bp.output(PrescriptionOut)
@audit.of("prescription.stop")
def stop(prescription_id: UUID, given: StepIn) -> PrescriptionOut:
    """End a treatment, with a code. Another doctor may when its prescriber cannot."""
    return _take(prescription_id, "stop", given)


@bp.post("/prescriptions/<id:prescription_id>/enter-in-error")
@allow("doctor")
@refuses(*STEPS)
@idempotent(db, IdempotencyKey)
@bp.input(StepIn, arg_name="given")
@bp.output(PrescriptionOut)
@audit.of("prescription.enter-in-error")
def enter_in_error(prescription_id: UUID, given: StepIn) -> PrescriptionOut:
    """Say that a prescription should never have been, with the reason in words. It stays on record."""
    return _take(prescription_id, "enter-in-error", given)


@bp.post("/prescriptions/<id:prescription_id>/replace")
@allow("doctor")
@refuses(NotFound, life.NotThePrescriber, life.FinalStatus, *RETRIES)
@idempotent(db, IdempotencyKey)
@bp.output(DraftOut, status_code=201)
@audit.of("draft.write")
def replace(prescription_id: UUID) -> DraftOut:
    """Begin a draft that takes the place of a prescription: signing it cancels the old one in the same moment."""
    return tagged(signing.replacement(principal(), prescription_id))


@bp.post("/prescriptions/<id:prescription_id>/renew")
@allow("doctor")
@refuses(NotFound, life.NotThePrescriber, life.FinalStatus, *RETRIES)
@idempotent(db, IdempotencyKey)
@bp.output(DraftOut, status_code=201)
@audit.of("draft.write")
def renew(prescription_id: UUID) -> DraftOut:
    """Begin a draft of the same once more. Answers to alerts are not copied, and all checks are made again."""
    return tagged(signing.renewal(principal(), prescription_id))


def _take(prescription_id: UUID, name: str, given: StepIn) -> PrescriptionOut:
    taken = life.take(principal(), prescription_id, name, given.reason_code or "", given.reason)
    return PrescriptionOut.of(taken)
