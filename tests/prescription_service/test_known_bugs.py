"""The worst bugs of other prescribing systems, one test each where no other file has it (`prescribing.md`, 2.2).

Elsewhere: a check that did not run (`test_signing`), what the seal leaves out, a lost renewal link, a stopped medicine
that blocks, a reason that is lost (`test_life`), amounts and "as needed" in words (`test_words`), wrong codes
(`test_verification`), pages and dates on paper (`tests/portal/test_printed_*`). What is about dispensing waits for it.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from chassis import clock
from tests import make
from tests.api import Api
from tests.prescription_service.structured import AMOXICILLIN, PARACETAMOL, WARFARIN, tablets, write
from tests.prescription_service.test_life import draft, put_into, seen


@pytest.fixture
def visit(visit: str, asked: Api) -> str:
    return visit


@pytest.fixture
def mine(prescription: Flask, patient: make.Person) -> Api:
    return Api(prescription, patient.token)


def test_medicines_are_matched_by_code_and_never_by_a_part_of_their_name(
    prescription: Flask, api: Api, visit: str, patient: make.Person
) -> None:
    """openemr#326: matched by the first word, with LIKE."""
    make.reported_medicine(prescription, patient, name="paracetamol 500 mg tablet")
    make.allergy(prescription, patient, kind="text", key="amoxicillin")
    body = {"appointment_id": visit, "medicines": [PARACETAMOL, {**AMOXICILLIN}]}

    looked = api.post("/prescriptions/check", json=body)

    assert looked["alerts"] == []
    assert {one["name"] for one in looked["coverage"]["not_checked"]} == {"paracetamol 500 mg tablet", "amoxicillin"}


def test_an_alert_names_the_medicine_and_the_fact_and_comes_for_nothing_else(
    prescription: Flask, api: Api, visit: str, patient: make.Person
) -> None:
    """GNU Health: a warning for every allergic patient, whatever the medicine, and one tick for all of them."""
    make.allergy(prescription, patient, key="penicillin", reaction="rash")
    write(api, visit, PARACETAMOL)

    problem = write(api, visit, AMOXICILLIN, {**WARFARIN, "quantity": 280}, expect=409)

    allergy, amount = sorted(problem["alerts"], key=lambda alert: alert["positions"])
    assert allergy["message"] == "amoxicillin 500 mg capsule: allergy on record to Penicillins (rash, reported)."
    assert amount["positions"] == [2]
    one_answer = [{"key": allergy["key"], "reason": "Tolerated it last year."}]
    still = write(api, visit, AMOXICILLIN, {**WARFARIN, "quantity": 280}, overrides=one_answer, expect=409)
    assert [alert["answered"] for alert in still["alerts"] if alert["tier"] != "info"].count(False) == 1


def test_an_amount_keeps_its_digits_through_the_database(api: Api, visit: str) -> None:
    """GNU Health: a dose kept as a float is printed as 500.0."""
    signed = write(api, visit, tablets("F001", "500 mg", dose=0.5, quantity=14.0))
    again = api.get(f"/prescriptions/{signed['id']}")["medicines"][0]

    assert [again["structured"][name] for name in ("dose", "quantity")] == [0.5, 14]
    assert "14 (fourteen) tablets" in again["instructions"]
    assert "half a tablet (250 mg)" in again["dosage"]


def test_all_ten_medicines_are_read_to_be_printed(api: Api, visit: str) -> None:
    """OpenMRS: only the first page of a list of five was printed."""
    names = [f"Medicine number {n}" for n in range(10)]
    signed = write(api, visit, *({**make.MEDICINE, "name": name} for name in names))

    printed = api.get(f"/prescriptions/{signed['id']}?purpose=print")

    assert [medicine["name"] for medicine in printed["medicines"]] == names


def test_clinical_text_keeps_its_capitals(prescription: Flask, api: Api, visit: str) -> None:
    """OpenMRS: text in lower case damages units, strengths and tall-man letters."""
    from prescription_service import medicine_list

    with prescription.app_context():
        listed = medicine_list.current().medicines.values()
        tall = next(one for one in listed if one.tall_man_name.upper() in one.tall_man_name or "I" in one.tall_man_name)
    text = "See Dr McKay; 5 mL NOT 5 ml"

    signed = write(api, visit, {**AMOXICILLIN, "instructions": text}, {**make.MEDICINE, "dosage": "10 mL"}, notes=text)

    assert signed["notes"] == text
    assert text in signed["medicines"][0]["instructions"]
    assert signed["medicines"][1]["dosage"] == "10 mL"
    named = api.get("/medicines", query_string={"q": tall.generic_name})["items"]
    assert tall.tall_man_name in [one["tall_man_name"] for one in named]


def test_as_needed_and_more_instructions_are_in_the_printed_texts(api: Api, visit: str) -> None:
    """dispensing-app and care_fe#12077: left out of the print."""
    needed = {"reason": "pain", "max_doses": 4, "hours_apart": 6}
    medicine = tablets("F001", "500 mg", frequency={"kind": "as-needed"}, as_needed=needed, instructions="With water.")
    signed = write(api, visit, medicine)

    (printed,) = api.get(f"/prescriptions/{signed['id']}?purpose=print")["medicines"]

    assert "when needed for pain, at most 4 doses in 24 hours, at least 6 hours apart" in printed["dosage"]
    assert printed["instructions"].startswith("With water.")
    assert "Repeats: 0 (none)." in printed["instructions"]


def test_the_dosage_holds_neither_indication_nor_quantity(api: Api, visit: str) -> None:
    """OpenMRS 7fcde393d: the column "Dosage" held them."""
    medicine = {**AMOXICILLIN, "indication": "cough"}

    (printed,) = write(api, visit, medicine)["medicines"]

    assert printed["dosage"] == "Take 1 capsule (500 mg) by mouth 3 times a day"


@pytest.mark.parametrize("state", ["none-known", "not-asked"])
def test_a_patient_without_allergies_has_a_paper_too(
    auth: Flask, appointment: Flask, prescription: Flask, doctor: make.Person, state: str
) -> None:
    """Bahmni#731: printing failed."""
    person = make.person(auth)
    if state == "none-known":
        Api(prescription, person.token).put(f"/patients/{person.id}/allergies/none-known")
    visit = make.appointment(appointment, person, doctor)["id"]
    signed = make.prescription(prescription, doctor, visit)

    printed = Api(prescription, person.token).get(f"/prescriptions/{signed['id']}?purpose=print")

    assert printed["coverage"]["allergy_state"] == state
    assert printed["coverage"]["allergies"] == []


def test_what_is_changed_is_what_was_opened_on_whatever_page(api: Api, visit: str) -> None:
    """OpenMRS O3-5321: "modify" on page 2 opened another medicine. hmis#633: one deleted line took all with it."""
    made = [draft(api, visit, AMOXICILLIN, PARACETAMOL, WARFARIN) for _ in range(3)]
    first = api.get("/drafts?limit=2")
    (last,) = api.get(f"/drafts?limit=2&cursor={first['next_cursor']}")["items"]

    changed = api.put(
        f"/drafts/{last['id']}",
        json={"appointment_id": visit, "medicines": [AMOXICILLIN, WARFARIN]},
        headers=seen(1),
    )

    assert [medicine["formulary_id"] for medicine in changed["medicines"]] == ["F013", "F065"]
    others = [api.get(f"/drafts/{one['id']}") for one in made if one["id"] != last["id"]]
    assert [len(one["medicines"]) for one in others] == [3, 3]


def test_nothing_makes_an_empty_prescription(api: Api, visit: str) -> None:
    """Open-O#229: staged items vanished, and a re-prescribe made an empty prescription."""
    signed = write(api, visit, AMOXICILLIN, make.MEDICINE)

    for again in ("renew", "replace"):
        kept = api.post(f"/prescriptions/{signed['id']}/{again}", expect=201)
        assert len(kept["medicines"]) == 2
        body: dict[str, Any] = {"appointment_id": visit, "medicines": []}
        api.put(f"/drafts/{kept['id']}", json=body, headers=seen(1), expect=422)
        assert api.get(f"/drafts/{kept['id']}") == kept
    write(api, visit, expect=422)


def test_a_course_that_ran_out_is_neither_stopped_nor_completed(
    prescription: Flask, api: Api, visit: str, patient: make.Person
) -> None:
    """OpenMRS 7d0f43fbd: labelled "discontinued"."""
    from prescription_service.current_medicines import prescribed_to

    signed = write(api, visit, AMOXICILLIN)
    later = make.clinic_day(8)

    with prescription.app_context():
        assert prescribed_to(UUID(patient.id), make.CLINIC_ZONE, later) == []
    after = api.get(f"/prescriptions/{signed['id']}")
    assert (after["status"], [event["to_status"] for event in after["history"]]) == ("active", ["active"])


@pytest.mark.parametrize("name", ["dose", "quantity", "repeats"])
def test_no_number_is_nought_unless_somebody_wrote_it(api: Api, visit: str, name: str) -> None:
    """OpenMRS bd1ec7f76: a misleading 0 in dose, quantity and refills. 9090ca419: a wheel changed the dose."""
    kept = {part: value for part, value in AMOXICILLIN.items() if part != name}

    problem = write(api, visit, kept, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [f"/medicines/0/{name}"]


def test_no_number_is_typed_into_a_spinner(root: Any) -> None:
    """OpenMRS 9090ca419: the wheel of a mouse changed the dose."""
    pages = [page for page in (root / "templates" / "prescriptions").rglob("*.html") if "number" in page.read_text()]

    assert pages
    assert [page.name for page in pages if 'type="number"' in page.read_text()] == []


def test_a_cancelled_prescription_is_cancelled_everywhere_at_once(api: Api, mine: Api, visit: str) -> None:
    """gematik: still "redeemable" for the patient 18 days later."""
    signed = write(api, visit, AMOXICILLIN)
    code = mine.get(f"/prescriptions/{signed['id']}?purpose=print")["verification"]["code"]
    api.post(f"/prescriptions/{signed['id']}/cancel", json={"reason_code": "altchoice"})

    answers = [
        mine.send("GET", f"/prescriptions/{signed['id']}"),
        mine.send("GET", "/prescriptions?status=cancelled"),
        mine.send("GET", f"/fhir/MedicationRequest/{signed['id']}.1"),
        mine.send("POST", "/verify", json={"code": code}, headers=make.from_somewhere()),
    ]

    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    assert ["cancelled" in answer.get_data(as_text=True) for answer in answers] == [True] * 4


def test_a_reprint_says_who_signed_as_it_was_then(
    auth: Flask, prescription: Flask, api: Api, mine: Api, visit: str, doctor: make.Person
) -> None:
    """carlos-emr#608: the doctor's current signature on an old prescription."""
    signed = write(api, visit, AMOXICILLIN)
    Api(auth, doctor.token).patch("/auth/me", json={"last_name": "Newname"})

    printed = mine.get(f"/prescriptions/{signed['id']}?purpose=print")

    assert printed["doctor_name"] == signed["doctor_name"]
    assert "Newname" not in str(printed)


def test_the_unit_of_supply_is_fixed_by_the_signature(prescription: Flask, api: Api, visit: str) -> None:
    """dispensing-app 6286541: another unit at dispensing. The place for dispensing is kept: `completed` is a state."""
    signed = write(api, visit, AMOXICILLIN)
    from prescription_service.medicine_tables import FormularyRow
    from prescription_service.models import db

    with prescription.app_context():
        db.session.get_one(FormularyRow, AMOXICILLIN["formulary_id"]).quantity_unit = "tablet"
        db.session.flush()
        kept = api.get(f"/prescriptions/{signed['id']}")["medicines"][0]
        db.session.rollback()

    assert kept["structured"]["quantity_unit"] == "capsule"


def test_a_prescription_can_be_completed_and_then_is_final(environment: dict[str, str], api: Api, visit: str) -> None:
    """Kept for dispensing (openemr#6605): the state, and that nothing but an error follows it."""
    signed = write(api, visit, AMOXICILLIN)
    put_into(environment, signed["id"], "completed")

    assert api.get(f"/prescriptions/{signed['id']}")["status"] == "completed"
    for step in ("cancel", "stop"):
        body = {"reason_code": "altchoice"}
        assert api.post(f"/prescriptions/{signed['id']}/{step}", json=body, expect=409)["code"] == "final-status"


@pytest.mark.parametrize("purpose", ["", "PRINT", "1e3", "../etc", "print%00", "a" * 300])
def test_every_parameter_is_checked_before_paper_is_made(api: Api, visit: str, purpose: str) -> None:
    """carlos-emr#3124: an id went unread into the making of a PDF."""
    signed = write(api, visit, AMOXICILLIN)

    api.get(f"/prescriptions/{signed['id']}?purpose={purpose}", expect=422)


def test_days_are_the_clinics_and_moments_have_their_offset(
    fresh_list: None, prescription: Flask, api: Api, visit: str
) -> None:
    """Open-O#229: dates of notes in UTC. Half past eleven at night in UTC is tomorrow in a London summer."""
    year = make.clinic_day(0).year + 1
    with clock.set_to(datetime(year, 6, 30, 23, 30, tzinfo=UTC)):
        prescription.extensions["revocations"].poll()
        signed = write(api, visit, make.MEDICINE)

    moment = datetime.fromisoformat(signed["issued_at"])
    assert moment.utcoffset() == timedelta()
    assert signed["valid_until"] == f"{datetime(year, 7, 1) + timedelta(days=90):%Y-%m-%d}"  # noqa: DTZ001 - a day
