"""One's own prescriptions as lists show them: one statement with all that belongs to them, and no objects.

An object for each row, and a statement for each kind of row, would cost as much again as the whole request.
"""

from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Label, func, literal_column, select, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by

from chassis.identity import Principal
from prescription_service.models import AlertEvent, Medicine, Prescription, StatusEvent, content_mark, db, structured
from prescription_service.prescribing import Wanted, visible_to

ROW = Prescription.__table__.c
LEFT_OUT = {"id", "prescription_id"}


def _lines(name: str, kind: type[Any], order: ColumnElement[Any]) -> Label[Any]:
    """All rows of another table that belong to a prescription, as one JSON array."""
    told: list[Any] = []
    for column in kind.__table__.c:
        told += [literal_column(f"'{column.name}'"), column] if column.name not in LEFT_OUT else []
    array = func.json_agg(aggregate_order_by(func.json_build_object(*told), order), type_=JSON)
    found = select(func.coalesce(array, literal_column("'[]'"), type_=JSON)).where(kind.prescription_id == ROW.id)
    return found.correlate(Prescription.__table__).scalar_subquery().label(name)


LISTED = select(
    *ROW,
    _lines("medicines", Medicine, Medicine.__table__.c.position),
    _lines("history", StatusEvent, StatusEvent.__table__.c.id),
    _lines("alerts", AlertEvent, AlertEvent.__table__.c.id),
).order_by(ROW.issued_at.desc(), ROW.id.desc())


def list_own(who: Principal, wanted: Wanted, limit: int, after: tuple[datetime, UUID] | None) -> Sequence[Any]:
    """Up to `limit` of one's own prescriptions, newest first, behind the (issued, id) of the last one seen.

    They read like prescriptions, and nothing becomes of changing them.
    """
    query = LISTED.where(visible_to(who), *wanted.conditions).limit(limit)
    if after:
        query = query.where(tuple_(ROW.issued_at, ROW.id) < after)
    return [_read(row) for row in db.session.connection().execute(query).mappings()]


def _read(row: Any) -> SimpleNamespace:
    found = SimpleNamespace(**row)
    found.content_mark = content_mark(found.digest)
    for medicine in found.medicines:
        medicine["structured"] = structured(medicine["structure"], medicine["listed"], medicine["directions"])
    return found
