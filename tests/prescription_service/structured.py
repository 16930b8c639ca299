"""Structured medicines to prescribe in tests: right ones, to be changed."""

from typing import Any

AMOXICILLIN: dict[str, Any] = {
    "formulary_id": "F013",
    "strength": "500 mg",
    "route": "oral",
    "dose": 1,
    "dose_unit": "capsule",
    "frequency": {"kind": "per-day", "times": 3},
    "duration": {"count": 7, "unit": "days"},
    "quantity": 21,
    "repeats": 0,
}


def tablets(formulary_id: str, strength: str, **changed: Any) -> dict[str, Any]:
    """Tablets, one a day for four weeks."""
    daily = {"dose_unit": "tablet", "frequency": {"kind": "per-day", "times": 1}, "quantity": 28}
    course = {"duration": {"count": 4, "unit": "weeks"}}
    return {**AMOXICILLIN, "formulary_id": formulary_id, "strength": strength, **daily, **course, **changed}


PARACETAMOL = tablets("F001", "500 mg")
WARFARIN = tablets("F065", "1 mg")
