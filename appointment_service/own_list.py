"""A doctor's own list: the patients they have seen lately or see soon, and how to find one of them."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, and_, cast, func, literal_column, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import InstrumentedAttribute

from appointment_service.models import CANCELLED, IN_ERROR, NO_SHOW, PENDING, Appointment, db
from chassis import clock
from chassis.errors import NotFound
from chassis.identity import Principal

BACK = timedelta(days=730)
AHEAD = timedelta(days=92)
MOST_FOUND = 20
ACCENTS = "[\u0300-\u036f]"
BETWEEN = "-'’"
"""What stands between the parts of a name."""


class PatientNotFound(NotFound):
    """404: there is no such patient, or not on this doctor's list. Both look the same."""

    code, title = "patient-not-found", "No such patient"
    detail = "There is no patient with this id on your list."


@dataclass(frozen=True)
class ListedPatient:
    """A patient of the list, with the visits they have had and the next one, at this doctor's."""

    patient_id: UUID
    patient_name: str
    patient_birth_date: date | None
    visits: int
    no_shows: int
    last_visit: datetime | None
    next_visit: datetime | None


def known_as(doctor: Principal, patient_id: UUID) -> tuple[str, date | None]:
    """Name and date of birth of a patient of the list, as last copied. Raises `PatientNotFound`."""
    query = (
        select(Appointment.patient_name, Appointment.patient_birth_date)
        .where(Appointment.patient_id == patient_id, *_on_the_list(doctor))
        .order_by(Appointment.created_at.desc())
        .limit(1)
    )
    found = db.session.execute(query).first()
    if found is None:
        raise PatientNotFound
    return found.patient_name, found.patient_birth_date


def search(doctor: Principal, words: str) -> Sequence[ListedPatient]:
    """Patients of the list in whose name each of these words begins a word, whatever capitals and accents; at most 20.

    A date of birth (YYYY-MM-DD) or the reference of an appointment is understood too. No words find everybody.
    """
    now = clock.now()
    came = Appointment.status != NO_SHOW
    newest_first = aggregate_order_by(Appointment.patient_name, Appointment.created_at.desc())
    name = func.array_agg(newest_first, type_=ARRAY(Text))[1]
    query = (
        select(
            Appointment.patient_id,
            name,
            func.max(Appointment.patient_birth_date),
            func.count().filter(came, Appointment.starts_at <= now),
            func.count().filter(~came),
            func.max(Appointment.starts_at).filter(came, Appointment.starts_at <= now),
            func.min(Appointment.starts_at).filter(came, Appointment.starts_at > now),
        )
        .where(*_on_the_list(doctor))
        .group_by(Appointment.patient_id)
        .having(func.bool_or(_matching(words)))
        .order_by(func.lower(name), Appointment.patient_id)
        .limit(MOST_FOUND)
    )
    return [ListedPatient(*row) for row in db.session.execute(query)]


def _on_the_list(doctor: Principal) -> list[ColumnElement[bool]]:
    now = clock.now()
    return [
        Appointment.doctor_id == doctor.id,
        Appointment.status.not_in((CANCELLED, PENDING, IN_ERROR)),
        Appointment.starts_at.between(now - BACK, now + AHEAD),
    ]


def _matching(words: str) -> ColumnElement[bool]:
    name = " " + _plain(Appointment.patient_name)
    named = and_(true(), *[name.contains(f" {word}", autoescape=True) for word in _plain_words(words)])
    born = cast(Appointment.patient_birth_date, Text) == words.strip()
    reference = Appointment.reference == words.strip().upper().replace("-", "")
    return or_(named, born, reference)


def _plain(name: ColumnElement[str] | InstrumentedAttribute[str]) -> ColumnElement[str]:
    """A name without accents and capitals, its parts apart."""
    bare = func.regexp_replace(func.normalize(func.lower(name), literal_column("NFD")), ACCENTS, "", "g")
    return func.translate(bare, BETWEEN, " " * len(BETWEEN))


def _plain_words(words: str) -> list[str]:
    bare = unicodedata.normalize("NFD", words.lower())
    apart = re.sub(ACCENTS, "", bare).translate(str.maketrans(BETWEEN, " " * len(BETWEEN)))
    return apart.split()
