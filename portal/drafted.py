"""A draft put back into the boxes it was typed in."""

from decimal import Decimal
from typing import Any

from werkzeug.datastructures import MultiDict

from portal import how_often
from portal.api.drafts import Draft, Drafted, DraftedParts, DraftedWords
from portal.course import plural
from portal.medicine_fields import WORDS, new_key
from portal.medicine_form import MedicineRow
from portal.prescription_form import PrescriptionForm

_SAME = ("formulary_id", "strength", "route", "site", "dose_unit", "brand", "no_substitution_reason", "indication")


def form_of(draft: Draft) -> PrescriptionForm:
    """The form as its author would have filled it."""
    typed: MultiDict[str, str] = MultiDict([("notes", draft.notes), ("version", str(draft.version))])
    if draft.weight:
        typed.add("weight_kg", _figure(draft.weight.kg))
        for name, value in _date("weighed_on", draft.weight.measured_on.isoformat()):
            typed.add(name, value)
    for number, medicine in enumerate(draft.medicines):
        for name, value in boxes(medicine):
            typed.add(f"medicines-{number}-{name}", value)
    return PrescriptionForm(typed)


def same(form: PrescriptionForm, draft: Draft) -> bool:
    """Whether this is what the draft says already. Only for a form that was found right."""
    return form.content == form_of(draft).content


def sent(medicines: list[DraftedParts]) -> list[dict[str, Any]]:
    """Medicines as the prescription service takes them."""
    return [MedicineRow(MultiDict(boxes(medicine))).sent for medicine in medicines]


def words(medicine: DraftedParts) -> str:
    """How it is taken, in short: `1 capsule, 3 times a day, for 7 days`."""
    lasts = medicine.duration or {}
    often = how_often.said(medicine.frequency)
    unit = medicine.dose_unit if medicine.dose in {None, 1} else plural(medicine.dose_unit)
    said = [f"{_figure(medicine.dose)} {unit}"] if medicine.dose else []
    said.append(f"{often} ({unit})" if medicine.dose is None else often)
    said += [f"for {lasts['count']} {lasts['unit']}"] if lasts.get("count") else []
    said += ["long-term"] if lasts.get("review_on") else []
    return ", ".join(said)


def boxes(medicine: Drafted) -> list[tuple[str, str]]:
    """The boxes of one row, by their names."""
    if isinstance(medicine, DraftedWords):
        words = [(name, str(getattr(medicine, name))) for name in WORDS]
        return [("key", new_key()), ("kind", "words"), *words]
    typed = [("key", new_key()), ("name", medicine.generic_name or medicine.name)]
    typed += [(name, str(getattr(medicine, name))) for name in (*_SAME, "instructions", "note_to_pharmacist")]
    typed += [
        ("dose", _figure(medicine.dose)),
        ("mg_per_kg", _figure(medicine.mg_per_kg)),
        ("quantity", _figure(medicine.quantity)),
    ]
    typed += [("repeats", str(medicine.repeats)), ("interval", _figure(medicine.repeat_interval_days))]
    typed += [("how_often", how_often.said(medicine.frequency)), *(("timing", words) for words in medicine.timing)]
    typed += [] if medicine.substitution_allowed else [("no_substitution", "yes")]
    typed += _date("start_on", medicine.start_on.isoformat() if medicine.start_on else None)
    return [*typed, *_course(medicine), *_needed(medicine.as_needed or {})]


def _course(medicine: DraftedParts) -> list[tuple[str, str]]:
    lasts = medicine.duration or {}
    if lasts.get("review_on"):
        return [("unit", "long"), *_date("review_on", lasts["review_on"])]
    return [("count", _figure(lasts.get("count"))), ("unit", lasts.get("unit") or "")]


def _needed(needed: dict[str, Any]) -> list[tuple[str, str]]:
    if not needed:
        return []
    numbers = [(name, _figure(needed.get(name))) for name in ("max_doses", "max_amount", "hours_apart")]
    return [("as_needed", "yes"), ("needed_for", needed["reason"]), *numbers]


def _date(name: str, iso: str | None) -> list[tuple[str, str]]:
    parts = reversed((iso or "").split("-")) if iso else ()
    return [(f"{name}-{part}", str(int(typed))) for part, typed in zip(("day", "month", "year"), parts, strict=False)]


def _figure(value: float | None) -> str:
    """As it is typed: no zero behind the point, and no comma, which would have two meanings."""
    return "" if value is None else f"{Decimal(str(value)).normalize():f}"
