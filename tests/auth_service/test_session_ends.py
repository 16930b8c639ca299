"""What must end, ends: sessions without number, tokens that outlive their session, and sign-ins that wait meanwhile."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from flask import Flask

from auth_service import revocations, signing_in
from chassis import clock
from tests import make
from tests.api import Api
from tests.auth_service.test_second_factor import propose

WITHIN = 10.0
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%FOR SHARE%%'"


def rows(environment: dict[str, str], query: str, *given: Any) -> list[tuple[Any, ...]]:
    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute(query, given)
        return cursor.fetchall()


def listed(auth: Flask) -> list[str]:
    """The sessions on the list of revocations."""
    return [one["session_id"] for one in Api(auth).get("/auth/revocations")["revocations"]]


def older_sessions(environment: dict[str, str], person: make.Person, number: int) -> list[str]:
    """So many living sessions, the one used longest ago first."""
    made = rows(
        environment,
        "INSERT INTO auth.session (id, person_id, created_at, last_used_at, expires_at)"
        " SELECT gen_random_uuid(), %s, now(), now() - interval '1 hour' + n * interval '1 second', now() + '7 days'"
        " FROM generate_series(1, %s) AS n RETURNING id::text, last_used_at",
        person.id,
        number,
    )
    return [session_id for session_id, _ in sorted(made, key=lambda row: row[1])]


def test_nobody_has_sessions_without_number(auth: Flask, environment: dict[str, str]) -> None:
    patient = make.person(auth)
    (own,) = Api(auth, patient.token).get("/auth/me/sessions")["items"]
    older = older_sessions(environment, patient, signing_in.MOST + 1)

    newest = make.sign_in(auth, patient.email)

    shown = [one["id"] for one in Api(auth, newest.token).get("/auth/me/sessions")["items"]]
    assert len(shown) == signing_in.MOST
    assert {own["id"], *older[3:]} <= set(shown)
    assert set(listed(auth)) == set(older[:3])
    noted = rows(environment, "SELECT record_id::text FROM auth.audit_event WHERE action = 'session.end'")
    assert {record for (record,) in noted} == set(older[:3])


def test_sign_ins_at_once_make_room_together(auth: Flask, environment: dict[str, str]) -> None:
    patient = make.person(auth)
    older_sessions(environment, patient, signing_in.MOST)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: make.sign_in(auth, patient.email), range(4)))
    make.sign_in(auth, patient.email)

    ((living,),) = rows(environment, "SELECT count(*) FROM auth.session WHERE ended_at IS NULL")
    assert living == signing_in.MOST


def test_refresh_tokens_are_forgotten_when_they_are_too_old_to_be_refused_for_anything_else(
    auth: Flask, environment: dict[str, str]
) -> None:
    patient, now = make.person(auth), clock.now()
    token = patient.refresh_token
    for hours in (0, 7, 14):
        with clock.set_to(now + timedelta(hours=hours)):
            token = Api(auth).post("/auth/refresh", json={"refresh_token": token})["refresh_token"]

    assert rows(environment, "SELECT count(*) FROM auth.refresh_token") == [(2,)]
    with clock.set_to(now + timedelta(hours=14, minutes=1)):
        Api(auth).post("/auth/refresh", json={"refresh_token": patient.refresh_token}, expect=401)
        Api(auth).post("/auth/refresh", json={"refresh_token": token})


@pytest.mark.parametrize("seconds", [1, int(revocations.KEPT.total_seconds()) + 1])
def test_a_token_that_outlives_its_session_ends_with_the_account(
    auth: Flask, environment: dict[str, str], seconds: int
) -> None:
    patient, boss = make.person(auth), make.admin(auth)
    ((session,),) = rows(
        environment,
        "UPDATE auth.session SET expires_at = now() - %s * interval '1 second' WHERE person_id = %s RETURNING id::text",
        seconds,
        patient.id,
    )

    Api(auth, boss.token).post(f"/people/{patient.id}/disable")

    # the control: no token of a session that ended long ago can be alive
    assert listed(auth) == ([session] if seconds == 1 else [])


@pytest.mark.parametrize("looks_again", [True, False])
def test_a_sign_in_that_waits_for_a_second_factor_asks_for_it(
    auth: Flask, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, looks_again: bool
) -> None:
    """Who confirms one holds the person's row: of the other table a waiting statement would tell what was before."""
    patient, answers = make.person(auth), []
    propose(auth, patient)
    if not looks_again:
        monkeypatch.setattr(signing_in, "see_second_factor", lambda person: None)
    body = {"email": patient.email, "password": make.PASSWORD}
    sign_in = threading.Thread(target=lambda: answers.append(Api(auth).send("POST", "/auth/login", json=body)))

    with psycopg2.connect(environment["ADMIN_URL"]) as confirming, confirming.cursor() as cursor:
        cursor.execute("SELECT 1 FROM auth.person WHERE id = %s FOR UPDATE", (patient.id,))
        sign_in.start()
        deadline = time.monotonic() + WITHIN
        while rows(environment, WAITS) != [(1,)]:
            assert time.monotonic() < deadline, "nobody waits"
        cursor.execute("UPDATE auth.second_factor SET confirmed_at = now() WHERE person_id = %s", (patient.id,))
    sign_in.join()

    assert answers[0].status_code == (401 if looks_again else 200)
    assert answers[0].get_json().get("code") == ("second-factor-required" if looks_again else None)
