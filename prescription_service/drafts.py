"""Drafts: what a doctor has written and not signed. They can be changed and thrown away, and nobody else sees them.

They live in a table of their own, so that nothing that is signed ever needs the right to be deleted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, NoReturn
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import select, tuple_

from chassis import clock
from chassis.errors import Conflict, Invalid, NotFound
from chassis.identity import Principal
from chassis.versions import CheckVersion
from prescription_service import medicine_list, words
from prescription_service.models import Draft, Medicine, Prescription, db
from prescription_service.prescribing import AppointmentCancelled, MedicineWords, Visit, Wish
from prescription_service.structure import STRUCTURE, Structure
from prescription_service.weights import WEIGHT

_VISIT = TypeAdapter(Visit)
_WORDS = TypeAdapter(MedicineWords)


class AlreadySigned(Conflict):
    """409: this draft is a prescription now."""

    code, title, detail = "already-signed", "Already signed", "This draft was signed and is a prescription now."


def keep(
    doctor: Principal, visit: Visit, wish: Wish, *, replaces: UUID | None = None, renews: UUID | None = None
) -> Draft:
    """A new draft. Raises `AppointmentCancelled`."""
    if visit.status == "cancelled":
        raise AppointmentCancelled
    draft = Draft(doctor_id=doctor.id, doctor_name=doctor.name, replaces_id=replaces, renews_id=renews, version=1)
    _fill(draft, visit, wish)
    db.session.add(draft)
    db.session.commit()
    return draft


def find(doctor: Principal, draft_id: UUID) -> Draft:
    """One's own draft. Raises `AlreadySigned` and `NotFound`."""
    found = db.session.scalar(select(Draft).where(Draft.id == draft_id, Draft.doctor_id == doctor.id))
    return found or _gone(doctor, draft_id)


def _gone(doctor: Principal, draft_id: UUID) -> NoReturn:
    signed = select(Prescription.id).where(Prescription.id == draft_id, Prescription.doctor_id == doctor.id)
    raise AlreadySigned if db.session.scalar(signed) else NotFound


def held(doctor: Principal, draft_id: UUID, check: CheckVersion) -> Draft:
    """The draft, locked, in the version that was seen. Raises `AlreadySigned`, `NotFound` and what `check` raises."""
    wanted = select(Draft).where(Draft.id == draft_id, Draft.doctor_id == doctor.id).with_for_update()
    found = db.session.scalar(wanted.execution_options(populate_existing=True))
    if found is None:
        _gone(doctor, draft_id)
    check(found.version)
    return found


def change(doctor: Principal, draft_id: UUID, check: CheckVersion, visit: Visit, wish: Wish) -> Draft:
    """Write a draft anew. One that goes on with a prescription stays its patient's. Raises `Invalid` and as `held`."""
    draft = held(doctor, draft_id, check)
    if visit.patient_id != draft.patient_id and (draft.replaces_id or draft.renews_id):
        message = "This goes on with a prescription of another patient. Choose a visit of theirs."
        raise Invalid.field("/appointment_id", "patient-mismatch", message)
    _fill(draft, visit, wish)
    draft.version += 1
    db.session.commit()
    return draft


def discard(doctor: Principal, draft_id: UUID, check: CheckVersion) -> Draft:
    """Throw a draft away for good. Raises what `held` raises."""
    draft = held(doctor, draft_id, check)
    db.session.delete(draft)
    db.session.commit()
    return draft


def list_own(doctor: Principal, limit: int, after: tuple[datetime, UUID] | None) -> Sequence[Draft]:
    """Up to `limit` of one's own drafts, the last changed first."""
    query = select(Draft).where(Draft.doctor_id == doctor.id).limit(limit)
    if after:
        query = query.where(tuple_(Draft.updated_at, Draft.id) < after)
    return db.session.scalars(query.order_by(Draft.updated_at.desc(), Draft.id.desc())).all()


def visit_of(draft: Draft) -> Visit:
    """The visit as it was when the draft was written."""
    return _VISIT.validate_python(draft.visit)


def wish_in(draft: Draft, overrides: Mapping[str, str] | None = None) -> Wish:
    """What the draft asks for. Answers to alerts are never kept in it."""
    medicines = [_read(medicine) for medicine in draft.wish["medicines"]]
    until = date.fromisoformat(draft.wish["valid_until"]) if draft.wish["valid_until"] else None
    weight = WEIGHT.validate_python(draft.wish["weight"]) if draft.wish.get("weight") else None
    return Wish(medicines, draft.wish["notes"], until, overrides or {}, weight)


def names_now(medicine: MedicineWords | Structure) -> dict[str, str]:
    """The names of a medicine from the list as it stands now; empty ones where it has left the list."""
    if isinstance(medicine, MedicineWords):
        return {}
    listed = medicine_list.current().medicines.get(medicine.formulary_id)
    if listed is None:
        return {"generic_name": "", "name": ""}
    return {"generic_name": listed.generic_name, "name": words.name(medicine, listed)}


def wish_again(prescription: Prescription) -> Wish:
    """The same medicines once more, without dates that have passed, the weight of then and answers to alerts."""
    return Wish([_again(medicine) for medicine in prescription.medicines], prescription.notes)


def _again(medicine: Medicine) -> MedicineWords | Structure:
    if medicine.structure is None:
        return MedicineWords(medicine.name, medicine.dosage, medicine.duration, medicine.instructions)
    return STRUCTURE.validate_python({**medicine.structure, "start_on": None})


def _fill(draft: Draft, visit: Visit, wish: Wish) -> None:
    draft.patient_id, draft.appointment_id = visit.patient_id, visit.id
    draft.visit = _VISIT.dump_python(visit, mode="json")
    until = wish.valid_until.isoformat() if wish.valid_until else None
    weight = WEIGHT.dump_python(wish.weight, mode="json") if wish.weight else None
    medicines = [_written(one) for one in wish.medicines]
    draft.wish = {"medicines": medicines, "notes": wish.notes, "valid_until": until, "weight": weight}
    draft.updated_at = clock.now()


def _written(medicine: MedicineWords | Structure) -> dict[str, Any]:
    if isinstance(medicine, MedicineWords):
        return asdict(medicine)
    written: dict[str, Any] = STRUCTURE.dump_python(medicine, mode="json")
    return written


def _read(medicine: Mapping[str, Any]) -> MedicineWords | Structure:
    return STRUCTURE.validate_python(medicine) if "formulary_id" in medicine else _WORDS.validate_python(medicine)
