"""The medicine list, as it is searched and shown."""

from typing import Annotated

from pydantic import Field, StringConstraints

from chassis.schemas import In, Line, Out, PlainInteger


class MedicinesIn(In):
    """What somebody has typed so far. Two characters at least: one finds half the list."""

    q: Annotated[Line, StringConstraints(min_length=2, max_length=100)]
    limit: PlainInteger = Field(default=20, ge=1, le=50)


class ListedMedicineOut(Out):
    """A medicine of the list. `dose_units` and `routes` are what a prescription may choose from."""

    formulary_id: str
    generic_name: str
    tall_man_name: str
    atc_code: str
    dose_form: str
    routes: list[str]
    strengths: list[str]
    dose_units: list[str]
    quantity_unit: str
    whole_quantity: bool
    ingredients: list[str]
    high_alert: bool
    controlled: bool
    by_brand: bool
    weekly_only: bool
    confidence: str
    note: str


class AllergyClassOut(Out):
    """A group of medicines that somebody can be allergic to; `key` is the one of an allergy of the kind `class`."""

    key: str
    label: str


class AllergyClassesOut(Out):
    """All groups, by their names."""

    items: list[AllergyClassOut]


class MedicinesOut(Out):
    """What was found, the likeliest first, and in which version of the list."""

    items: list[ListedMedicineOut]
    version: str
    approval: str
