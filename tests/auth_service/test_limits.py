"""How often one may try: guesses in turn and at once, at one account and at many, from one address and from others."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests
from flask import Flask
from werkzeug.test import TestResponse

from auth_service import limits, passwords
from auth_service.signing_in import InvalidCredentials
from chassis import clock, logs
from chassis.errors import TooManyRequests, Unavailable
from tests import make
from tests.api import Api
from tests.auth_service.test_links import NEW, link, reset
from tests.servers import Program

HERE, ELSEWHERE = "198.51.100.7", "203.0.113.9"
NOON = datetime(2027, 3, 10, 12, tzinfo=UTC)
AT_ONCE = 14
ANSWERED = {401, 429, 503}
"""What guesses at once may hear; 503 on a machine that is busy with something else."""


def sign_in(auth: Flask, email: str, password: str = "WrongPass123", address: str = HERE) -> TestResponse:
    """A try from an address, as a proxy tells of it."""
    body = {"email": email, "password": password}
    return Api(auth).send("POST", "/auth/login", json=body, headers={"X-Forwarded-For": address})


def statuses(auth: Flask, email: str, times: int, **given: str) -> list[int]:
    return [sign_in(auth, email, **given).status_code for _ in range(times)]


@contextmanager
def inside(auth: Flask, address: str = HERE) -> Iterator[None]:
    """Call rules as a request from this address would."""
    token = logs.client_address.set(address)
    with auth.app_context():
        yield
    logs.client_address.reset(token)


def reserved(limit: limits.Limit, times: int, account: str | None = None) -> int:
    """How many of so many tries are let through."""
    passed = 0
    for _ in range(times):
        try:
            limits.reserve(limit, account)
            passed += 1
        except TooManyRequests:
            pass
    return passed


def after(*minutes: float) -> list[datetime]:
    return [NOON + timedelta(minutes=minute) for minute in minutes]


@pytest.mark.parametrize(
    ("failures", "now", "minutes"),
    [
        ([], 0, 0),
        (after(0, 0, 0, 0), 0, 0),
        (after(0, 0, 0, 0, 0), 0, 5),
        (after(0, 1, 2, 3, 4), 4, 1),
        (after(0, 1, 2, 3, 4), 5, 0),
        (after(0, 2, 4, 6, 8, 10, 12, 14, 16), 16, 0),  # slow, and fewer than ten
        (after(0, 0, 0, 0, 0, 5, 5, 5, 5, 5), 5, 15),
        (after(0, 0, 0, 0, 0, 5, 5, 5, 5, 5), 20, 0),
        (after(*[0] * 5, *[5] * 5, *[20] * 5), 20, 60),
        (after(*[0] * 5, *[5] * 5, *[20] * 5), 80, 0),
        (after(*[0] * 5, *[5] * 5, *[20] * 5), 24 * 60 + 6, 0),
        (after(*[0] * 5, *[5] * 5, *[20] * 5, *[24 * 60 + 6] * 5), 24 * 60 + 6, 15),  # the first ten are forgotten
    ],
)
def test_the_pause_grows_with_the_failures_of_a_day(failures: list[datetime], now: float, minutes: float) -> None:
    assert limits.pause(failures, NOON + timedelta(minutes=now)) == timedelta(minutes=minutes)


def test_the_sixth_guess_is_refused_and_told_the_truth_about_when(auth: Flask) -> None:
    patient = make.person(auth)
    now = clock.now()
    with clock.set_to(now):
        assert statuses(auth, patient.email, 5) == [401] * 5
        refused = sign_in(auth, patient.email, make.PASSWORD)

    wait = int(refused.headers["Retry-After"])
    assert (refused.status_code, refused.get_json()["code"], wait) == (429, "rate-limited", 300)
    with clock.set_to(now + timedelta(seconds=wait - 1)):
        assert sign_in(auth, patient.email, make.PASSWORD).status_code == 429
    with clock.set_to(now + timedelta(seconds=wait)):
        assert sign_in(auth, patient.email, make.PASSWORD).status_code == 200


def test_the_owner_gets_in_from_elsewhere(auth: Flask) -> None:
    patient = make.person(auth)

    assert statuses(auth, patient.email, 6)[-1] == 429
    assert sign_in(auth, patient.email, make.PASSWORD, ELSEWHERE).status_code == 200
    assert sign_in(auth, patient.email, make.PASSWORD).status_code == 429  # which opens nothing here


def test_signing_in_clears_the_failures_of_this_account_and_address(auth: Flask) -> None:
    patient, other = make.person(auth), make.person(auth)
    for email in (patient.email, other.email):
        assert statuses(auth, email, 4) == [401] * 4
    statuses(auth, patient.email, 4, address=ELSEWHERE)

    assert sign_in(auth, patient.email, make.PASSWORD).status_code == 200

    assert statuses(auth, patient.email, 5) == [401] * 5
    with inside(auth, ELSEWHERE):
        assert reserved(limits.PASSWORD, 3, patient.email) == 1
    with inside(auth):
        assert reserved(limits.PASSWORD, 3, other.email) == 1


def test_an_unknown_address_is_counted_like_a_known_one(auth: Flask) -> None:
    patient = make.person(auth)
    with clock.set_to(clock.now()):
        seen = [
            [(answer.status_code, answer.headers.get("Retry-After"), {**answer.get_json(), "request_id": ""})]
            for email, address in ((patient.email, HERE), ("nobody@example.com", ELSEWHERE))
            for answer in [sign_in(auth, email, address=address) for _ in range(7)]
        ]

    assert seen[:7] == seen[7:]


def test_eleven_failures_at_eleven_accounts_in_a_minute_are_too_many(auth: Flask) -> None:
    tried = [sign_in(auth, f"nobody{n}@example.com").status_code for n in range(11)]

    assert tried == [401] * 10 + [429]
    patient = make.person(auth)
    assert sign_in(auth, patient.email, make.PASSWORD, ELSEWHERE).status_code == 200
    with clock.set_to(clock.now() + timedelta(minutes=1)):
        assert sign_in(auth, patient.email, make.PASSWORD).status_code == 200


@pytest.mark.parametrize(
    ("limit", "times"), [(limits.PASSWORD, 30), (limits.CODE, 30), (limits.SIGN_UP, 20), (limits.MAIL, 20)]
)
def test_one_address_tries_so_often_in_a_minute(auth: Flask, limit: limits.Limit, times: int) -> None:
    now = clock.now()

    def try_as_often_as_allowed() -> None:
        for n in range(times):
            with limits.attempt(limit, f"somebody{n}"):
                pass
        with pytest.raises(TooManyRequests) as refused, limits.attempt(limit, "somebody else"):
            pass
        assert refused.value.seconds == 60

    with inside(auth), clock.set_to(now):
        try_as_often_as_allowed()
    with inside(auth, ELSEWHERE), clock.set_to(now):
        try_as_often_as_allowed()
    with inside(auth), clock.set_to(now + timedelta(minutes=1)):
        try_as_often_as_allowed()


def test_signing_up_is_limited(auth: Flask) -> None:
    with inside(auth):
        reserved(limits.SIGN_UP, 20)
    account = {"email": "new@example.com", "password": "long enough", "role": "patient"}
    account |= {"first_name": "Nell", "last_name": "New"}

    refused, elsewhere = (
        Api(auth).send("POST", "/auth/register", json=account, headers={"X-Forwarded-For": address})
        for address in (HERE, ELSEWHERE)
    )

    assert (refused.status_code, elsewhere.status_code) == (429, 201)


def test_one_account_is_mailed_three_times_an_hour_and_nobody_is_told(auth: Flask) -> None:
    now = clock.now()
    for n, expected in enumerate([True, True, True, False, False]):
        with inside(auth, f"198.51.100.{n}"), clock.set_to(now):
            assert limits.may_mail("a@example.com") is expected
    with inside(auth), clock.set_to(now):
        assert limits.may_mail("b@example.com")
    with inside(auth), clock.set_to(now + timedelta(hours=1)):
        assert limits.may_mail("a@example.com")


def test_codes_are_limited_from_all_addresses_together(auth: Flask) -> None:
    passed = 0
    for n in range(8):
        with inside(auth, f"198.51.100.{n}"):
            passed += reserved(limits.CODE, 5, "somebody")
    assert passed == limits.CODE.anywhere == 20

    for n in range(8):  # the control: passwords are not, so that nobody locks the owner out
        with inside(auth, f"198.51.100.{n}"):
            assert reserved(limits.PASSWORD, 5, "somebody") == 5


def test_a_wrong_password_counts_wherever_it_is_asked_for(auth: Flask) -> None:
    patient = make.person(auth)
    api = Api(auth, patient.token)
    here = {"X-Forwarded-For": HERE}
    body = {"password": "WrongPass123"}
    tried = [
        api.send("POST", path, json=body, headers=here).status_code
        for path in ("/auth/me/second-factor", "/auth/me/close", "/auth/me/second-factor/remove")
    ]

    assert tried + statuses(auth, patient.email, 3) == [401, 401, 401, 401, 401, 429]
    assert api.send("POST", "/auth/me/close", json=body, headers=here).status_code == 429


def test_one_household_counts_as_one_address(auth: Flask) -> None:
    patient = make.person(auth)

    tried = [sign_in(auth, patient.email, address=f"2001:db8::{n}").status_code for n in range(6)]

    assert tried == [401] * 5 + [429]
    assert sign_in(auth, patient.email, address="2001:db8:0:1::1").status_code == 401


@pytest.mark.parametrize(("peer", "last"), [("192.0.2.1", 429), ("127.0.0.1", 401)])  # the second one is our proxy
def test_nobody_gets_more_guesses_by_naming_other_addresses(auth: Flask, peer: str, last: int) -> None:
    patient = make.person(auth)
    body = {"email": patient.email, "password": "WrongPass123"}
    sent: list[dict[str, Any]] = [{"headers": {"X-Forwarded-For": f"198.51.100.{n}"}} for n in range(6)]

    tried = [
        Api(auth).send("POST", "/auth/login", json=body, environ_base={"REMOTE_ADDR": peer}, **one).status_code
        for one in sent
    ]

    assert tried == [401] * 5 + [last]


@contextmanager
def looking_first(limit: limits.Limit, account: str) -> Iterator[None]:
    """The control: look whether a try is allowed, make it, and count it when it has failed."""
    hashed = limits._hashed(account)
    limits._refuse(max(limits._waits(limit, hashed)))
    limits._commit()
    try:
        yield
    except InvalidCredentials:
        limits._note(limit, hashed)
        raise


@pytest.mark.parametrize("counted", ["before", "afterwards"])
def test_five_guesses_at_once_reach_the_hash(auth: Flask, monkeypatch: pytest.MonkeyPatch, counted: str) -> None:
    patient, start, reached = make.person(auth), threading.Barrier(AT_ONCE), []
    matches = passwords.matches

    def seen(*given: Any) -> bool:
        found = matches(*given)
        reached.append(given)
        return found

    monkeypatch.setattr(passwords, "matches", seen)
    if counted == "afterwards":
        monkeypatch.setattr(limits, "attempt", looking_first)

    def guess(n: int) -> int:
        start.wait()
        return sign_in(auth, patient.email, f"WrongPass{n}").status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(guess, range(AT_ONCE)))

    assert set(answers) <= ANSWERED
    assert (len(reached) == 5) == (counted == "before"), answers


def test_guesses_are_counted_across_processes(auth: Flask, environment: dict[str, str], tmp_path: Path) -> None:
    patient = make.person(auth)
    programs = [Program("auth_service", {**environment, "WEB_CONCURRENCY": "1"}, tmp_path / f"{n}.log") for n in "12"]

    def guess(n: int) -> int:
        body = {"email": patient.email, "password": f"WrongPass{n}"}
        return requests.post(f"{programs[n % 2].url}/auth/login", json=body, timeout=10).status_code

    for program in programs:
        program.start()
    try:
        for program in programs:
            program.wait()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(guess, range(AT_ONCE)))
    finally:
        for program in programs:
            program.stop()

    assert set(answers) <= ANSWERED
    assert answers.count(401) == 5


def test_what_was_never_looked_at_does_not_count(auth: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy() -> None:
        raise Unavailable

    with inside(auth):
        for _ in range(7):
            with pytest.raises(Unavailable), limits.attempt(limits.PASSWORD, "somebody"):
                busy()
        assert reserved(limits.PASSWORD, 7, "somebody") == 5


def rows(environment: dict[str, str], query: str) -> list[tuple[Any, ...]]:
    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def test_no_name_is_kept_and_nothing_longer_than_a_day(auth: Flask, environment: dict[str, str]) -> None:
    sign_in(auth, "somebody@example.com")
    (kept,) = rows(environment, "SELECT account, attempt::text FROM auth.attempt")
    assert len(bytes(kept[0])) == 32
    assert "somebody" not in kept[1]

    with clock.set_to(clock.now() + timedelta(days=1, minutes=1)):
        sign_in(auth, "another@example.com")

    assert len(rows(environment, "SELECT 1 FROM auth.attempt")) == 1


def test_an_admin_can_unlock(auth: Flask) -> None:
    from auth_service.models import Person, db

    patient, other = make.person(auth), make.person(auth)
    statuses(auth, patient.email, 6)
    statuses(auth, other.email, 4)
    with auth.app_context():
        people = [db.session.get_one(Person, person.id) for person in (patient, other)]
        assert limits.locked(people) == {people[0].id}
        limits.unlock(people[0])
        db.session.commit()
        assert not limits.is_locked(people[0])

    assert sign_in(auth, patient.email, make.PASSWORD).status_code == 200


def test_an_admin_can_unlock_who_is_kept_waiting_from_several_addresses(auth: Flask) -> None:
    from auth_service.models import Person, db

    patient, other = make.person(auth), make.person(auth)
    for n in range(5):  # four from each address: none of them alone is too many
        with inside(auth, f"198.51.100.{n}"):
            reserved(limits.CODE, 4, patient.id)
            reserved(limits.CODE, 3, other.id)
    with auth.app_context():
        people = [db.session.get_one(Person, person.id) for person in (patient, other)]
        assert limits.locked(people) == {people[0].id}
        limits.unlock(people[0])
        db.session.commit()
        assert not limits.is_locked(people[0])

    with inside(auth, ELSEWHERE):
        assert reserved(limits.CODE, 1, patient.id) == 1


def test_whoever_reads_the_mail_gets_no_more_guesses_at_codes(auth: Flask) -> None:
    patient = make.person(auth)
    assert statuses(auth, patient.email, 6)[-1] == 429
    for n in range(4):
        with inside(auth, f"198.51.100.{n + 10}"):
            assert reserved(limits.CODE, 5, patient.id) == 5

    reset(auth, link(auth, patient.email))

    assert sign_in(auth, patient.email, NEW).status_code == 200
    with inside(auth, ELSEWHERE):
        assert reserved(limits.CODE, 1, patient.id) == 0


def test_a_flood_does_not_fill_the_record_of_access(auth: Flask, environment: dict[str, str]) -> None:
    patient, now = make.person(auth), clock.now()
    noted = "SELECT count(*) FROM auth.audit_event WHERE action = 'session.refuse'"
    with clock.set_to(now):
        assert statuses(auth, patient.email, 30) == [401] * 5 + [429] * 25
        assert rows(environment, noted) == [(5 + limits.NOTES.attempts,)]
        statuses(auth, patient.email, 6, address=ELSEWHERE)
        assert rows(environment, noted) == [(5 + limits.NOTES.attempts + 6,)]
    with clock.set_to(now + timedelta(minutes=1)):
        assert statuses(auth, patient.email, 1) == [429]
    assert rows(environment, noted) == [(5 + limits.NOTES.attempts + 7,)]


def test_refused_sign_ins_are_noted_with_the_person_and_without_an_address(
    auth: Flask, environment: dict[str, str]
) -> None:
    patient, doctor = make.person(auth), make.person(auth, "doctor")
    statuses(auth, patient.email, 6)
    statuses(auth, doctor.email, 1)
    statuses(auth, "nobody@example.com", 1)

    noted = rows(
        environment,
        "SELECT actor_id::text, patient_id::text, address, outcome FROM auth.audit_event"
        " WHERE action = 'session.refuse' ORDER BY sequence",
    )
    written = rows(environment, "SELECT audit_event::text FROM auth.audit_event")

    assert noted == [
        *[(patient.id, patient.id, HERE, "refused")] * 6,
        (doctor.id, None, HERE, "refused"),
        (None, None, HERE, "refused"),
    ]
    assert "@" not in str(written)
