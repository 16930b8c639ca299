"""The safety checks: allergies, duplicates, interactions, quantity and rules of single medicines. No network, no table.

Every alert names the medicine and the fact. What could not be compared with anything is said too, so that silence
never looks like safety.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import combinations, product
from typing import Literal

from prescription_service import weights
from prescription_service.facts import ALLERGY_LEVELS, Facts, Interaction, ListedMedicine
from prescription_service.quantities import reckon
from prescription_service.structure import STRUCTURE, Structure
from prescription_service.weights import ByWeight, Weight

Tier = Literal["stop", "ask", "info"]
TIERS: tuple[Tier, ...] = ("stop", "ask", "info")
_OF_SEVERITY: dict[str, Tier] = {"contraindicated": "stop", "major": "ask", "moderate": "info"}
_SEVERE = {"anaphylaxis", "angioedema", "severe-skin"}
_IMMEDIATE = {"bronchospasm", "urticaria"}
_NO_NSAID = "M01AX05"
"""Glucosamine stands among the anti-inflammatory medicines in ATC and does none of what they do."""


@dataclass(frozen=True)
class Item:
    """One medicine from the list: of this prescription (`position`), or taken besides it (`origin` says whence)."""

    name: str
    listed: ListedMedicine
    position: int | None = None
    origin: str = ""
    structure: Structure | None = None
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True)
class KnownAllergy:
    """What the patient is allergic to."""

    kind: str
    key: str
    label: str
    reaction: str
    certainty: str
    status: str


@dataclass(frozen=True)
class Patient:
    """What is known of the patient. `others` are the medicines taken besides this prescription."""

    allergy_state: str
    asked_at: datetime | None
    allergies: Sequence[KnownAllergy]
    others: Sequence[Item]
    weight: Weight | None = None

    @property
    def on_record(self) -> tuple[str, ...]:
        """The allergies that count, each with what it did: `penicillin (rash)`."""
        active = [one for one in self.allergies if one.status == "active"]
        said = {one: "" if one.reaction in {"", "other", "unknown"} else f" ({one.reaction})" for one in active}
        return tuple(one.label + words.replace("-", " ") for one, words in said.items())


@dataclass(frozen=True)
class Alert:
    """One thing to think of. `key` changes with the medicine, so that an override never outlives what it was for."""

    key: str
    rule: str
    tier: Tier
    message: str
    positions: tuple[int, ...]
    overridable: bool = True


@dataclass(frozen=True)
class NotChecked:
    """Something that was compared with nothing, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Found:
    """What the checks found, and what they covered."""

    alerts: tuple[Alert, ...]
    checked: tuple[str, ...]
    compared_with: tuple[str, ...]
    not_checked: tuple[NotChecked, ...]
    arithmetic: tuple[tuple[int, str], ...]
    interaction_rules: int
    facts_version: str
    allergy_state: str
    allergies_asked_at: datetime | None
    allergies: tuple[str, ...] = ()


def check(items: Sequence[Item], unlisted: Sequence[NotChecked], patient: Patient, facts: Facts) -> Found:
    """Compare the medicines of one prescription with each other and with all that is known of the patient.

    `unlisted` is what nothing can be compared with, on this prescription and besides it.
    """
    alerts = [
        *(found for item in items for found in _allergies(item, patient, facts)),
        *_pairs(items, patient.others, facts),
        *(found for item in items for found in _own_rules(item, patient.weight)),
        *_not_asked(items, patient),
    ]
    return Found(
        alerts=tuple(sorted(alerts, key=lambda one: TIERS.index(one.tier))),
        checked=tuple(item.name for item in items),
        compared_with=tuple(f"{item.name}{_from(item)}" for item in patient.others),
        not_checked=(*unlisted, *_in_free_text(patient)),
        arithmetic=tuple(_arithmetic(items, patient.weight)),
        interaction_rules=len(facts.interactions),
        facts_version=facts.version,
        allergy_state=patient.allergy_state,
        allergies_asked_at=patient.asked_at,
        allergies=patient.on_record,
    )


def alert(
    rule: str, tier: Tier, message: str, items: Sequence[Item], fact: str = "", *, overridable: bool = True
) -> Alert:
    """An alert whose key holds the rule, the medicines in full and the fact about the patient."""
    parts = [rule, fact]
    for item in sorted(items, key=lambda one: (one.position or 99, one.name)):
        content = STRUCTURE.dump_json(item.structure).decode() if item.position and item.structure else item.origin
        parts += [item.name, content]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]
    return Alert(key, rule, tier, message, tuple(item.position for item in items if item.position), overridable)


def _allergies(item: Item, patient: Patient, facts: Facts) -> Iterator[Alert]:
    for allergy in patient.allergies:
        level = _level(item.listed, allergy, facts) if allergy.status != "entered-in-error" else None
        if level is None:
            continue
        tier: Tier = "info" if allergy.status == "refuted" or allergy.reaction == "intolerance" else level
        state = "refuted" if allergy.status == "refuted" else allergy.certainty
        fact = f"{allergy.label} ({allergy.reaction}, {state})"
        yield alert(f"allergy:{allergy.key}", tier, f"{item.name}: allergy on record to {fact}.", [item], fact)


def _level(listed: ListedMedicine, allergy: KnownAllergy, facts: Facts) -> Tier | None:
    """The strictest that applies. An allergy to an ingredient is one to its classes too."""
    if allergy.kind == "text":
        return None
    if allergy.kind == "ingredient" and allergy.key in listed.ingredients:
        return "stop"
    classes = {allergy.key} if allergy.kind == "class" else _classes_of(allergy.key, facts)
    found = {_tier(level, allergy.reaction) for key in classes for level in _levels(key, listed, facts)}
    return next((tier for tier in TIERS if tier in found), None)


def _classes_of(ingredient: str, facts: Facts) -> set[str]:
    alone = [one for one in facts.medicines.values() if one.ingredients == [ingredient]]
    return {name for one in alone for name in one.allergy_classes} - {"none"}


def _levels(key: str, listed: ListedMedicine, facts: Facts) -> Iterator[str]:
    """What the rules of a class say of this medicine; a class without a rule stops within itself."""
    rules = [rule for rule in facts.allergy_rules if rule.class_key == key]
    if key in listed.allergy_classes:
        yield from (rule.within for rule in rules) if rules else ["stop"]
    for rule in rules:
        if set(rule.cross_classes) & set(listed.allergy_classes):
            yield rule.cross_level


def _tier(level: str, reaction: str) -> Tier | None:
    """A level of the file for a recorded reaction. What is not understood stops: it was refused at import."""
    match ALLERGY_LEVELS.get(level, "stop"):
        case "stop":
            return "stop"
        case "warn":
            return "ask"
        case "info":
            return "info"
        case "severe":
            return "stop" if reaction in _SEVERE else "ask"
        case "immediate":
            return "stop" if reaction in _SEVERE | _IMMEDIATE else "ask"
        case "cough":
            return "ask" if reaction == "cough" else "stop"
    return None


def _pairs(items: Sequence[Item], others: Sequence[Item], facts: Facts) -> Iterator[Alert]:
    for one, other in [*combinations(items, 2), *product(items, others)]:
        duplicate = _duplicate(one, other)
        if duplicate:
            yield duplicate
        found = _interaction(one, other, facts)
        if found:
            yield found


def _duplicate(one: Item, other: Item) -> Alert | None:
    a, b = one.listed, other.listed
    if not _overlap(one, other):
        return None
    pair = f"{one.name} and {other.name}{_from(other)}"
    if same := sorted(set(a.ingredients) & set(b.ingredients)):
        return alert("duplicate:ingredient", "stop", f"{pair} both hold {', '.join(same)}.", [one, other])
    if classes := [
        x for x, y in product(a.duplicate_classes, b.duplicate_classes) if x.startswith(y) or y.startswith(x)
    ]:
        return alert("duplicate:class", "ask", f"{pair} are of one kind ({', '.join(classes)}).", [one, other])
    return None


def _overlap(one: Item, other: Item) -> bool:
    """Whether both are taken on one day. What has no dates is taken always."""
    early = one.starts_on and other.ends_on and other.ends_on < one.starts_on
    late = other.starts_on and one.ends_on and one.ends_on < other.starts_on
    return not (early or late)


def _interaction(one: Item, other: Item, facts: Facts) -> Alert | None:
    sides = _sides(facts)
    a, b = sides(one.listed), sides(other.listed)
    rules = [facts.interactions[number] for number in (a[0] & b[1]) | (a[1] & b[0])]
    if not rules:
        return None
    worst = min(rules, key=lambda rule: list(_OF_SEVERITY).index(rule.severity))
    message = f"{one.name} with {other.name}{_from(other)}: {worst.severity}. {_sentence(worst)}"
    return alert(f"interaction:{worst.interaction_id}", _OF_SEVERITY[worst.severity], message, [one, other])


def _sentence(rule: Interaction) -> str:
    return f"{rule.mechanism[:1].upper()}{rule.mechanism[1:]}." + (f" Note: {rule.note}." if rule.note else "")


def _from(other: Item) -> str:
    return f" ({other.origin})" if other.origin else ""


Sides = Callable[[ListedMedicine], tuple[frozenset[int], frozenset[int]]]
_prepared: tuple[Facts, Sides] | None = None


def _sides(facts: Facts) -> Sides:
    """For a medicine, the numbers of the rules that have it on their one side, and on their other.

    Kept for these very facts and no others of the same version: the numbers are places in their list.
    """
    global _prepared
    prepared = _prepared
    if prepared is None or prepared[0] is not facts:
        _prepared = prepared = facts, _sides_in(facts)
    return prepared[1]


def _sides_in(facts: Facts) -> Sides:
    @cache
    def matching(codes: frozenset[str]) -> tuple[frozenset[int], frozenset[int]]:
        a = {n for n, rule in enumerate(facts.interactions) if _any_begins(codes, rule.a_atc)}
        b = {n for n, rule in enumerate(facts.interactions) if _any_begins(codes, rule.b_atc)}
        return frozenset(a), frozenset(b)

    return lambda listed: matching(codes_of(listed, facts))


def codes_of(listed: ListedMedicine, facts: Facts) -> frozenset[str]:
    """The ATC code of a medicine, and of each part of a combination."""
    if len(listed.ingredients) == 1:
        return frozenset({listed.atc_code})
    alone = {one.ingredients[0]: one.atc_code for one in facts.medicines.values() if len(one.ingredients) == 1}
    return frozenset({listed.atc_code, *(alone[name] for name in listed.ingredients if name in alone)})


def _any_begins(codes: frozenset[str], prefixes: Sequence[str]) -> bool:
    return any(code.startswith(tuple(prefixes)) and not code.startswith(_NO_NSAID) for code in codes)


def _own_rules(item: Item, weight: Weight | None) -> Iterator[Alert]:
    listed, structure = item.listed, item.structure
    if structure is None:
        return
    how = structure.frequency
    if listed.weekly_only and not (how.kind == "per-week" and how.times == 1 and len(how.weekdays) == 1):
        message = f"{item.name} is taken once a week on a named weekday. Every day it can kill."
        yield alert("medicine:weekly", "stop", message, [item], overridable=False)
    by_weight = weights.reckon(structure, weight)
    if by_weight and by_weight.off:
        yield _by_weight(item, by_weight)
    reckoning = reckon(structure, listed.quantity_unit)
    if reckoning.expected is not None:
        yield from _quantity(item, structure.quantity, reckoning.expected, reckoning.shown)


def _by_weight(item: Item, sum_: ByWeight) -> Alert:
    return alert("dose:weight", "stop" if sum_.far_off else "ask", f"{item.name}: {sum_.shown}.", [item], sum_.shown)


def _quantity(item: Item, given: Decimal, expected: Decimal, shown: str) -> Iterator[Alert]:
    if given == expected or abs(given - expected) * 10 <= expected:
        return
    far = given > 3 * expected or given * 3 < expected
    message = f"{item.name}: {given.normalize():f} are prescribed, and the course takes {shown}."
    yield alert("quantity", "stop" if far else "ask", message, [item])


def _not_asked(known: Sequence[Item], patient: Patient) -> Iterator[Alert]:
    if known and patient.allergy_state == "not-asked":
        message = "Nobody has asked this patient about allergies yet."
        yield alert("allergy:not-asked", "ask", message, known, "not-asked")


def _in_free_text(patient: Patient) -> Iterator[NotChecked]:
    for allergy in patient.allergies:
        if allergy.kind == "text" and allergy.status == "active":
            yield NotChecked(allergy.label, "This allergy is in free text.")


def _arithmetic(known: Sequence[Item], weight: Weight | None) -> Iterator[tuple[int, str]]:
    for item in known:
        if item.structure and item.position:
            if by_weight := weights.reckon(item.structure, weight):
                yield item.position, by_weight.shown
            yield item.position, reckon(item.structure, item.listed.quantity_unit).shown
