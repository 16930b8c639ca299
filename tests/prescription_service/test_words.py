"""The words of a structured medicine: all of it is said, and nothing is said that can be misread."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from prescription_service import error_prone, facts, medicine_list, numerals, shortcuts, words
from prescription_service.forms import FORMS
from prescription_service.structure import (
    EYES,
    PARTS_OF_DAY,
    TIMINGS,
    WEEKDAYS,
    AsNeeded,
    Duration,
    Frequency,
    Structure,
)

LIST = facts.read(medicine_list.shipped()).medicines
WEEK = Duration(7, "days")
AMOXICILLIN = Structure(
    formulary_id="F013",
    strength="500 mg",
    route="oral",
    dose_unit="capsule",
    dose=Decimal(1),
    frequency=Frequency("per-day", times=3),
    timing=("with food",),
    duration=WEEK,
    quantity=Decimal(21),
    repeats=0,
)
FREQUENCIES = [
    Frequency("once"),
    *(Frequency("per-day", times=n) for n in range(1, 13)),
    *(Frequency("per-day", times=1, when=when) for when in ("morning", "bedtime")),
    *(Frequency("every-hours", every=n) for n in (1, 4, 6, 8, 12, 24, 36, 48, 72)),
    *(Frequency("per-week", times=n, weekdays=WEEKDAYS[:n]) for n in range(1, 7)),
    *(Frequency(kind, every=n) for kind in ("every-days", "every-weeks", "every-months") for n in (1, 2, 3, 12)),
    Frequency("parts-of-day", morning=Decimal(1), evening=Decimal("0.5")),
    Frequency("parts-of-day", morning=Decimal(2), noon=Decimal(1), evening=Decimal(1), night=Decimal("1.5")),
    Frequency("as-needed"),
]


def said(medicine: Structure) -> words.Words:
    return words.render(medicine, LIST[medicine.formulary_id])


def of(listed: facts.ListedMedicine, strength: str, frequency: Frequency) -> Structure:
    return Structure(
        formulary_id=listed.formulary_id,
        strength=strength,
        route=listed.routes[0],
        site="left eye" if listed.routes[0] == "ocular" else "",
        dose_unit=FORMS[listed.dose_form].dose_units[0],
        dose=None if frequency.kind == "parts-of-day" else Decimal(1),
        frequency=frequency,
        as_needed=AsNeeded("pain", 4, None, 6) if frequency.kind == "as-needed" else None,
        duration=None if frequency.kind == "once" else WEEK,
        quantity=Decimal(14),
        repeats=0,
    )


def test_the_sentence_of_the_specification() -> None:
    rendered = said(AMOXICILLIN)

    assert rendered.directions == "Take 1 capsule (500 mg) by mouth 3 times a day with food for 7 days."
    assert (rendered.name, rendered.duration) == ("amoxicillin 500 mg capsule", "For 7 days")
    assert rendered.instructions == "Supply: 21 (twenty-one) capsules. Repeats: 0 (none). Substitution: allowed."


@pytest.mark.parametrize(
    ("change", "directions"),
    [
        (
            {"as_needed": AsNeeded("pain", 4, None, 6), "frequency": Frequency("as-needed"), "timing": ()},
            "Take 1 capsule (500 mg) by mouth for 7 days, when needed for pain, at most 4 doses in 24 hours,"
            " at least 6 hours apart.",
        ),
        (
            {"frequency": Frequency("per-week", times=1, weekdays=("Monday",))},
            "Take 1 capsule (500 mg) by mouth once a week on Monday with food for 7 days.",
        ),
        (
            {"frequency": shortcuts.expand("1-0-2-0"), "dose": None, "timing": ()},
            "Take 1 capsule (500 mg) in the morning and 2 capsules (1,000 mg) in the evening by mouth every day"
            " for 7 days.",
        ),
        (
            {"frequency": Frequency("every-days", every=2), "duration": Duration(review_on=date(2027, 3, 5))},
            "Take 1 capsule (500 mg) by mouth every 2 days (every other day) with food long-term,"
            " to be reviewed by 5 March 2027.",
        ),
        (
            {"start_on": date(2027, 1, 2), "timing": ("before food", "at bedtime")},
            "Take 1 capsule (500 mg) by mouth 3 times a day before food and at bedtime from 2 January 2027 for 7 days.",
        ),
        ({"frequency": Frequency("once"), "duration": None}, "Take 1 capsule (500 mg) by mouth once, now with food."),
    ],
)
def test_what_is_said(change: dict[str, object], directions: str) -> None:
    assert said(replace(AMOXICILLIN, **change)).directions == directions


def test_three_times_a_day_is_not_every_eight_hours() -> None:
    assert shortcuts.expand("TDS") == Frequency("per-day", times=3)
    assert shortcuts.expand("q8h") == Frequency("every-hours", every=8)
    assert {said(replace(AMOXICILLIN, frequency=shortcuts.expand(s))).dosage for s in ("TDS", "TID", "Q8H")} == {
        "Take 1 capsule (500 mg) by mouth 3 times a day with food",
        "Take 1 capsule (500 mg) by mouth every 8 hours with food",
    }


@pytest.mark.parametrize("typed", ["", "X", "Q8", "QH", "1-0", "1-0-0-0-1", "1--1-0", "a-b-c", "Q123H"])
def test_what_is_no_shortcut_is_not_guessed(typed: str) -> None:
    assert shortcuts.expand(typed) is None


@pytest.mark.parametrize(
    ("value", "figures", "in_words", "tablets"),
    [
        ("500.0", "500", "five hundred", "500 tablets"),
        (".5", "0.5", "zero point five", "half a tablet"),
        ("0.25", "0.25", "zero point two five", "a quarter of a tablet"),
        ("1.5", "1.5", "one point five", "1 and a half tablets"),
        ("2.750", "2.75", "two point seven five", "2 and three quarters tablets"),
        ("20000", "20,000", "twenty thousand", "20,000 tablets"),
        ("1E+3", "1,000", "one thousand", "1,000 tablets"),
        ("1234", "1,234", "one thousand two hundred and thirty-four", "1,234 tablets"),
        ("1", "1", "one", "1 tablet"),
        ("10", "10", "ten", "10 tablets"),
    ],
)
def test_one_formatter_of_numbers(value: str, figures: str, in_words: str, tablets: str) -> None:
    assert numerals.figures(Decimal(value)) == figures
    assert numerals.words(Decimal(value)) == in_words
    assert numerals.amount(Decimal(value), "tablet") == tablets


def test_what_a_dose_holds_is_never_guessed_and_never_converted() -> None:
    assert words.contents("62.5 micrograms", Decimal(2), "tablet") == "125 micrograms"
    assert words.contents("1,000 mg", Decimal("1.5"), "tablet") == "1,500 mg"
    assert words.contents("125 mg/5 mL", Decimal("2.5"), "mL") == "62.5 mg"
    assert words.contents("400 micrograms/actuation", Decimal(2), "spray") == "800 micrograms"
    for strength, unit in (("8 mg/500 mg", "tablet"), ("1%", "application"), ("1 sachet", "sachet"), ("5 mg", "mL")):
        assert words.contents(strength, Decimal(1), unit) is None


def test_the_whole_list_with_every_frequency_is_said_and_cannot_be_misread() -> None:
    seen = set()
    for listed in LIST.values():
        for strength in listed.strengths:
            for frequency in FREQUENCIES:
                rendered = said(of(listed, strength, frequency))
                texts = vars(rendered)
                assert all(texts.values()), (listed, frequency)
                for text in texts.values():
                    assert list(error_prone.found_in(text)) == [], text
                    assert "None" not in text
                    assert "  " not in text
                seen.add(rendered.name + rendered.directions)
    assert len(seen) == sum(len(one.strengths) for one in LIST.values()) * len(FREQUENCIES)


@pytest.mark.parametrize("listed", LIST.values(), ids=lambda one: one.formulary_id)
def test_the_name_keeps_the_capitals_that_tell_it_apart(listed: facts.ListedMedicine) -> None:
    name = said(of(listed, listed.strengths[0], FREQUENCIES[1])).name

    assert name == f"{name[: len(listed.generic_name)]} {listed.strengths[0]} {listed.dose_form}"
    assert name.startswith(listed.tall_man_name)
    assert name.lower().startswith(listed.generic_name.lower())


WORDS = st.text("abcdefgh ", min_size=3, max_size=12).map(str.strip).filter(bool)
AMOUNT = st.sampled_from([None, Decimal("0.5"), Decimal(1), Decimal("1.5"), Decimal(3)])
COUNT = st.integers(1, 12)


@st.composite
def frequencies(draw: st.DrawFn) -> Frequency:
    kind = draw(st.sampled_from(["per-day", "per-week", "every-hours", "every-weeks", "parts-of-day", "once"]))
    counted = {"times": draw(COUNT)} if kind.startswith("per") else {"every": draw(COUNT)} if "every" in kind else {}
    if kind == "parts-of-day":
        return Frequency(kind, **{part: draw(AMOUNT) for part in PARTS_OF_DAY})
    days = draw(st.lists(st.sampled_from(WEEKDAYS), unique=True, max_size=3))
    return Frequency(kind, **counted, weekdays=tuple(days), when=draw(st.sampled_from([None, "morning", "bedtime"])))


@st.composite
def structures(draw: st.DrawFn) -> Structure:
    allowed = draw(st.booleans())
    frequency = draw(frequencies())
    return Structure(
        formulary_id="F013",
        strength=draw(st.sampled_from(["250 mg", "500 mg"])),
        route=draw(st.sampled_from(["oral", "ocular", "topical"])),
        site=draw(st.sampled_from(EYES)),
        dose_unit=draw(st.sampled_from(["capsule", "tablet", "mL"])),
        dose=None if frequency.kind == "parts-of-day" else draw(AMOUNT.filter(bool)),
        frequency=frequency,
        timing=tuple(draw(st.lists(st.sampled_from(TIMINGS), unique=True, max_size=2))),
        as_needed=draw(
            st.none() | st.builds(AsNeeded, WORDS, COUNT | st.none(), AMOUNT, st.integers(1, 24) | st.none())
        ),
        duration=draw(
            st.builds(Duration, COUNT, st.sampled_from(["days", "weeks", "months"]))
            | st.builds(Duration, review_on=st.dates(date(2027, 1, 1), date(2028, 1, 1)))
        ),
        start_on=draw(st.none() | st.dates(date(2027, 1, 1), date(2028, 1, 1))),
        quantity=draw(st.decimals(1, 9999, places=1)),
        repeats=draw(st.integers(0, 11)),
        repeat_interval_days=draw(st.none() | st.integers(1, 180)),
        substitution_allowed=allowed,
        no_substitution_reason="" if allowed else draw(WORDS),
        brand=draw(st.just("") | WORDS),
        indication=draw(st.just("") | WORDS),
        instructions=draw(st.just("") | WORDS),
        note_to_pharmacist=draw(st.just("") | WORDS),
        mg_per_kg=draw(AMOUNT),
    )


def four_texts(medicine: Structure) -> tuple[str, ...]:
    rendered = said(medicine)
    return rendered.name, rendered.dosage, rendered.duration, rendered.instructions


@given(one=structures(), other=structures(), name=st.sampled_from([field.name for field in fields(Structure)]))
def test_no_field_is_silent(one: Structure, other: Structure, name: str) -> None:
    changed = replace(one, **{name: getattr(other, name)})
    assume(changed != one)
    try:
        before, after = four_texts(one), four_texts(changed)
    except words.CannotBeSaidError:
        return

    assert before != after


@pytest.mark.parametrize(
    "change",
    [
        {"duration": None},
        {"duration": Duration()},
        {"dose": None},
        {"route": "rectal"},
        {"route": "ocular"},
        {"frequency": Frequency("per-day")},
        {"frequency": Frequency("per-day", times=3, every=8)},
        {"frequency": Frequency("parts-of-day", morning=Decimal(1))},
        {"frequency": Frequency("per-day", times=3, morning=Decimal(1))},
        {"substitution_allowed": False},
        {"no_substitution_reason": "biological"},
    ],
)
def test_what_cannot_be_said_is_refused_and_not_guessed(change: dict[str, object]) -> None:
    with pytest.raises(words.CannotBeSaidError):
        said(replace(AMOXICILLIN, **change))


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("1 tablet OD", "OD"),
        ("take q.d.", "q.d."),
        ("twice QOD", "QOD"),
        ("1 bd", "bd"),
        ("every Q6H", "Q6H"),
        ("10U of insulin", "0U"),
        ("10 IU", "IU"),
        ("5 cc", "cc"),
        ("50 µg", "µg"),
        ("50 μg", "μg"),
        ("50 mcg", "mcg"),
        ("SC daily", "SC"),
        ("inject SQ", "SQ"),
        ("D/C tomorrow", "D/C"),
        ("MS 10 mg", "MS"),
        ("MSO4", "MSO4"),
        ("HCT", "HCT"),
        ("AZT", "AZT"),
        ("drops OS", "OS"),
        ("1.0 mg", "1.0"),
        (".5 mg", ".5"),
        ("20000 units", "20000"),
        ("1/2 tablet", "1/2"),
        ("BT", "BT"),
        ("at HS", "HS"),
    ],
)
def test_an_abbreviation_that_was_misread_before_is_found(text: str, token: str) -> None:
    assert token in [found for found, safe in error_prone.found_in(text) if safe]


@pytest.mark.parametrize(
    "text",
    [
        "Take on an empty stomach, as needed.",
        "Ask us about it. See Ms Smith at 10:30 on 5 March.",
        "0.5 mL, 2.5 mg, 1,000 units, 10 mg, 0.05%",
        "For bodily aches and odd pains; stop if sick.",
        "Do not drive. Ring 020 7946 0000.",
    ],
)
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert list(error_prone.found_in(text)) == []
