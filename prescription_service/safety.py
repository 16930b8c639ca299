"""Bringing the checks and what is known of a patient together, and holding a signature to what they found."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from chassis import clock
from chassis.errors import Conflict, FieldError, Invalid
from prescription_service import allergies, current_medicines, medicine_list
from prescription_service.checking import Alert, Found, Item, KnownAllergy, NotChecked, Patient, check
from prescription_service.facts import Facts, listed_as
from prescription_service.models import AlertEvent, Medicine, db
from prescription_service.structure import STRUCTURE
from prescription_service.weights import Weight

SHORTEST_REASON, LONGEST_REASON = 10, 200


class AlertsUnresolved(Conflict):
    """409: there are alerts that the prescriber has not answered. `alerts` and `coverage` say what and how far."""

    code, title = "alerts-unresolved", "Safety checks"
    detail = "The safety checks found something. Answer each alert, then sign again. Nothing was saved."


def one_at_a_time(patient_id: UUID) -> None:
    """Let signatures for one patient wait for each other: each is checked against those before it."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(patient_id), 0))))


def examine(
    patient_id: UUID,
    medicines: Sequence[Medicine],
    zone: ZoneInfo,
    today: date,
    besides: Sequence[UUID] = (),
    weight: Weight | None = None,
) -> Found:
    """All checks on fresh data. `besides` are prescriptions that this one takes the place of or goes on with.

    Raises `MedicineListMissing` when there is something to check and nothing to check it with.
    """
    known = allergies.of(patient_id)
    recorded = [
        KnownAllergy(*(getattr(one, name) for name in KnownAllergy.__dataclass_fields__)) for one in known.allergies
    ]
    taken = [
        line for line in current_medicines.prescribed_to(patient_id, zone, today) if line.prescription_id not in besides
    ]
    reported = current_medicines.reported_by(patient_id)
    unlisted = [NotChecked(one.name, "It is not from the medicine list.") for one in medicines if one.structure is None]
    if len(unlisted) == len(medicines):
        on_record = Patient(known.state, known.asked_at, recorded, ()).on_record
        return Found((), (), (), tuple(unlisted), (), 0, "", known.state, known.asked_at, on_record)
    facts = medicine_list.current()
    unlisted += [
        NotChecked(line.medicine.name, f"It is not from the medicine list ({_whence(line)}).")
        for line in taken
        if line.medicine.structure is None
    ]
    unlisted += [
        NotChecked(one.name, "It was reported, and is not in the medicine list.")
        for one in reported
        if one.formulary_id not in facts.medicines
    ]
    others = [
        _item(line.medicine, facts, line.starts_on, line.ends_on, _whence(line))
        for line in taken
        if line.medicine.structure
    ]
    others += [
        Item(one.name, facts.medicines[one.formulary_id], origin="reported by the patient")
        for one in reported
        if one.formulary_id in facts.medicines
    ]
    own = [_item(one, facts, *current_medicines.course(one, today)) for one in medicines if one.structure]
    return check(own, unlisted, Patient(known.state, known.asked_at, recorded, others, weight), facts)


def _whence(line: current_medicines.Prescribed) -> str:
    return f"{line.number}, {line.doctor_name}"


def _item(medicine: Medicine, facts: Facts, starts_on: date, ends_on: date | None, origin: str = "") -> Item:
    structure = STRUCTURE.validate_python(medicine.structure)
    listed = facts.medicines.get(structure.formulary_id) or listed_as(medicine.listed or {}, structure.formulary_id)
    position = None if origin else medicine.position
    return Item(medicine.name, listed, position, origin, structure, starts_on, ends_on)


def coverage(found: Found) -> dict[str, Any]:
    """How far the checks went, as it is stored and shown."""
    asked_at = found.allergies_asked_at
    return {
        "facts_version": found.facts_version,
        "interaction_rules": found.interaction_rules,
        "checked": list(found.checked),
        "compared_with": list(found.compared_with),
        "not_checked": [asdict(one) for one in found.not_checked],
        "allergy_state": found.allergy_state,
        "allergies_asked_at": asked_at.isoformat() if asked_at else None,
        "allergies": list(found.allergies),
        "arithmetic": [{"position": position, "shown": shown} for position, shown in found.arithmetic],
    }


def resolve(found: Found, overrides: Mapping[str, str], actor_id: UUID) -> list[AlertEvent]:
    """What was decided about each alert, to be kept. Raises `AlertsUnresolved` and `Invalid`."""
    too_short = [
        FieldError(
            f"/overrides/{n}/reason", "reason-required", f"Write {SHORTEST_REASON} to {LONGEST_REASON} characters."
        )
        for n, (key, reason) in enumerate(overrides.items())
        for alert in found.alerts
        if alert.key == key and alert.tier == "stop" and len(reason) < SHORTEST_REASON
    ]
    if too_short:
        raise Invalid(errors=too_short)
    if any(not _answered(alert, overrides) for alert in found.alerts):
        alerts = [{**asdict(alert), "answered": _answered(alert, overrides)} for alert in found.alerts]
        raise AlertsUnresolved(alerts=alerts, coverage=coverage(found))
    return [_event(alert, overrides.get(alert.key), actor_id, found.facts_version) for alert in found.alerts]


def _answered(alert: Alert, overrides: Mapping[str, str]) -> bool:
    return alert.tier == "info" or (alert.overridable and alert.key in overrides)


def _event(alert: Alert, reason: str | None, actor_id: UUID, facts_version: str) -> AlertEvent:
    decision = "shown" if reason is None else "overridden" if alert.tier == "stop" else "acknowledged"
    return AlertEvent(
        position=alert.positions[0] if len(alert.positions) == 1 else None,
        key=alert.key,
        rule=alert.rule,
        tier=alert.tier,
        message=alert.message,
        decision=decision,
        reason=reason or "",
        actor_id=actor_id,
        facts_version=facts_version,
        at=clock.now(),
    )
