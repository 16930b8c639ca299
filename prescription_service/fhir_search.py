"""Finding lines of one's own prescriptions for FHIR, newest prescriptions first."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select, tuple_

from chassis.errors import NotFound
from chassis.identity import Principal
from prescription_service.models import Medicine, Prescription, db
from prescription_service.prescribing import Wanted, find, visible_to

Line = tuple[Prescription, Medicine]
Place = tuple[datetime, UUID, int]
"""When it was issued, the prescription, and the position in it."""


def find_line(who: Principal, prescription_id: UUID, position: int) -> Line:
    """One line. Raises `NotFound`."""
    prescription = find(who, prescription_id)
    for medicine in prescription.medicines:
        if medicine.position == position:
            return prescription, medicine
    raise NotFound


def list_lines(who: Principal, wanted: Wanted, limit: int, after: Place | None) -> Sequence[Line]:
    """Up to `limit` lines behind a place."""
    query = (
        select(Prescription, Medicine)
        .join(Medicine, Medicine.prescription_id == Prescription.id)
        .where(visible_to(who), *wanted.conditions)
    )
    if after:
        place, seen = tuple_(Prescription.issued_at, Prescription.id), after[:2]
        query = query.where(or_(place < seen, and_(place == seen, Medicine.position > after[2])))
    ordered = query.order_by(Prescription.issued_at.desc(), Prescription.id.desc(), Medicine.position)
    return [(prescription, medicine) for prescription, medicine in db.session.execute(ordered.limit(limit))]


def numbers_before(prescriptions: Iterable[Prescription]) -> Mapping[UUID, str]:
    """The numbers of what these replace or renew."""
    before = {before for one in prescriptions for before in (one.replaces_id, one.renews_id) if before}
    rows = db.session.execute(select(Prescription.id, Prescription.number).where(Prescription.id.in_(before)))
    return {row.id: row.number for row in rows}
