"""The check of a paper: genuine or not, its state, never a word of what is on it, and no room for guessing."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from prescription_service.numbers import ALPHABET, check_character
from prescription_service.verification import BLIND_CHECKS, LIMITS, Keys, secrets_of
from tests import make
from tests.api import Api
from tests.prescription_service.structured import AMOXICILLIN

KEYS = Keys.of("a secret of this test, long enough")
SAME = {"X-Request-Id": "the-same-for-all"}
LEFT_OUT = {"Date"}


@pytest.fixture
def patient(auth: Flask, prescription: Flask) -> make.Person:
    return make.person(auth, first_name="Maya", last_name="Lindqvist")


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment, first_name="Amara", last_name="Okafor")


@pytest.fixture
def issued(appointment: Flask, prescription: Flask, patient: make.Person, doctor: make.Person) -> dict[str, Any]:
    Api(prescription, patient.token).put(f"/patients/{patient.id}/allergies/none-known")
    visit = make.appointment(appointment, patient, doctor)
    return make.prescription(prescription, doctor, visit["id"], medicines=[AMOXICILLIN, make.MEDICINE])


@pytest.fixture
def printed(prescription: Flask, patient: make.Person, issued: dict[str, Any]) -> dict[str, str]:
    found = Api(prescription, patient.token).get(f"/prescriptions/{issued['id']}?purpose=print")["verification"]
    assert set(found) == {"token", "code"}
    return dict(found)


def ask(prescription: Flask, code: str, expect: int = 200, **more: Any) -> Any:
    path = "/verify/quantity" if more else "/verify"
    return Api(prescription).post(path, json={"code": code, **more}, headers=make.from_somewhere(), expect=expect)


def test_token_and_code_are_known_from_the_first_print(
    prescription: Flask, issued: dict[str, Any], printed: dict[str, str]
) -> None:
    for secret in printed.values():
        answer = ask(prescription, secret)
        assert answer == {
            "result": "genuine",
            "issued_on": make.clinic_day(0).isoformat(),
            "state": "active",
            "version": 1,
        }


def test_printing_again_gives_the_same_secrets(
    prescription: Flask, doctor: make.Person, issued: dict[str, Any], printed: dict[str, str]
) -> None:
    path = f"/prescriptions/{issued['id']}"

    assert Api(prescription, doctor.token).get(f"{path}?purpose=print")["verification"] == printed
    assert Api(prescription, doctor.token).get(path)["verification"] is None


def test_a_code_is_taken_as_people_type_it(prescription: Flask, printed: dict[str, str]) -> None:
    code = printed["code"]
    spellings = (code.lower(), code.replace("-", ""), f"  {code.replace('-', ' ')} ", code.replace("0", "o"))

    assert {ask(prescription, spelling)["result"] for spelling in spellings} == {"genuine"}


def test_the_number_opens_nothing(prescription: Flask, issued: dict[str, Any], printed: dict[str, str]) -> None:
    for text in (issued["number"], issued["id"], issued["content_mark"] or "-"):
        assert ask(prescription, text) == {"result": "none", "issued_on": None, "state": None, "version": None}


def test_unknown_malformed_and_purged_are_answered_byte_for_byte_alike(
    prescription: Flask, printed: dict[str, str]
) -> None:
    from prescription_service.models import db
    from prescription_service.verification_tables import VerificationCode

    with prescription.app_context():
        db.session.query(VerificationCode).delete()
        db.session.commit()
    other = secrets_of(uuid4(), KEYS)
    texts = (*printed.values(), other.token, other.code, "", "?", "\x00", "ﬀ" * 200, "0000-0000-0000-0")

    answers = {whole(prescription, text) for text in texts}

    assert len(answers) == 1


def whole(prescription: Flask, code: str) -> tuple[int, str, bytes]:
    headers = {**SAME, **make.from_somewhere()}
    answer = Api(prescription).send("POST", "/verify", json={"code": code}, headers=headers)
    kept = sorted((name, value) for name, value in answer.headers if name not in LEFT_OUT)
    return answer.status_code, str(kept), answer.get_data()


def test_no_word_of_patient_medicine_or_doctor_is_told_or_logged(
    prescription: Flask, issued: dict[str, Any], printed: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    told = "".join(str(whole(prescription, secret)) for secret in printed.values())
    lines = " ".join(str(vars(record)) for record in caplog.records if "verify" in str(vars(record)))

    secret = {issued["id"], issued["number"], "Maya", "Lindqvist", "Okafor", "amoxicillin", "Amoxicillin"}
    assert not [word for word in secret if word in told + lines]
    assert not [text for text in printed.values() if text in lines]


def test_the_state_is_told(
    prescription: Flask, doctor: make.Person, issued: dict[str, Any], printed: dict[str, str]
) -> None:
    reason = {"reason_code": "altchoice", "reason": "Another one fits better."}
    Api(prescription, doctor.token).post(f"/prescriptions/{issued['id']}/cancel", json=reason)

    assert ask(prescription, printed["code"])["state"] == "cancelled"


def test_an_old_paper_is_expired() -> None:
    from prescription_service.models import Prescription
    from prescription_service.verification import state

    last = date(2026, 12, 1)
    paper = Prescription(status="active", valid_until=last)
    assert [state(paper, last), state(paper, last + timedelta(days=1))] == ["active", "expired"]
    assert state(Prescription(status="cancelled", replaced_by_id=uuid4()), last) == "replaced"


def test_the_patient_sees_that_somebody_checked(
    prescription: Flask, patient: make.Person, issued: dict[str, Any], printed: dict[str, str]
) -> None:
    ask(prescription, printed["code"])

    events = Api(prescription, patient.token).get("/audit-events?action=prescription.verify")["items"]
    assert [(event["record_id"], event["actor_name"]) for event in events] == [(issued["id"], None)]


@pytest.mark.parametrize(
    ("position", "quantity", "result"),
    [(1, 21, "matches"), (1, 210, "differs"), (1, 21.5, "differs"), (2, 21, "differs"), (3, 21, "differs")],
)
def test_a_quantity_is_compared_blind(
    prescription: Flask, printed: dict[str, str], position: int, quantity: float, result: str
) -> None:
    assert ask(prescription, printed["code"], position=position, quantity=quantity) == {"result": result}


def test_a_quantity_cannot_be_found_by_trying(prescription: Flask, printed: dict[str, str]) -> None:
    tried = [ask(prescription, printed["code"], position=1, quantity=n + 1)["result"] for n in range(BLIND_CHECKS)]

    assert tried == ["differs"] * BLIND_CHECKS
    assert ask(prescription, printed["code"], position=1, quantity=21) == {"result": "no-more"}
    assert ask(prescription, "0000-0000-0000-0", position=1, quantity=21) == {"result": "none"}
    assert ask(prescription, printed["code"])["result"] == "genuine"


def test_an_address_may_fail_ten_times_in_ten_minutes(prescription: Flask, printed: dict[str, str]) -> None:
    headers, most = make.from_somewhere(), LIMITS[0][0]
    guess = [Api(prescription).send("POST", "/verify", json={"code": f"{n}"}, headers=headers) for n in range(most + 1)]
    right = Api(prescription).send("POST", "/verify", json={"code": printed["code"]}, headers=headers)

    assert [answer.status_code for answer in guess] == [200] * most + [429]
    assert (right.status_code, 0 < int(right.headers["Retry-After"]) <= 601) == (429, True)
    assert ask(prescription, printed["code"])["result"] == "genuine"


def test_right_codes_are_not_counted_against_a_pharmacy(prescription: Flask, printed: dict[str, str]) -> None:
    headers = make.from_somewhere()
    api = Api(prescription)

    assert {
        api.send("POST", "/verify", json={"code": printed["code"]}, headers=headers).status_code for _ in range(15)
    } == {200}


def test_secrets_are_long_differ_and_carry_a_check_character() -> None:
    ids = [UUID(int=n) for n in range(50)]
    found = [secrets_of(one, KEYS) for one in ids]

    assert len({one.token for one in found}) == len({one.code for one in found}) == len(ids)
    assert {len(one.token) for one in found} == {43}
    for one in found:
        body, check = one.code[:-1].replace("-", ""), one.code[-1]
        assert len(body) == 12
        assert set(body) <= set(ALPHABET)
        assert check_character(body) == check
    assert secrets_of(ids[0], Keys.of("another secret of this test, long")) != found[0]


def test_only_hashes_are_kept(environment: dict[str, str], prescription: Flask, printed: dict[str, str]) -> None:
    import psycopg2

    connection = psycopg2.connect(environment["ADMIN_URL"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT verification_code::text FROM prescription.verification_code")
        rows = cursor.fetchall()
    connection.close()

    assert len(rows) == 1
    assert printed["token"].encode().hex() not in rows[0][0]
    assert printed["code"] not in rows[0][0]


def test_an_amount_is_compared_and_not_its_spelling(prescription: Flask, printed: dict[str, str]) -> None:
    assert ask(prescription, printed["code"], position=1, quantity=float(Decimal("21.0"))) == {"result": "matches"}
