"""Structured medicines to prescribe in tests, right ones to be changed, and the request that prescribes them."""

from typing import Any

from tests.api import Api

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


def write(api: Api, visit: str, *medicines: Any, expect: int = 201, **more: Any) -> Any:
    return api.post("/prescriptions", json={"appointment_id": visit, "medicines": medicines, **more}, expect=expect)
