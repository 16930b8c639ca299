"""The safety checks themselves: what they find, how strictly, and that they never claim more than they did."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from prescription_service import facts, medicine_list, words
from prescription_service.checking import Found, Item, KnownAllergy, NotChecked, Patient, Tier, check, codes_of
from prescription_service.structure import AsNeeded, Duration, Frequency, Structure

FACTS = facts.read(medicine_list.shipped())
DAY = date(2027, 3, 1)
BY_NAME = {(one.generic_name, one.dose_form): one for one in FACTS.medicines.values()}


def item(name: str, form: str = "tablet", position: int | None = 1, **changed: Any) -> Item:
    listed = BY_NAME[name, form]
    structure = Structure(
        formulary_id=listed.formulary_id,
        strength=listed.strengths[0],
        route=listed.routes[0],
        dose_unit=listed.quantity_unit,
        dose=Decimal(1),
        frequency=Frequency("per-day", times=1),
        duration=Duration(7, "days"),
        quantity=Decimal(7),
        repeats=0,
    )
    structure = replace(structure, **changed)
    origin = "" if position else "26-7K4M9QXD-V, Dr Okafor"
    return Item(words.name(structure, listed), listed, position, origin, structure, DAY, date(2027, 3, 7))


def taking(name: str, form: str = "tablet", **changed: Any) -> Item:
    return item(name, form, None, **changed)


def allergic(key: str, reaction: str = "rash", kind: str = "class", status: str = "active") -> KnownAllergy:
    return KnownAllergy(kind, key, key, reaction, "reported", status)


def found(*items: Item, allergies: Any = (), others: Any = (), state: str = "none-known") -> Found:
    return check(items, (), Patient("has" if allergies else state, None, allergies, others), FACTS)


def tiers(result: Found) -> list[tuple[Tier, str]]:
    return [(alert.tier, alert.rule) for alert in result.alerts]


@pytest.mark.parametrize(
    ("medicine", "form", "allergy", "tier"),
    [
        ("amoxicillin", "capsule", allergic("penicillin"), "stop"),
        ("amoxicillin", "capsule", allergic("penicillin", "intolerance"), "info"),
        ("amoxicillin", "capsule", allergic("penicillin", status="refuted"), "info"),
        ("amoxicillin", "capsule", allergic("penicillin", status="entered-in-error"), None),
        ("amoxicillin", "capsule", allergic("amoxicillin", kind="ingredient"), "stop"),
        ("amoxicillin + clavulanic acid", "tablet", allergic("clavulanic acid", kind="ingredient"), "stop"),
        ("flucloxacillin", "capsule", allergic("amoxicillin", kind="ingredient"), "stop"),
        ("cefixime", "tablet", allergic("penicillin", "rash"), "ask"),
        ("cefixime", "tablet", allergic("penicillin", "anaphylaxis"), "stop"),
        ("cefalexin", "capsule", allergic("penicillin", "rash"), "ask"),
        ("cefalexin", "capsule", allergic("penicillin", "urticaria"), "stop"),
        ("amoxicillin", "capsule", allergic("cephalosporin"), "ask"),
        ("amoxicillin", "capsule", allergic("beta_lactam"), "ask"),
        ("codeine + paracetamol", "tablet", allergic("paracetamol"), "stop"),
        ("sulfamethoxazole + trimethoprim", "tablet", allergic("trimethoprim"), "stop"),
        ("furosemide", "tablet", allergic("sulfonamide_antibiotic"), "info"),
        ("acetylsalicylic acid", "tablet", allergic("nsaid"), "stop"),
        ("lisinopril", "tablet", allergic("ace_inhibitor", "cough"), "ask"),
        ("lisinopril", "tablet", allergic("ace_inhibitor", "angioedema"), "stop"),
        ("losartan potassium", "tablet", allergic("ace_inhibitor", "angioedema"), "ask"),
        ("amiodarone hydrochloride", "tablet", allergic("iodine"), "stop"),
        ("metformin hydrochloride", "tablet", allergic("biguanide"), "stop"),
        ("amoxicillin", "capsule", allergic("nsaid"), None),
    ],
)
def test_an_allergy_is_found_as_strictly_as_the_files_say(
    medicine: str, form: str, allergy: KnownAllergy, tier: str | None
) -> None:
    result = found(item(medicine, form), allergies=[allergy])

    assert [alert.tier for alert in result.alerts] == ([tier] if tier else [])
    assert all(medicine in alert.message.lower() and allergy.label in alert.message for alert in result.alerts)


def test_an_allergy_in_free_text_is_compared_with_nothing_and_that_is_said() -> None:
    result = found(item("amoxicillin", "capsule"), allergies=[allergic("Amoxicillin", kind="text")])

    assert result.alerts == ()
    assert result.not_checked == (NotChecked("Amoxicillin", "This allergy is in free text."),)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("warfarin sodium", "metronidazole", ("ask", "interaction:X018")),
        ("simvastatin", "clarithromycin", ("stop", "interaction:X008")),
        ("simvastatin", "amlodipine", ("info", "interaction:X012")),
        ("methotrexate", "sulfamethoxazole + trimethoprim", ("stop", "interaction:X027")),
        ("warfarin sodium", "ibuprofen", ("ask", "interaction:X023")),
        ("lisinopril", "sulfamethoxazole + trimethoprim", ("ask", "interaction:X031")),
        ("diazepam", "codeine + paracetamol", ("ask", "interaction:X051")),
    ],
)
def test_an_interaction_is_found_both_ways_and_with_what_is_taken_besides(
    one: str, other: str, expected: tuple[str, str]
) -> None:
    week = {"frequency": Frequency("per-week", times=1, weekdays=("Monday",)), "quantity": Decimal(1)}
    a = item(one, **(week if one == "methotrexate" else {}))

    assert tiers(found(a, item(other, position=2))) == [expected]
    assert tiers(found(item(other, position=2), a)) == [expected]
    assert tiers(found(a, others=[taking(other)])) == [expected]


def test_every_rule_of_the_file_fires_both_ways_or_names_what_the_list_does_not_hold() -> None:
    fired = set()
    for one in FACTS.medicines.values():
        for other in FACTS.medicines.values():
            a = Item("a", one, 1, "", None, DAY, DAY)
            b = Item("b", other, None, "elsewhere", None, DAY, DAY)
            there = {alert.rule for alert in found(a, others=[b]).alerts if "interaction" in alert.rule}
            back = {
                alert.rule
                for alert in found(replace(b, position=1), others=[replace(a, position=None)]).alerts
                if "interaction" in alert.rule
            }
            assert there == back
            fired |= there
    assert len(fired) >= 49  # of 66; the rest is about medicines that the seed list does not hold


def test_the_worst_of_several_rules_is_told() -> None:
    assert tiers(found(item("citalopram"), others=[taking("amiodarone hydrochloride")])) == [
        ("stop", "interaction:X049")
    ]


def test_parts_of_a_combination_count() -> None:
    combined = BY_NAME["codeine + paracetamol", "tablet"]

    assert codes_of(combined, FACTS) == {"N02AJ06", "R05DA04", "N02BE01"}
    assert tiers(found(item("codeine + paracetamol"), others=[taking("paracetamol")])) == [
        ("stop", "duplicate:ingredient")
    ]


def test_glucosamine_is_no_anti_inflammatory() -> None:
    glucosamine = replace(BY_NAME["ibuprofen", "tablet"], atc_code="M01AX05", ingredients=["glucosamine"])
    other = replace(taking("ibuprofen"), listed=replace(glucosamine, duplicate_classes=["M01AX"]))

    assert found(item("warfarin sodium"), others=[other]).alerts == ()


def test_a_duplicate_counts_while_both_are_taken() -> None:
    before = replace(taking("ibuprofen"), starts_on=date(2027, 1, 1), ends_on=date(2027, 2, 28))
    long = replace(before, ends_on=None)

    assert found(item("ibuprofen"), others=[before]).alerts == ()
    assert tiers(found(item("ibuprofen"), others=[long])) == [("stop", "duplicate:ingredient")]
    assert tiers(found(item("ibuprofen"), item("naproxen", position=2))) == [("ask", "duplicate:class")]
    assert tiers(found(item("lisinopril"), others=[taking("enalapril maleate")])) == [("ask", "duplicate:class")]


@pytest.mark.parametrize(
    ("frequency", "fine"),
    [
        (Frequency("per-week", times=1, weekdays=("Monday",)), True),
        (Frequency("per-day", times=1), False),
        (Frequency("per-week", times=2, weekdays=("Monday", "Friday")), False),
        (Frequency("every-days", every=7), False),
        (Frequency("once"), False),
    ],
)
def test_methotrexate_is_weekly_and_nobody_can_override_that(frequency: Frequency, fine: bool) -> None:
    quantity = Decimal(1 if fine or frequency.kind != "per-day" else 7)
    quantity = Decimal(2) if frequency.times == 2 else quantity
    alerts = found(item("methotrexate", frequency=frequency, quantity=quantity)).alerts

    assert [(one.rule, one.tier, one.overridable) for one in alerts] == (
        [] if fine else [("medicine:weekly", "stop", False)]
    )


@pytest.mark.parametrize(
    ("change", "quantity", "tier"),
    [
        ({}, 21, None),
        ({}, 22, None),
        ({}, 23, None),
        ({}, 24, "ask"),
        ({}, 18, "ask"),
        ({}, 63, "ask"),
        ({}, 64, "stop"),
        ({}, 7, "ask"),
        ({}, 6, "stop"),
        ({"frequency": Frequency("every-hours", every=8)}, 21, None),
        ({"frequency": Frequency("every-days", every=2)}, 4, None),
        ({"frequency": Frequency("once")}, 1, None),
        ({"dose": Decimal("0.5")}, 11, None),
        ({"dose": None, "frequency": Frequency("parts-of-day", morning=Decimal(1), night=Decimal(2))}, 21, None),
        ({"duration": Duration(2, "weeks")}, 42, None),
        ({"duration": Duration(review_on=date(2027, 6, 1))}, 999, None),
        ({"as_needed": AsNeeded("pain", 4)}, 999, None),
    ],
)
def test_the_quantity_is_compared_with_the_course(change: dict[str, Any], quantity: int, tier: str | None) -> None:
    frequency = {"frequency": Frequency("per-day", times=3)}
    result = found(item("paracetamol", **{**frequency, "quantity": Decimal(quantity), **change}))

    assert tiers(result) == ([(tier, "quantity")] if tier else [])
    (shown,) = (text for _, text in result.arithmetic)
    assert shown.startswith("The quantity is not checked") == (quantity == 999)
    assert all(str(quantity) in alert.message and "= 21 tablets" in alert.message for alert in result.alerts)


def test_nobody_asked_has_to_be_answered_and_none_known_has_not() -> None:
    assert tiers(found(item("paracetamol"), state="not-asked")) == [("ask", "allergy:not-asked")]
    assert found(item("paracetamol"), state="none-known").alerts == ()


def test_what_is_not_from_the_list_is_named_as_not_checked() -> None:
    words_only = NotChecked("Ginkgo", "It is not from the medicine list.")
    result = check([item("paracetamol")], [words_only], Patient("none-known", None, (), ()), FACTS)

    assert result.checked == ("paracetamol 500 mg tablet",)
    assert result.not_checked == (words_only,)
    assert (result.interaction_rules, result.facts_version) == (66, FACTS.version)


def test_an_alert_is_another_one_when_the_medicine_changes() -> None:
    def key(**changed: Any) -> str:
        (alert,) = found(item("amoxicillin", "capsule", **changed), allergies=[allergic("penicillin")]).alerts
        return alert.key

    assert key() == key()
    assert (
        len({key(), key(dose=Decimal(2), quantity=Decimal(14)), key(strength="500 mg"), key(indication="otitis")}) == 4
    )
    (worse,) = found(item("amoxicillin", "capsule"), allergies=[allergic("penicillin", "anaphylaxis")]).alerts
    assert worse.key != key()


def test_facts_in_another_order_say_the_same() -> None:
    """The numbers of rules are places in a list, so nothing may be kept from one list for another."""
    turned = replace(FACTS, interactions=FACTS.interactions[::-1])
    items, patient = [item("warfarin sodium"), item("metronidazole", position=2)], Patient("none-known", None, (), ())

    for known in (FACTS, turned, FACTS):
        assert tiers(check(items, (), patient, known)) == [("ask", "interaction:X018")]
