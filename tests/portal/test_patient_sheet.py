"""The patient's sheet: the grid of a day, nothing guessed, what the doctor typed never translated."""

import re
from itertools import product
from typing import Any

import pytest
from flask import Flask

from portal.api.prescriptions import Structured
from portal.patient_sheet import Speaker
from portal.phrases import ENGLISH, LANGUAGES, SPANISH, Phrases
from prescription_service import forms, structure
from tests import make
from tests.api import Api
from tests.portal.test_draft_pages import FULL
from tests.portal.visitor import Page, Visitor
from tests.prescription_service.structured import AMOXICILLIN, tablets

KINDS: list[dict[str, Any]] = [
    {"kind": "once"},
    {"kind": "as-needed"},
    *({"kind": "per-day", "times": n} for n in (1, 5, 12)),
    {"kind": "per-day", "times": 1, "when": "morning"},
    {"kind": "per-week", "times": 2, "weekdays": ["Monday", "Friday"]},
    *({"kind": f"every-{unit}", "every": n} for unit in ("hours", "days", "weeks", "months") for n in (1, 2, 8)),
]


def taken(**parts: Any) -> Structured:
    words = dict.fromkeys(("generic_name", "tall_man_name", "strength", "dose_form", "directions"), "x")
    given = {"quantity_words": "x", "repeats_words": "x", "substitution_allowed": True, "route": "oral"}
    return Structured.model_validate(words | given | {"dose": 1, "dose_unit": "tablet"} | parts)


@pytest.fixture
def sheet(maya: Visitor, appointment: Flask, prescription: Flask, patient: make.Person, doctor: make.Person) -> Any:
    """What opens the sheet of these medicines."""
    Api(prescription, patient.token).put(f"/patients/{patient.id}/allergies/none-known")
    visit = make.appointment(appointment, patient, doctor)["id"]

    def opened(*medicines: Any, language: str = "es") -> Page:
        issued = make.prescription(prescription, doctor, visit, medicines=list(medicines))
        return maya.get(f"/prescriptions/{issued['id']}/sheet?language={language}")

    return opened


def cells(page: Page) -> list[str]:
    return ["".join(cell.itertext()) for cell in page.all("td") if cell.get("class") == "amount"]


def test_three_times_a_day_are_three_parts_of_it(sheet: Any) -> None:
    spanish = sheet(AMOXICILLIN)
    assert cells(spanish) == ["1 cápsula", "1 cápsula", "1 cápsula", "–"]
    assert "Cómo tomar sus medicamentos" in spanish.heading
    assert "Por la boca · Durante 7 días" in spanish.text
    assert "No es una receta." in spanish.text
    assert spanish.all("a[@aria-current='page']")[0].text == "Español"


def test_amounts_of_their_own_keep_their_parts_and_their_comma(sheet: Any) -> None:
    parts = {"kind": "parts-of-day", "morning": 1.5, "noon": 0, "evening": 0, "night": 0.5}
    medicine = tablets("F001", "500 mg", dose=None, frequency=parts, quantity=56)

    assert cells(sheet(medicine)) == ["1,5 comprimidos", "–", "–", "0,5 comprimidos"]


def test_what_the_doctor_typed_is_not_translated(sheet: Any) -> None:
    text = sheet(FULL).text

    assert "1 comprimido: una vez al día" in text
    assert "Solo si lo necesita · Como máximo 4 dosis en 24 horas · Como máximo 2,5 comprimidos en 24 horas" in text
    assert "Al menos 6 horas entre dosis" in text
    for words in ("atrial fibrillation", "pain", "At the same time every day.", "Rest well."):
        assert words in text.partition("Su médico escribió")[2]


def test_a_medicine_in_words_stands_as_it_was_written(sheet: Any) -> None:
    text = sheet(make.MEDICINE).text

    assert "Este medicamento aparece tal como lo escribió su médico." in text
    assert "1 capsule 3 times a day" in text


def test_a_language_without_phrases_is_none(sheet: Any, maya: Visitor) -> None:
    page = sheet(AMOXICILLIN, language="en")

    assert "How to take your medicines" in page.heading
    maya.get(page.path.replace("language=en", "language=xx"), 404)


@pytest.mark.parametrize("phrases", LANGUAGES.values(), ids=str)
def test_every_language_can_say_all_there_is(phrases: Phrases) -> None:
    say = Speaker(phrases)
    units = {unit for form in forms.FORMS.values() for unit in form.dose_units}
    assert units <= set(phrases.units)
    assert set(forms.ROUTES) == set(phrases.routes)
    assert set(structure.TIMINGS) == set(phrases.timings)
    assert set(structure.EYES) == set(phrases.sites)
    assert set(structure.WEEKDAYS) == set(phrases.weekdays)
    assert len(set(phrases.months)) == 12
    for how in KINDS:
        assert say.across(taken(frequency=how)) if how["kind"] != "parts-of-day" else True
    for unit, count in product(("days", "weeks", "months"), (1, 2)):
        assert str(count) in say.course(taken(duration={"unit": unit, "count": count}, frequency=KINDS[0]))[0]
    assert "2027" in say.course(taken(duration={"review_on": "2027-03-05"}, start_on="2027-01-02"))[1]


def test_languages_have_the_same_phrases_with_the_same_gaps() -> None:
    def gaps(phrases: Phrases) -> dict[str, list[str]]:
        return {name: sorted(re.findall(r"{\w+}", words)) for name, words in phrases.words.items()}

    assert gaps(ENGLISH) == gaps(SPANISH)


def test_weekdays_are_named_in_both() -> None:
    twice = taken(frequency=KINDS[6])
    assert Speaker(SPANISH).across(twice) == "1 comprimido: 2 veces a la semana el lunes y el viernes"
    assert Speaker(ENGLISH).across(twice) == "1 tablet: 2 times a week on Monday and Friday"
