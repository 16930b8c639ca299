"""The facts of medicine that checks rest on: three files, read strictly. A file with one wrong row is refused whole.

They ship as seed data with their sources and confidence. A clinic's doctor and pharmacist approve them before real use.
"""

import csv
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any, TypeVar

from prescription_service.forms import FORMS, ROUTES

FILES = ("formulary.csv", "interactions.csv", "allergy_classes.csv")
SEVERITIES = ("contraindicated", "major", "moderate")
MATCH_LEVELS = ("ingredient", "class", "ingredient-class", "class-ingredient")
CONFIDENCE = ("high", "medium", "low")
ATC = re.compile(r"[A-V][0-9]{2}[A-Z]{2}([0-9]{2})?", re.ASCII)
ATC_PREFIX = re.compile(r"[A-V][0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?", re.ASCII)
ERROR_PRONE_NUMBER = re.compile(r"(?<![\d,])\.\d|\.\d*0(?!\d)|\d{5}", re.ASCII)
"""A naked point, a trailing zero, or thousands without their comma: each has been read as ten times the dose."""


ALLERGY_LEVELS = {
    "": "nothing",
    "stop": "stop",
    "warn": "warn",
    "info": "info",
    "info only": "info",
    "record and print only": "nothing",
    "stop for amiodarone": "stop",
    "stop (angioedema); warn (cough)": "cough",
    "stop when the recorded reaction was immediate or severe, else warn": "immediate",
    "warn (stop when the recorded reaction was anaphylaxis, angioedema or severe skin reaction)": "severe",
}
"""The levels that `allergy_classes.csv` may use, and what each means to the checks."""


class FactsRefused(ValueError):  # noqa: N818 - as refusals are named here
    """The files cannot be taken; `errors` are all reasons, each with its file and line."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


@dataclass(frozen=True)
class ListedMedicine:
    """One generic medicine in one form. `duplicate_classes` are ATC prefixes."""

    formulary_id: str
    generic_name: str
    tall_man_name: str
    atc_code: str
    duplicate_classes: list[str]
    dose_form: str
    routes: list[str]
    strengths: list[str]
    quantity_unit: str
    ingredients: list[str]
    allergy_classes: list[str]
    high_alert: bool
    controlled: bool
    prescribe_unit_rule: str
    confidence: str
    note: str

    @property
    def by_brand(self) -> bool:
        """Products differ so much that the brand has to be named."""
        return "prescribe by brand" in f"{self.note} {self.prescribe_unit_rule}"

    @property
    def weekly_only(self) -> bool:
        """Taken once a week; every day it kills."""
        return "must be weekly" in self.prescribe_unit_rule


def listed_as(copied: Mapping[str, Any], formulary_id: str) -> ListedMedicine:
    """A medicine as the list had it when it was prescribed, from the copy that a prescription keeps."""
    rest = {name: value for name, value in copied.items() if name != "facts_version"}
    gone: dict[str, Any] = {"formulary_id": formulary_id, "routes": [], "strengths": [], "prescribe_unit_rule": ""}
    return ListedMedicine(**gone, note="", **rest)


@dataclass(frozen=True)
class Interaction:
    """Two groups of medicines, by ATC prefixes, that do each other harm."""

    interaction_id: str
    a_name: str
    a_atc: list[str]
    b_name: str
    b_atc: list[str]
    match_level: str
    severity: str
    mechanism: str
    source: str
    source_read: bool
    confidence: str
    note: str


@dataclass(frozen=True)
class AllergyRule:
    """What an allergy to a class means inside it, and for another class."""

    class_key: str
    label: str
    within: str
    cross_classes: list[str]
    cross_level: str
    basis: str
    confidence: str


@dataclass(frozen=True)
class Facts:
    """Everything that checks know. `version` changes with any byte of the files."""

    version: str
    medicines: dict[str, ListedMedicine]
    interactions: list[Interaction]
    allergy_rules: list[AllergyRule]


R = TypeVar("R")
Row = Mapping[str, str]


def read(texts: Mapping[str, str]) -> Facts:
    """The facts in the three files, by name. Raises `FactsRefused` with everything that is wrong."""
    errors: list[str] = []
    medicines = list(_rows(texts, "formulary.csv", _medicine, errors))
    interactions = list(_rows(texts, "interactions.csv", _interaction, errors))
    rules = list(_rows(texts, "allergy_classes.csv", _allergy_rule, errors))
    errors += _repeated("formulary.csv", [medicine.formulary_id for medicine in medicines])
    errors += _repeated("formulary.csv", [f"{one.generic_name} {one.dose_form}" for one in medicines])
    errors += _repeated("interactions.csv", [rule.interaction_id for rule in interactions])
    if errors:
        raise FactsRefused(errors)
    version = hashlib.sha256("\0".join(texts[name] for name in FILES).encode()).hexdigest()[:16]
    return Facts(version, {one.formulary_id: one for one in medicines}, interactions, rules)


def _rows(texts: Mapping[str, str], name: str, build: Callable[[Row], R], errors: list[str]) -> Iterator[R]:
    reader = csv.DictReader(StringIO(texts.get(name, "")), strict=True)
    found = 0
    try:
        for row in reader:
            found += 1
            try:
                yield build(_complete(row))
            except (ValueError, KeyError) as error:
                errors.append(f"{name} line {reader.line_num}: {_said(error)}")
    except csv.Error as error:
        errors.append(f"{name} line {reader.line_num}: {error}")
    if not found:
        errors.append(f"{name}: there are no rows")


def _said(error: Exception) -> str:
    return f"no column {error}" if isinstance(error, KeyError) else str(error)


def _complete(row: dict[Any, Any]) -> Row:
    if None in row or None in row.values():
        raise ValueError("the row has too many or too few columns")
    return {name: value.strip() for name, value in row.items()}


def _repeated(name: str, keys: list[str]) -> list[str]:
    return [f"{name}: {key} is there twice" for key in sorted({key for key in keys if keys.count(key) > 1})]


def _medicine(row: Row) -> ListedMedicine:
    form, routes = row["dose_form"], row["route"].split(" or ")
    _demand(form in FORMS, f"unknown form {form!r}")
    _demand(all(route in ROUTES for route in routes), f"unknown route {row['route']!r}")
    _demand(all(route in FORMS[form].routes for route in routes), f"{row['route']!r} is no route of {form!r}")
    _demand(row["quantity_unit"] in FORMS[form].supply_units, f"{row['quantity_unit']!r} is no unit of {form!r}")
    _demand(ATC.fullmatch(row["atc_code"]) is not None, f"{row['atc_code']!r} is no ATC code")
    strengths = _list(row["strengths"], "|", "strength")
    for strength in strengths:
        _demand(not ERROR_PRONE_NUMBER.search(strength), f"{strength!r} is written so that it can be misread")
    return ListedMedicine(
        _text(row, "formulary_id"),
        _text(row, "generic_name"),
        _tall_man(row),
        row["atc_code"],
        _prefixes(row["duplicate_class"]),
        form,
        routes,
        strengths,
        row["quantity_unit"],
        _list(row["ingredients"], "|", "ingredient"),
        _list(row["allergy_classes"], "|", "allergy class"),
        _flag(row, "high_alert"),
        _flag(row, "controlled_hint"),
        row["prescribe_unit_rule"],
        _one_of(row, "confidence", CONFIDENCE),
        row["note"],
    )


def _interaction(row: Row) -> Interaction:
    a, b = _prefixes(row["a_atc"]), _prefixes(row["b_atc"])
    itself = next((x for x in a for y in b if x.startswith(y) or y.startswith(x)), None)
    _demand(itself is None, f"{itself} would interact with itself")
    return Interaction(
        _text(row, "interaction_id"),
        _text(row, "a_name"),
        a,
        _text(row, "b_name"),
        b,
        _one_of(row, "match_level", MATCH_LEVELS),
        _one_of(row, "severity", SEVERITIES),
        _text(row, "mechanism"),
        _text(row, "source"),
        _flag(row, "source_read"),
        _one_of(row, "confidence", CONFIDENCE),
        row["note"],
    )


def _allergy_rule(row: Row) -> AllergyRule:
    for name in ("matches_within_class", "cross_class_level"):
        _demand(row[name] in ALLERGY_LEVELS, f"{name} is {row[name]!r}, which no check understands")
    return AllergyRule(
        _text(row, "class_key"),
        _text(row, "label"),
        _text(row, "matches_within_class"),
        [key for key in row["cross_class"].split(";") if key],
        row["cross_class_level"],
        row["basis"],
        _one_of(row, "confidence", CONFIDENCE),
    )


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def _text(row: Row, name: str) -> str:
    _demand(row[name] != "", f"{name} is empty")
    return row[name]


def _list(value: str, separator: str, name: str) -> list[str]:
    found = [part.strip() for part in value.split(separator)]
    _demand(all(found), f"empty {name}")
    return found


def _prefixes(value: str) -> list[str]:
    found = _list(value, ";", "ATC prefix")
    for prefix in found:
        _demand(ATC_PREFIX.fullmatch(prefix) is not None, f"{prefix!r} is no beginning of an ATC code")
    return found


def _flag(row: Row, name: str) -> bool:
    return _one_of(row, name, ("yes", "no")) == "yes"


def _one_of(row: Row, name: str, choices: tuple[str, ...]) -> str:
    _demand(row[name] in choices, f"{name} is {row[name]!r}, not one of {', '.join(choices)}")
    return row[name]


def _tall_man(row: Row) -> str:
    """The generic name in other capitals; the salt may be left out."""
    name = _text(row, "tall_man_name")
    _demand(_text(row, "generic_name").lower().startswith(name.lower()), "the tall-man name is another name")
    return name
