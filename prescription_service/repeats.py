"""Repeats: a patient asks for a prescription once more, and its prescriber renews it or says why not.

A request is approved by the signature of the renewal, never before: until then nothing has been prescribed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, tuple_

from chassis import clock
from chassis.database import violating
from chassis.errors import Conflict, NotFound
from chassis.identity import Principal
from prescription_service import signing
from prescription_service.doctor_tables import RepeatRequest
from prescription_service.models import Draft, Prescription, db
from prescription_service.prescribing import visible_to

REPEATABLE = frozenset({"active", "completed"})


class NotRepeatable(Conflict):
    """409: what was ended, held or entered in error is not repeated."""

    code, title = "not-repeatable", "Not repeated"
    detail = "This prescription is not in force any more, so it cannot be repeated. Speak with the doctor about it."


class RepeatAlreadyAsked(Conflict):
    """409: the doctor has this request already."""

    code, title = "repeat-already-asked", "Already asked"
    detail = "You have asked for this already. The doctor has not answered yet."


class RequestDecided(Conflict):
    """409: the request was answered."""

    code, title, detail = "request-decided", "Already answered", "This request has been answered already."


@dataclass(frozen=True)
class Wanted:
    """Which requests to list."""

    status: str | None = None
    prescription_id: UUID | None = None


def ask(patient: Principal, prescription_id: UUID, note: str) -> RepeatRequest:
    """Ask for one's own prescription once more. Raises `NotFound`, `NotRepeatable` and `RepeatAlreadyAsked`."""
    wanted = select(Prescription).where(Prescription.id == prescription_id, visible_to(patient))
    found = db.session.scalar(wanted.with_for_update())  # so that nobody ends it meanwhile
    if found is None:
        raise NotFound
    if found.status not in REPEATABLE:
        raise NotRepeatable
    request = RepeatRequest(prescription=found, patient_id=patient.id, doctor_id=found.doctor_id, note=note)
    request.status, request.reason, request.requested_at = "open", "", clock.now()
    db.session.add(request)
    with violating("uq_repeat_request_open", RepeatAlreadyAsked()):
        db.session.commit()
    return request


def list_own(
    who: Principal, wanted: Wanted, limit: int, after: tuple[datetime, UUID] | None
) -> Sequence[RepeatRequest]:
    """Up to `limit` of those one has asked or was asked, newest first."""
    query = select(RepeatRequest).where(_own(who)).limit(limit)
    if wanted.status:
        query = query.where(RepeatRequest.status == wanted.status)
    if wanted.prescription_id:
        query = query.where(RepeatRequest.prescription_id == wanted.prescription_id)
    if after:
        query = query.where(tuple_(RepeatRequest.requested_at, RepeatRequest.id) < after)
    return db.session.scalars(query.order_by(RepeatRequest.requested_at.desc(), RepeatRequest.id.desc())).all()


def one(who: Principal, request_id: UUID) -> RepeatRequest:
    """One that one has asked or was asked, answered or not. Raises `NotFound`."""
    found = db.session.scalar(select(RepeatRequest).where(RepeatRequest.id == request_id, _own(who)))
    if found is None:
        raise NotFound
    return found


def begin_renewal(doctor: Principal, request_id: UUID) -> Draft:
    """The draft that answers a request with yes once it is signed; asked again, the same one.

    Raises `NotFound`, `RequestDecided` and `NotRepeatable`.
    """
    request = _open(doctor, request_id)
    begun = db.session.get(Draft, request.renewal_id) if request.renewal_id else None
    if begun is not None:
        return begun
    if request.prescription.status not in REPEATABLE:
        raise NotRepeatable
    draft = signing.renewal(doctor, request.prescription_id)
    request.renewal_id = draft.id
    db.session.commit()
    return draft


def decline(doctor: Principal, request_id: UUID, reason: str) -> RepeatRequest:
    """Answer with no, and why; the patient reads it. Raises `NotFound` and `RequestDecided`."""
    request = _open(doctor, request_id)
    request.status, request.reason, request.decided_at = "declined", reason, clock.now()
    db.session.commit()
    return request


def _own(who: Principal) -> ColumnElement[bool]:
    return RepeatRequest.doctor_id == who.id if who.role == "doctor" else RepeatRequest.patient_id == who.id


def _open(doctor: Principal, request_id: UUID) -> RepeatRequest:
    """Locked, so that of two answers at once one comes second."""
    wanted = select(RepeatRequest).where(RepeatRequest.id == request_id, _own(doctor))
    found = db.session.scalar(wanted.with_for_update(of=RepeatRequest).execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    if found.status != "open":
        raise RequestDecided
    return found
