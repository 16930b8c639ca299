"""Allergies of a patient. Nobody asked, none known, and these: three answers that are never taken for each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import insert

from chassis import clock
from chassis.errors import Conflict, Invalid, NotFound
from chassis.identity import Principal
from prescription_service import medicine_list
from prescription_service.care import may_see
from prescription_service.facts import Facts
from prescription_service.models import db
from prescription_service.patient_tables import Allergy, AllergyState

MATCHED_BY_NOTHING = {"excipient", "other_text", "none"}


class AllergyDecided(Conflict):
    """409: a refuted allergy or an error stays what it is; record it again."""

    code, title = "allergy-decided", "Already decided"
    detail = "This entry was refuted or entered in error. Record it again if it is so after all."


class AllergiesKnown(Conflict):
    """409: `none known` contradicts an allergy on record."""

    code, title = "allergies-known", "Allergies on record"
    detail = "There are allergies on record. Refute them first, each with its reason."


@dataclass(frozen=True)
class Known:
    """What is on record. `state` is `not-asked`, `none-known` or `has`."""

    patient_id: UUID
    state: str
    asked_at: datetime | None
    asked_by_role: str | None
    asked_by_name: str | None
    allergies: Sequence[Allergy]


def known(who: Principal, patient_id: UUID) -> Known:
    """The allergies of a patient, for whoever may see them. Raises `NotFound`."""
    patient = select(literal(patient_id).label("id")).where(may_see(who, patient_id)).subquery()
    rows = db.session.execute(
        select(patient.c.id, AllergyState, Allergy)
        .outerjoin(AllergyState, AllergyState.patient_id == patient.c.id)
        .outerjoin(Allergy, Allergy.patient_id == patient.c.id)
        .order_by(Allergy.recorded_at, Allergy.id)
    ).all()
    if not rows:
        raise NotFound
    return _known(patient_id, rows[0][1], [row[2] for row in rows if row[2]])


def of(patient_id: UUID) -> Known:
    """The same for the rules of this service, which have found out before whether they may ask."""
    found = db.session.scalars(select(Allergy).where(Allergy.patient_id == patient_id).order_by(Allergy.recorded_at))
    return _known(patient_id, db.session.get(AllergyState, patient_id), found.all())


def _known(patient_id: UUID, state: AllergyState | None, allergies: Sequence[Allergy]) -> Known:
    has = any(allergy.status == "active" for allergy in allergies)
    none_known = not has and state is not None and state.state == "none-known"
    if state is None or not (has or none_known):
        return Known(patient_id, "not-asked", None, None, None, allergies)
    said = "has" if has else "none-known"
    return Known(patient_id, said, state.asked_at, state.asked_by_role, state.asked_by_name, allergies)


def classes() -> dict[str, str]:
    """The groups of medicines to choose an allergy from, by key: what a person calls them, in the order of that.

    A group that is a single substance is not among them: that is recorded as the substance. Raises
    `medicine_list.MedicineListMissing`.
    """
    facts = medicine_list.current()
    alone = _ingredients(facts)
    named = {key: label for key, label in _named(facts).items() if key not in alone}
    return dict(sorted(named.items(), key=lambda pair: pair[1].lower()))


def record(who: Principal, patient_id: UUID, *, kind: str, key: str, reaction: str, note: str) -> Allergy:
    """Add an allergy: reported when the patient says so, confirmed when a doctor does. Raises `NotFound`, `Invalid`."""
    label = _label(kind, key)
    _asked(who, patient_id, "has")
    confirmed = who.role == "doctor"
    allergy = Allergy(
        patient_id=patient_id,
        kind=kind,
        key="" if kind == "text" else key,
        label=label,
        reaction=reaction,
        note=note,
        certainty="confirmed" if confirmed else "reported",
        status="active",
        recorded_by=who.id,
        recorded_by_role=who.role,
        recorded_by_name=who.name,
        recorded_at=clock.now(),
    )
    db.session.add(allergy)
    db.session.commit()
    return allergy


def state_none_known(who: Principal, patient_id: UUID) -> Known:
    """Somebody asked, and there are none. Raises `AllergiesKnown` and `NotFound`."""
    _asked(who, patient_id, "none-known")
    found = of(patient_id)
    if found.state == "has":
        db.session.rollback()
        raise AllergiesKnown
    db.session.commit()
    return found


def decide(doctor: Principal, allergy_id: UUID, decision: str, reason: str) -> Allergy:
    """A doctor confirms, refutes or strikes out an entry. Raises `AllergyDecided` and `NotFound`."""
    found = db.session.scalar(
        select(Allergy).where(Allergy.id == allergy_id, may_see(doctor, Allergy.patient_id)).with_for_update()
    )
    if found is None:
        raise NotFound
    if found.status != "active":
        raise AllergyDecided
    if decision == "confirmed":
        found.certainty = "confirmed"
    else:
        found.status = decision
    mark_decided(found, doctor, reason)
    db.session.commit()
    return found


def mark_decided(entry: Any, doctor: Principal, reason: str) -> None:
    """Who decided, when and why."""
    entry.decided_by, entry.decided_by_name = doctor.id, doctor.name
    entry.decided_at, entry.decision_reason = clock.now(), reason or None


def _asked(who: Principal, patient_id: UUID, state: str) -> None:
    """Note that somebody asked, if they may; the row is then held until the end of the transaction."""
    values = {"patient_id": patient_id, "state": state, "asked_by": who.id, "asked_by_role": who.role}
    values |= {"asked_by_name": who.name, "asked_at": clock.now()}
    columns = [literal(value).label(name) for name, value in values.items()]
    wanted = insert(AllergyState).from_select(list(values), select(*columns).where(may_see(who, patient_id)))
    held = wanted.on_conflict_do_update(
        index_elements=["patient_id"], set_={name: wanted.excluded[name] for name in values if name != "patient_id"}
    )
    if db.session.execute(held.returning(AllergyState.patient_id)).first() is None:
        raise NotFound


def _named(facts: Facts) -> dict[str, str]:
    """The groups that the rules name, without those that are compared with nothing."""
    return {one.class_key: one.label for one in facts.allergy_rules if one.class_key not in MATCHED_BY_NOTHING}


def _ingredients(facts: Facts) -> set[str]:
    return {name for one in facts.medicines.values() for name in one.ingredients}


def _label(kind: str, key: str) -> str:
    """What to call it. Raises `Invalid` for a class or an ingredient that nothing would be compared with."""
    if kind == "text":
        return key
    facts = medicine_list.current()
    if kind == "class":
        named = _named(facts)
        unnamed = {name for one in facts.medicines.values() for name in one.allergy_classes} - named.keys()
        labels = named | {name: name.replace("_", " ") for name in unnamed - MATCHED_BY_NOTHING}
    else:
        labels = {name: name for name in _ingredients(facts)}
    if key not in labels:
        raise Invalid.field("/key", "not-a-choice", "This is not in the list. Write it as free text.")
    return labels[key]
