"""Signing in, refreshing and signing out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from flask import Flask

from auth_service import passwords
from auth_service.signing_in import ABSOLUTE, GRACE, IDLE
from chassis import clock
from tests import make
from tests.api import Api


def refresh(auth: Flask, token: str, expect: int = 200) -> dict[str, str]:
    answer: dict[str, str] = Api(auth).post("/auth/refresh", json={"refresh_token": token}, expect=expect)
    return answer


@pytest.mark.parametrize("password", ["WrongPass123", "x"])
def test_unknown_wrong_and_disabled_look_the_same(auth: Flask, environment: dict[str, str], password: str) -> None:
    known, disabled = make.person(auth), make.person(auth)
    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE auth.person SET disabled_at = now() WHERE id = %s", (disabled.id,))

    answers = [
        Api(auth).post("/auth/login", json={"email": email, "password": given}, expect=401)
        for email, given in ((known.email, password), ("nobody@example.com", password), (disabled.email, make.PASSWORD))
    ]

    assert len({str({**answer, "request_id": ""}) for answer in answers}) == 1
    assert answers[0]["code"] == "invalid-credentials"


def test_a_refresh_token_is_traded_for_new_tokens(auth: Flask) -> None:
    patient = make.person(auth)

    fresh = refresh(auth, patient.refresh_token)

    assert fresh["refresh_token"] != patient.refresh_token
    assert Api(auth, fresh["access_token"]).get("/auth/me")["id"] == patient.id


def test_a_lost_reply_is_forgiven_with_the_same_successor(auth: Flask) -> None:
    patient = make.person(auth)

    first, again = refresh(auth, patient.refresh_token), refresh(auth, patient.refresh_token)

    assert first["refresh_token"] == again["refresh_token"]


def test_parallel_refreshes_agree(auth: Flask) -> None:
    patient = make.person(auth)

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: refresh(auth, patient.refresh_token), range(10)))

    assert len({answer["refresh_token"] for answer in answers}) == 1
    refresh(auth, answers[0]["refresh_token"])


def test_reuse_after_the_grace_ends_the_session(auth: Flask) -> None:
    patient = make.person(auth)
    fresh = refresh(auth, patient.refresh_token)

    with clock.set_to(clock.now() + GRACE + timedelta(seconds=1)):
        refresh(auth, patient.refresh_token, expect=401)

    refresh(auth, fresh["refresh_token"], expect=401)
    Api(auth, fresh["access_token"]).get("/auth/me", expect=401)


def test_reuse_while_the_successor_is_used_ends_the_session(auth: Flask) -> None:
    patient = make.person(auth)
    second = refresh(auth, patient.refresh_token)
    third = refresh(auth, second["refresh_token"])

    refresh(auth, patient.refresh_token, expect=401)

    refresh(auth, third["refresh_token"], expect=401)


@pytest.mark.parametrize("later", [IDLE, ABSOLUTE])
def test_a_session_left_alone_is_over(auth: Flask, later: timedelta) -> None:
    patient = make.person(auth)

    with clock.set_to(clock.now() + later + timedelta(seconds=1)):
        refresh(auth, patient.refresh_token, expect=401)


@pytest.mark.parametrize("given", [{}, {"refresh_token": ""}, {"refresh_token": 5}, {"refresh_token": "a b"}])
def test_what_is_no_refresh_token_is_invalid(auth: Flask, given: dict[str, object]) -> None:
    Api(auth).post("/auth/refresh", json=given, expect=422)


def test_an_access_token_does_not_refresh(auth: Flask) -> None:
    patient = make.person(auth)

    refresh(auth, patient.token, expect=401)


def test_signing_out_ends_the_session_and_may_be_repeated(auth: Flask) -> None:
    patient = make.person(auth)

    for _ in range(2):
        answer = Api(auth).send("POST", "/auth/logout", json={"refresh_token": patient.refresh_token})
        assert answer.status_code == 204

    refresh(auth, patient.refresh_token, expect=401)
    Api(auth, patient.token).get("/auth/me", expect=401)
    assert Api(auth).post("/auth/validate-token", json={"token": patient.token}) == {"active": False, "valid": False}


def test_introspection_tells_of_a_live_token(auth: Flask) -> None:
    doctor = make.person(auth, "doctor")

    by_body = Api(auth).post("/auth/validate-token", json={"token": doctor.token})
    by_header = Api(auth, doctor.token).post("/auth/validate-token")

    assert by_body == by_header
    assert by_body["active"] is by_body["valid"] is True
    assert (by_body["sub"], by_body["role"]) == (doctor.id, "doctor")
    assert by_body["licence"]["state"] == "verified"


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_introspection_gives_no_reason(auth: Flask, token: str) -> None:
    assert Api(auth).post("/auth/validate-token", json={"token": token}) == {"active": False, "valid": False}


def test_introspection_without_a_token_is_refused(auth: Flask) -> None:
    assert Api(auth).post("/auth/validate-token", expect=400)["code"] == "invalid-request"


def test_verifying_a_doctor_ends_older_tokens_power(auth: Flask) -> None:
    doctor = make.person(auth, "doctor", verified=False)

    make.verify(auth, doctor.email)

    Api(auth, doctor.token).get("/auth/me", expect=401)
    renewed = refresh(auth, doctor.refresh_token)
    assert renewed["user"]["licence"]["state"] == "verified"


CHROME = "Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0"


def signed_in_from(auth: Flask, email: str, address: str, agent: str) -> Any:
    body = {"email": email, "password": make.PASSWORD}
    return Api(auth).post("/auth/login", json=body, headers={"X-Forwarded-For": address, "User-Agent": agent})


def test_one_sees_where_one_is_signed_in(auth: Flask) -> None:
    with clock.set_to(clock.now() - timedelta(minutes=1)):
        patient = make.person(auth)
    here = signed_in_from(auth, patient.email, "198.51.100.7", CHROME + "\t" + "x" * 400)
    make.person(auth)  # somebody else's sign-in

    items = Api(auth, here["access_token"]).get("/auth/me/sessions")["items"]

    assert [item["current"] for item in items] == [True, False]
    assert (items[0]["address"], items[0]["second_factor"]) == ("198.51.100.7", False)
    assert items[0]["user_agent"].startswith(CHROME)
    assert len(items[0]["user_agent"]) == 300
    assert items[0].keys() == {
        *("id", "created_at", "last_used_at", "address", "user_agent", "second_factor", "current")
    }


def test_the_last_used_session_comes_first_and_what_is_over_is_left_out(auth: Flask) -> None:
    now = clock.now()
    with clock.set_to(now - ABSOLUTE):
        patient = make.person(auth)
    with clock.set_to(now - timedelta(minutes=2)):
        ended, first = make.sign_in(auth, patient.email), make.sign_in(auth, patient.email)
    with clock.set_to(now - timedelta(minutes=1)):
        second = make.sign_in(auth, patient.email)
    Api(auth).send("POST", "/auth/logout", json={"refresh_token": ended.refresh_token})

    before = Api(auth, second.token).get("/auth/me/sessions")
    refresh(auth, first.refresh_token)
    after = Api(auth, second.token).get("/auth/me/sessions")

    assert [item["current"] for item in before["items"]] == [True, False]
    assert [item["current"] for item in after["items"]] == [False, True]
    assert before["next_cursor"] is None


def test_one_ends_a_session_of_ones_own(auth: Flask) -> None:
    patient = make.person(auth)
    elsewhere = make.sign_in(auth, patient.email)
    api = Api(auth, patient.token)
    other = next(item["id"] for item in api.get("/auth/me/sessions")["items"] if not item["current"])

    assert api.send("DELETE", f"/auth/me/sessions/{other}").status_code == 204

    Api(auth, elsewhere.token).get("/auth/me", expect=401)
    refresh(auth, elsewhere.refresh_token, expect=401)
    assert [item["current"] for item in api.get("/auth/me/sessions")["items"]] == [True]
    api.call("DELETE", f"/auth/me/sessions/{other}", 404)


def test_nobody_ends_a_session_of_somebody_else(auth: Flask) -> None:
    patient, stranger = make.person(auth), make.person(auth)
    (session,) = Api(auth, patient.token).get("/auth/me/sessions")["items"]

    theirs, missing = (
        Api(auth, stranger.token).call("DELETE", f"/auth/me/sessions/{which}", 404)
        for which in (session["id"], "00000000-0000-4000-8000-000000000000")
    )

    assert {**theirs, "request_id": ""} == {**missing, "request_id": ""}
    Api(auth, patient.token).get("/auth/me")


def test_one_signs_out_everywhere(auth: Flask) -> None:
    patient, stranger = make.person(auth), make.person(auth)
    elsewhere = make.sign_in(auth, patient.email)

    assert Api(auth, patient.token).send("DELETE", "/auth/me/sessions").status_code == 204

    for person in (patient, elsewhere):
        Api(auth, person.token).get("/auth/me", expect=401)
        refresh(auth, person.refresh_token, expect=401)
    Api(auth, stranger.token).get("/auth/me")


@pytest.mark.parametrize(
    "change", ["disabled_at = now()", "closed_at = now(), disabled_at = now()", "password_hash = 'changed meanwhile'"]
)
def test_an_account_that_changes_while_its_password_is_checked_is_not_signed_in_to(
    auth: Flask, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    patient = make.person(auth)
    matches = passwords.matches

    def meanwhile(*given: Any) -> bool:
        found = matches(*given)
        with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
            cursor.execute(f"UPDATE auth.person SET {change} WHERE id = %s", (patient.id,))
        return found

    monkeypatch.setattr(passwords, "matches", meanwhile)
    body = {"email": patient.email, "password": make.PASSWORD}

    assert Api(auth).post("/auth/login", json=body, expect=401)["code"] == "invalid-credentials"


def test_sessions_are_noted_when_they_begin_and_end(auth: Flask, environment: dict[str, str]) -> None:
    patient = make.person(auth)
    second, third = make.sign_in(auth, patient.email), make.sign_in(auth, patient.email)
    api = Api(auth, patient.token)
    ids = [item["id"] for item in api.get("/auth/me/sessions")["items"] if not item["current"]]
    api.send("DELETE", f"/auth/me/sessions/{ids[0]}")
    for person in (second, third):
        Api(auth).send("POST", "/auth/logout", json={"refresh_token": person.refresh_token})
    api.send("DELETE", "/auth/me/sessions")

    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT action, record_id::text, patient_id::text FROM auth.audit_event ORDER BY sequence")
        noted = cursor.fetchall()

    assert [action for action, _, _ in noted] == ["session.begin"] * 3 + ["session.end"] * 3
    assert {record for action, record, _ in noted[3:]} == {*ids, None}
    assert {patient_id for _, _, patient_id in noted} == {patient.id}
