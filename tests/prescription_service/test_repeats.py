"""Repeats: patients ask for a prescription once more, the prescriber renews it or says why not; and what is due."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from chassis import clock
from tests import make
from tests.api import Api
from tests.prescription_service.structured import AMOXICILLIN, PARACETAMOL, WARFARIN, tablets, write
from tests.prescription_service.test_life import put_into, seen, sign

NO = {"reason": "Please see me first."}
REVIEWED = tablets("F065", "1 mg", duration={"review_on": make.clinic_day(10).isoformat()})


@pytest.fixture
def signed(api: Api, visit: str, asked: Api) -> Any:
    """A prescription in force."""
    return write(api, visit, PARACETAMOL)


@pytest.fixture
def mine(prescription: Flask, patient: make.Person) -> Api:
    """The patient."""
    return Api(prescription, patient.token)


def ask(api: Api, prescription: Any, expect: int = 201, **given: Any) -> Any:
    return api.post(f"/prescriptions/{prescription['id']}/repeat-requests", json=given, expect=expect)


def answer(api: Api, request: Any, how: str, expect: int, **given: Any) -> Any:
    return api.post(f"/repeat-requests/{request['id']}/{how}", expect=expect, **given)


def test_a_request_is_approved_by_the_signature_of_the_renewal(api: Api, mine: Api, signed: Any) -> None:
    asked = ask(mine, signed, note="It helps.")
    assert (asked["status"], asked["medicines"]) == ("open", ["paracetamol 500 mg tablet"])
    assert api.get("/repeat-requests?status=open")["items"] == mine.get("/repeat-requests")["items"] == [asked]

    kept = answer(api, asked, "approve", 201)
    assert (kept["status"], kept["renews_id"]) == ("draft", signed["id"])
    assert answer(api, asked, "approve", 201) == kept
    assert mine.get("/repeat-requests")["items"] == [asked]
    new = sign(api, kept)

    (after,) = mine.get("/repeat-requests")["items"]
    assert (after["status"], after["renewal_id"], new["renews_id"]) == ("approved", new["id"], signed["id"])
    assert mine.get(f"/prescriptions/{after['renewal_id']}")["number"] == new["number"]
    assert api.get("/repeat-requests?status=open")["items"] == []
    assert answer(api, asked, "decline", 409, json=NO)["code"] == "request-decided"
    assert answer(api, asked, "approve", 409)["code"] == "request-decided"


def test_a_request_is_read_by_the_two_it_is_between_and_by_nobody_else(
    api: Api, mine: Api, signed: Any, auth: Flask, prescription: Flask
) -> None:
    asked = ask(mine, signed)
    path = f"/repeat-requests/{asked['id']}"

    assert api.get(path) == mine.get(path) == asked
    declined = answer(api, asked, "decline", 200, json=NO)
    assert mine.get(path) == declined
    assert Api(prescription, make.person(auth).token).get(path, 404)["code"] == "not-found"


def test_the_renewal_is_checked_anew(api: Api, mine: Api, signed: Any, patient: make.Person) -> None:
    asked = ask(mine, signed)
    mine.post(f"/patients/{patient.id}/allergies", json={"kind": "ingredient", "key": "paracetamol"}, expect=201)

    kept = answer(api, asked, "approve", 201)

    assert [alert["rule"] for alert in sign(api, kept, expect=409)["alerts"]] == ["allergy:paracetamol"]
    assert mine.get("/repeat-requests")["items"][0]["status"] == "open"


def test_a_renewal_that_was_thrown_away_leaves_the_request_open(api: Api, mine: Api, signed: Any) -> None:
    asked = ask(mine, signed)
    kept = answer(api, asked, "approve", 201)

    api.call("DELETE", f"/drafts/{kept['id']}", 200, headers=seen(1))

    assert mine.get("/repeat-requests")["items"][0]["status"] == "open"
    assert answer(api, asked, "approve", 201)["id"] != kept["id"]


def test_a_declined_request_tells_the_patient_why_and_leaves_room_for_another(api: Api, mine: Api, signed: Any) -> None:
    asked = ask(mine, signed)
    kept = answer(api, asked, "approve", 201)

    declined = answer(api, asked, "decline", 200, json=NO)

    assert (declined["status"], declined["reason"]) == ("declined", NO["reason"])
    assert mine.get(f"/repeat-requests?prescription_id={signed['id']}")["items"] == [declined]
    sign(api, kept)
    assert mine.get("/repeat-requests?status=declined")["items"] == [declined]
    assert ask(mine, signed)["status"] == "open"


@pytest.mark.parametrize(("sent", "field"), [({}, "/reason"), ({"reason": "no"}, "/reason"), (NO | {"x": 1}, "/x")])
def test_no_is_said_with_a_reason(api: Api, mine: Api, signed: Any, sent: dict[str, Any], field: str) -> None:
    asked = ask(mine, signed)

    problem = answer(api, asked, "decline", 422, json=sent)

    assert [error["pointer"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize("note", ["x" * 241, 1, "\u202e", "\ud800"])
def test_a_note_is_short_readable_text(mine: Api, signed: Any, note: Any) -> None:
    assert ask(mine, signed, note=note, expect=422)["errors"][0]["pointer"] == "/note"


@pytest.mark.parametrize(
    ("state", "status"),
    [("completed", 201), ("on-hold", 409), ("cancelled", 409), ("stopped", 409), ("entered-in-error", 409)],
)
def test_only_what_holds_or_was_used_up_is_repeated(
    environment: dict[str, str], mine: Api, signed: Any, state: str, status: int
) -> None:
    put_into(environment, signed["id"], state)

    told = ask(mine, signed, expect=status)

    assert told.get("code", "not-repeatable") == "not-repeatable"


def test_what_was_ended_after_the_patient_asked_can_only_be_declined(api: Api, mine: Api, signed: Any) -> None:
    asked = ask(mine, signed)
    api.post(f"/prescriptions/{signed['id']}/stop", json={"reason_code": "sintol"})

    assert answer(api, asked, "approve", 409)["code"] == "not-repeatable"
    answer(api, asked, "decline", 200, json=NO)


def test_nobody_else_asks_or_answers(
    auth: Flask, appointment: Flask, prescription: Flask, api: Api, mine: Api, signed: Any
) -> None:
    stranger, other = make.person(auth), make.doctor(auth, appointment)
    ask(Api(prescription, stranger.token), signed, expect=404)
    ask(api, signed, expect=403)
    asked = ask(mine, signed)

    for how in ("approve", "decline"):
        body = {"json": NO} if how == "decline" else {}
        answer(Api(prescription, other.token), asked, how, 404, **body)
        answer(mine, asked, how, 403, **body)
    assert Api(prescription, other.token).get("/repeat-requests")["items"] == []
    assert Api(prescription, stranger.token).get("/repeat-requests")["items"] == []


def test_of_requests_at_once_one_is_kept(prescription: Flask, mine: Api, signed: Any) -> None:
    def once(_: int) -> tuple[int, str | None]:
        told = Api(prescription, mine.token).send(
            "POST", f"/prescriptions/{signed['id']}/repeat-requests", json={"note": "Please."}
        )
        return told.status_code, told.get_json().get("code")

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(once, range(6))) == [(201, None)] + [(409, "repeat-already-asked")] * 5
    assert len(mine.get("/repeat-requests")["items"]) == 1


def test_without_its_index_requests_at_once_would_all_be_kept(prescription: Flask, mine: Api, signed: Any) -> None:
    """The control: it is the database that keeps the promise."""
    from prescription_service.models import db

    index = "CREATE UNIQUE INDEX uq_repeat_request_open ON repeat_request (prescription_id) WHERE status = 'open'"
    with prescription.app_context():
        db.session.execute(db.text("DROP INDEX uq_repeat_request_open"))
        db.session.commit()
        try:
            assert [ask(mine, signed)["status"] for _ in range(2)] == ["open"] * 2
        finally:
            db.session.execute(db.text("DELETE FROM repeat_request"))
            db.session.execute(db.text(index))
            db.session.commit()


def test_of_two_answers_at_once_one_holds(prescription: Flask, api: Api, mine: Api, signed: Any) -> None:
    asked = ask(mine, signed)
    kept = answer(api, asked, "approve", 201)

    def sign_or_decline(how: str) -> int:
        me = Api(prescription, api.token)
        if how == "sign":
            return me.send("POST", f"/drafts/{kept['id']}/sign", json={}, headers=seen(1)).status_code
        return me.send("POST", f"/repeat-requests/{asked['id']}/decline", json=NO).status_code

    with ThreadPoolExecutor(2) as pool:
        signing, declining = pool.map(sign_or_decline, ("sign", "decline"))

    (after,) = mine.get("/repeat-requests")["items"]
    assert signing == 201
    assert (declining, after["status"]) in {(200, "declined"), (409, "approved")}


def test_of_approvals_at_once_one_begins_the_draft(prescription: Flask, api: Api, mine: Api, signed: Any) -> None:
    asked = ask(mine, signed)

    def once(_: int) -> str:
        told = Api(prescription, api.token).send("POST", f"/repeat-requests/{asked['id']}/approve")
        return str(told.get_json()["id"])

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(once, range(4)))) == 1
    assert len(api.get("/drafts")["items"]) == 1


def test_requests_come_in_pages(api: Api, visit: str, mine: Api, asked: Api) -> None:
    made = [ask(mine, write(api, visit, make.MEDICINE))["id"] for _ in range(3)]

    first = api.get("/repeat-requests?limit=2")
    second = api.get(f"/repeat-requests?limit=2&cursor={first['next_cursor']}")

    assert [one["id"] for one in first["items"] + second["items"]] == made[::-1]


# The doctor's history, and who looked at one prescription.


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("amoxi", ["amoxicillin"]),
        ("PARACETAMOL", ["paracetamol"]),
        ("100%", ["100% pure_water"]),
        ("e_w", ["100% pure_water"]),
        ("%", ["100% pure_water"]),
        ("_", ["100% pure_water"]),
        ("\\", []),
        ("'", []),
        ("nobody", []),
    ],
)
def test_the_history_is_searched_literally(api: Api, visit: str, asked: Api, text: str, found: list[str]) -> None:
    for medicine in (AMOXICILLIN, PARACETAMOL, {**make.MEDICINE, "name": "100% pure_water"}):
        write(api, visit, medicine)

    told = [one["medicines"][0]["name"] for one in api.get("/prescriptions", query_string={"q": text})["items"]]

    assert [name for name in told if name.split(" 500")[0] in found] == told
    assert len(told) == len(found)


def test_the_history_is_searched_by_patient_and_number(api: Api, visit: str, signed: Any) -> None:
    for text in (signed["patient_name"].upper(), signed["number"].lower()):
        assert [one["id"] for one in api.get("/prescriptions", query_string={"q": text})["items"]] == [signed["id"]]


def test_the_history_has_a_first_and_a_last_day(api: Api, signed: Any) -> None:
    day = datetime.fromisoformat(signed["issued_at"]).astimezone(make.CLINIC_ZONE).date()
    before, after = day - timedelta(days=1), day + timedelta(days=1)

    def found(**wanted: date) -> int:
        return len(api.get("/prescriptions", query_string={n.rstrip("_"): d for n, d in wanted.items()})["items"])

    assert found(from_=day, to=day) == found(from_=before) == found(to=after) == 1
    assert found(from_=after) == found(to=before) == 0


@pytest.mark.parametrize(
    "query", ["from=2026-02-30", "to=1999-12-31", "from=9999-12-31", "q=", f"q={'x' * 101}", "status=expired", "q=%00"]
)
def test_a_wrong_filter_is_refused(api: Api, query: str) -> None:
    api.get(f"/prescriptions?{query}", expect=422)


def test_a_patient_sees_who_looked_at_one_prescription(api: Api, visit: str, mine: Api, signed: Any) -> None:
    other = write(api, visit, make.MEDICINE)
    for one in (signed, other):
        api.get(f"/prescriptions/{one['id']}")

    events = mine.get(f"/audit-events?record_id={signed['id']}&others=true")["items"]

    assert {event["record_id"] for event in events} == {signed["id"]}
    assert [event["action"] for event in events] == ["prescription.read", "prescription.write"]


# What is due.


def due(api: Api) -> list[tuple[str, str]]:
    return [(one["kind"], one["name"]) for one in api.get("/prescriptions/due")["items"]]


@pytest.mark.parametrize(
    ("days_later", "expected"),
    [(0, []), (12, []), (13, ["runs-out"]), (27, ["runs-out"]), (57, ["runs-out"]), (58, [])],
)
def test_a_course_of_four_weeks_is_due_around_its_last_day(
    prescription: Flask, doctor: make.Person, signed: Any, days_later: int, expected: list[str]
) -> None:
    from prescription_service import due as rule
    from prescription_service.models import db

    today = clock.now().astimezone(make.CLINIC_ZONE).date()
    with prescription.app_context():
        found = rule.list_due(principal(doctor), make.CLINIC_ZONE, today + timedelta(days=days_later), 20, None)
        db.session.rollback()

    assert [one.kind for one in found] == expected
    assert [one.due_on for one in found] == [today + timedelta(days=27)] * len(expected)


def principal(doctor: make.Person) -> Any:
    from chassis.identity import Principal

    return Principal(UUID(doctor.id), "doctor", "Dr", UUID(int=1))


def test_a_review_is_due_until_the_treatment_is_renewed(api: Api, visit: str, asked: Api) -> None:
    signed = write(api, visit, REVIEWED)
    write(api, visit, AMOXICILLIN)  # a week of it is not meant to go on
    assert due(api) == [("review", "warfarin sodium 1 mg tablet")]

    renewal = api.post(f"/prescriptions/{signed['id']}/renew", expect=201)
    assert due(api) == [("review", "warfarin sodium 1 mg tablet")]
    far = {**REVIEWED, "duration": {"review_on": make.clinic_day(200).isoformat()}}
    body = {"appointment_id": visit, "medicines": [far]}
    changed = api.put(f"/drafts/{renewal['id']}", json=body, headers=seen(1))
    sign(api, changed)

    assert due(api) == []


def test_what_was_ended_is_not_due(api: Api, visit: str, asked: Api) -> None:
    signed = write(api, visit, REVIEWED)

    api.post(f"/prescriptions/{signed['id']}/stop", json={"reason_code": "sintol"})

    assert due(api) == []


def test_the_last_day_is_the_one_that_the_checks_reckon_with(prescription: Flask, doctor: make.Person) -> None:
    """What the database works out for the list, and what `course` does for the checks, over many shapes."""
    from prescription_service import due as rule
    from prescription_service.current_medicines import course
    from prescription_service.models import Medicine, Prescription, db
    from prescription_service.prescribing import draw_up
    from prescription_service.structure import STRUCTURE

    issued = datetime(2026, 3, 28, 23, 30, tzinfo=make.CLINIC_ZONE)
    shapes = [
        tablets("F001", "500 mg", duration={"count": count, "unit": unit}, repeats=repeats, **start)
        for count, unit in ((28, "days"), (4, "weeks"), (2, "months"))
        for repeats in (0, 1, 11)
        for start in ({}, {"start_on": "2026-04-15"})
    ]
    with prescription.app_context():
        lines = [draw_up([STRUCTURE.validate_python(shape)], issued.date())[0] for shape in shapes]
        rows = [_bare(Prescription, doctor, issued, line, n) for n, line in enumerate(lines)]
        db.session.add_all(rows)
        db.session.flush()
        query = rule._with_days(principal(doctor), make.CLINIC_ZONE)
        last = {row.prescription_id: row.ends_on for row in db.session.execute(query)}
        expected = {row.id: course(row.medicines[0], issued.date())[1] for row in rows}
        db.session.rollback()

    assert last == expected
    assert Medicine is not None


def _bare(kind: Any, doctor: make.Person, issued: datetime, line: Any, n: int) -> Any:
    texts = ("appointment_time", "doctor_name", "doctor_specialty", "doctor_licence_number")
    texts += ("doctor_licence_register", "patient_name", "notes")
    ids = {"appointment_id": UUID(int=1), "doctor_id": UUID(doctor.id), "patient_id": UUID(int=2)}
    return kind(
        number=f"26-TEST{n:04}",
        issued_at=issued,
        medicine_count=1,
        medicines=[line],
        **ids,
        **dict.fromkeys(texts, "-"),
    )


def test_due_lists_come_in_pages(api: Api, visit: str, asked: Api) -> None:
    soon = {**tablets("F001", "500 mg"), "duration": {"review_on": make.clinic_day(5).isoformat()}}
    write(api, visit, soon)
    write(api, visit, {**WARFARIN, "duration": {"review_on": make.clinic_day(3).isoformat()}})

    first = api.get("/prescriptions/due?limit=1")
    second = api.get(f"/prescriptions/due?limit=1&cursor={first['next_cursor']}")

    assert [one["name"].split()[0] for one in first["items"] + second["items"]] == ["warfarin", "paracetamol"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("given", "days", "words"),
    [
        ({"repeats": 2}, 21, "2 (two), at least 21 days apart"),
        ({"repeats": 1, "duration": {"count": 5, "unit": "days"}, "quantity": 5}, 1, "1 (one), at least 1 day apart"),
        ({"repeats": 1, "repeat_interval_days": 25}, 25, "1 (one), at least 25 days apart"),
        ({"repeats": 0}, None, "0 (none)"),
        ({"repeats": 1, "duration": {"review_on": make.clinic_day(90).isoformat()}}, None, "1 (one)"),
    ],
    ids=["a week less", "not under a day", "as given", "no repeats", "for long"],
)
def test_repeats_are_a_week_less_apart_than_a_supply_lasts(
    api: Api, visit: str, asked: Api, given: dict[str, Any], days: int | None, words: str
) -> None:
    (medicine,) = write(api, visit, tablets("F001", "500 mg", **given))["medicines"]

    assert medicine["structured"]["repeat_interval_days"] == days
    assert medicine["structured"]["repeats_words"] == words
