"""A draft put back into the boxes it was typed in."""

from decimal import Decimal
from typing import Any

from werkzeug.datastructures import MultiDict

from portal import how_often
from portal.api.drafts import Draft, Drafted, DraftedParts, DraftedWords
from portal.medicine_fields import WORDS, new_key
from portal.prescription_form import PrescriptionForm

_SAME = ("formulary_id", "strength", "route", "site", "dose_unit", "brand", "no_substitution_reason", "indication")


def form_of(draft: Draft) -> PrescriptionForm:
    """The form as its author would have filled it."""
    typed: MultiDict[str, str] = MultiDict([("notes", draft.notes), ("version", str(draft.version))])
    for number, medicine in enumerate(draft.medicines):
        for name, value in boxes(medicine):
            typed.add(f"medicines-{number}-{name}", value)
    return PrescriptionForm(typed)


def same(form: PrescriptionForm, draft: Draft) -> bool:
    """Whether this is what the draft says already. Only for a form that was found right."""
    kept = form_of(draft)
    return (form.notes.data, form.sent) == (kept.notes.data, kept.sent)


def boxes(medicine: Drafted) -> list[tuple[str, str]]:
    """The boxes of one row, by their names."""
    if isinstance(medicine, DraftedWords):
        words = [(name, str(getattr(medicine, name))) for name in WORDS]
        return [("key", new_key()), ("kind", "words"), *words]
    typed = [("key", new_key()), ("name", medicine.generic_name or medicine.name)]
    typed += [(name, str(getattr(medicine, name))) for name in (*_SAME, "instructions", "note_to_pharmacist")]
    typed += [("dose", _figure(medicine.dose)), ("quantity", _figure(medicine.quantity))]
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
