"""A doctor's own named sets of medicines. Using one is help with typing: it fills a form and signs nothing.

Days in a set move with the calendar: one that was to be reviewed after 90 days is so again whenever it is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NoReturn
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select

from chassis.database import violating
from chassis.errors import Conflict, FieldError, NotFound
from chassis.identity import Principal
from prescription_service import limits, medicine_list
from prescription_service.doctor_tables import Template
from prescription_service.models import db
from prescription_service.prescribing import draw_up
from prescription_service.structure import STRUCTURE, Structure

MOST = 100
"""Templates of one doctor. More than that nobody finds again."""


class TemplateNameTaken(Conflict):
    """409: one's templates have different names; capitals make no difference."""

    code, title, detail = "template-name-taken", "Name taken", "You already have a template with this name."


class TooManyTemplates(Conflict):
    """409: the doctor has as many templates as one may have."""

    code, title = "too-many-templates", "Too many templates"
    detail = f"You have {MOST} templates, which is the most. Remove one that you no longer use."


@dataclass(frozen=True)
class Line:
    """One medicine of a template, its days moved to today, its name, and what the list has against it by now."""

    structure: Structure
    name: str
    problems: Sequence[FieldError]


@dataclass(frozen=True)
class Set:
    """A template, ready to fill a form."""

    id: UUID
    name: str
    notes: str
    medicines: Sequence[Line]


def list_own(doctor: Principal, today: date) -> list[Set]:
    """All of one's own by name. Raises `MedicineListMissing`."""
    own = select(Template).where(Template.doctor_id == doctor.id)
    found = db.session.scalars(own.order_by(func.lower(Template.name), Template.id))
    return [_ready(one, today) for one in found]


def find(doctor: Principal, template_id: UUID, today: date) -> Set:
    """One of one's own. Raises `NotFound` and `MedicineListMissing`."""
    found = db.session.scalar(select(Template).where(_own(doctor, template_id)))
    return _ready(found, today) if found else _missing()


def keep(doctor: Principal, name: str, notes: str, medicines: Sequence[Structure], today: date) -> Set:
    """A new one. Raises `TemplateNameTaken`, `TooManyTemplates`, `Invalid` and `MedicineListMissing`."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"templates {doctor.id}", 0))))
    if (db.session.scalar(select(func.count()).where(Template.doctor_id == doctor.id)) or 0) >= MOST:
        raise TooManyTemplates
    template = Template(doctor_id=doctor.id)
    _fill(template, name, notes, medicines, today)
    db.session.add(template)
    return _save(template, today)


def change(
    doctor: Principal, template_id: UUID, name: str, notes: str, medicines: Sequence[Structure], today: date
) -> Set:
    """Write one of one's own anew. Raises `NotFound` and what `keep` raises."""
    found = db.session.scalar(select(Template).where(_own(doctor, template_id)).with_for_update())
    if found is None:
        _missing()
    _fill(found, name, notes, medicines, today)
    return _save(found, today)


def remove(doctor: Principal, template_id: UUID) -> None:
    """Throw one of one's own away. Raises `NotFound`."""
    gone = db.session.scalar(delete(Template).where(_own(doctor, template_id)).returning(Template.id))
    if gone is None:
        _missing()
    db.session.commit()


def _own(doctor: Principal, template_id: UUID) -> ColumnElement[bool]:
    return (Template.id == template_id) & (Template.doctor_id == doctor.id)


def _missing() -> NoReturn:
    raise NotFound


def _fill(template: Template, name: str, notes: str, medicines: Sequence[Structure], today: date) -> None:
    lines = draw_up(medicines, today)
    template.name, template.notes, template.written_on = name, notes, today
    template.medicines = [{"structure": line.structure, "name": line.name} for line in lines]


def _save(template: Template, today: date) -> Set:
    with violating("uq_template_doctor_id_name", TemplateNameTaken()):
        db.session.commit()
    return _ready(template, today)


def _ready(template: Template, today: date) -> Set:
    written = [(STRUCTURE.validate_python(one["structure"]), one["name"]) for one in template.medicines]
    medicines = [(_moved(structure, template.written_on, today), name) for structure, name in written]
    found = limits.problems([structure for structure, _ in medicines], medicine_list.current(), today)
    lines = [
        Line(structure, name, [replace(one, pointer=rest) for one in found if (rest := _below(place, one)) is not None])
        for place, (structure, name) in enumerate(medicines)
    ]
    return Set(template.id, template.name, template.notes, lines)


def _below(place: int, problem: FieldError) -> str | None:
    """The pointer into the medicine at this place; None when the problem is another's."""
    _, _, number, *rest = problem.pointer.split("/")
    return "".join(f"/{part}" for part in rest) if number == str(place) else None


def _moved(medicine: Structure, written_on: date, today: date) -> Structure:
    """As it would be written today: each day as far ahead as it was then."""
    later = today - written_on
    duration, start_on = medicine.duration, medicine.start_on
    if duration and duration.review_on:
        duration = replace(duration, review_on=duration.review_on + later)
    return replace(medicine, duration=duration, start_on=start_on + later if start_on else None)
