"""Admins look after other people's accounts, nobody else does, and the last admin is never lost."""

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg2
import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select

from auth_service import people
from auth_service.limits import GUESSES
from auth_service.models import Person, db
from chassis import clock
from tests import make
from tests.api import Api

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def boss(auth: Flask) -> make.Person:
    return make.admin(auth)


@pytest.fixture
def admin(auth: Flask, boss: make.Person) -> Api:
    return Api(auth, boss.token)


def found(admin: Api, query: str) -> list[str]:
    """The e-mail addresses of the people that a query lists."""
    return [person["email"] for person in admin.get(f"/people?{query}")["items"]]


def noted(environment: dict[str, str]) -> list[tuple[Any, ...]]:
    """What the record of access holds beside sign-ins: action, record and patient."""
    with (
        contextlib.closing(psycopg2.connect(environment["ADMIN_URL"])) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT action, record_id::text, patient_id::text FROM auth.audit_event ORDER BY sequence")
        return [event for event in cursor.fetchall() if event[0] != "session.begin"]


def try_password(auth: Flask, email: str, password: str, expect: int) -> Any:
    return Api(auth).post("/auth/login", json={"email": email, "password": password}, expect=expect)


def close(auth: Flask, person: make.Person) -> None:
    closing = Api(auth, person.token).send("POST", "/auth/me/close", json={"password": make.PASSWORD})
    assert closing.status_code == 204


def test_the_longest_names_stand_in_nobodys_way(auth: Flask, admin: Api) -> None:
    letters = [chr(0x4E00 + n * 37 % 20000) for n in range(400)]
    emails = {
        make.person(auth, first_name="".join(letters[n:200]) + letters[n] * n, last_name="".join(letters[200:])).email
        for n in range(3)
    }
    first = admin.get("/people?limit=1&role=patient")
    second = admin.get(f"/people?limit=1&role=patient&cursor={first['next_cursor']}")
    third = admin.get(f"/people?limit=1&role=patient&cursor={second['next_cursor']}")

    assert {page["items"][0]["email"] for page in (first, second, third)} == emails
    assert third["next_cursor"] is None


def test_pages_follow_one_another_by_name_and_leave_nobody_out(auth: Flask, admin: Api) -> None:
    for name in ("Berg", "Ahmed", "Berg", "Young", "de la Cruz"):
        make.person(auth, first_name="Kim", last_name=name)

    seen, query = [], "/people?role=patient&limit=2"
    page = admin.get(query)
    while True:
        seen += [(one["last_name"], one["id"]) for one in page["items"]]
        if page["next_cursor"] is None:
            break
        page = admin.get(f"{query}&cursor={page['next_cursor']}")

    assert [name for name, _ in seen] == ["Ahmed", "Berg", "Berg", "de la Cruz", "Young"]
    assert len({person_id for _, person_id in seen}) == 5


@pytest.mark.parametrize("cursor", ["x", "", "WyJBIiwiQiIsImMiXQ.AAAA"])
def test_a_made_up_cursor_opens_nothing(admin: Api, cursor: str) -> None:
    assert admin.get(f"/people?cursor={cursor}x", expect=400)["code"] == "invalid-cursor"


def test_a_cursor_is_its_admins_own(auth: Flask, admin: Api) -> None:
    make.person(auth)
    other = Api(auth, make.admin(auth).token)

    cursor = admin.get("/people?limit=1")["next_cursor"]

    assert other.get(f"/people?limit=1&cursor={cursor}", expect=400)["code"] == "invalid-cursor"


@pytest.mark.parametrize(
    ("search", "finds"),
    [
        ("%25", "percent@example.com"),
        ("_", "under_score@example.com"),
        ("%5C", "backslash@example.com"),
        ("o'h", "quote@example.com"),
        ("%2F", "slash@example.com"),
        ("MAYA LIND", "maya@example.com"),
        ("maya@ex", "maya@example.com"),
        ("łukasz", "lukasz@example.com"),
    ],
)
def test_search_is_literal_in_names_and_addresses(auth: Flask, admin: Api, search: str, finds: str) -> None:
    for email, last_name in (
        ("percent", "100% Sure"),
        ("under_score", "Score"),
        ("backslash", "Back\\slash"),
        ("quote", "O'Hara"),
        ("slash", "Smith/Jones"),
        ("maya", "Lindqvist"),
        ("lukasz", "Łukasz"),
    ):
        first_name = "Maya" if email == "maya" else "Pat"
        make.person(auth, email=f"{email}@example.com", first_name=first_name, last_name=last_name)

    assert found(admin, f"search={search}") == [finds]


def test_people_are_listed_by_role_state_and_id(auth: Flask, admin: Api) -> None:
    waiting = make.person(auth, "doctor", verified=False, last_name="Aa")
    doctor = make.person(auth, "doctor", last_name="Bb")
    disabled, closed = make.person(auth, last_name="Cc"), make.person(auth, last_name="Dd")
    admin.post(f"/people/{disabled.id}/disable")
    close(auth, closed)
    unknown_to_nobody = f"ids={doctor.id},{closed.id},{UNKNOWN}"

    assert found(admin, "role=doctor") == [waiting.email, doctor.email]
    assert found(admin, "state=waiting") == [waiting.email]
    assert found(admin, "state=disabled") == [disabled.email]
    assert found(admin, "state=closed") == [closed.email]
    assert set(found(admin, "state=active")) >= {waiting.email, doctor.email}
    assert not {disabled.email, closed.email} & set(found(admin, "state=active"))
    assert found(admin, unknown_to_nobody) == [doctor.email, closed.email]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        (f"search={'x' * 300}", "/search"),
        ("search=%00", "/search"),
        ("state=gone", "/state"),
        ("role=owner", "/role"),
        ("ids=", "/ids/0"),
        (f"ids={UNKNOWN.upper().replace('8', 'A')}", "/ids/0"),
        (f"ids={','.join([UNKNOWN] * 101)}", "/ids"),
        ("limit=101", "/limit"),
        ("sort=password_hash", "/sort"),
    ],
)
def test_what_cannot_be_asked_is_named(admin: Api, query: str, pointer: str) -> None:
    problem = admin.get(f"/people?{query}", expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]


def test_an_admin_reads_more_than_people_see_of_themselves(auth: Flask, admin: Api) -> None:
    doctor = make.person(auth, "doctor", verified=False, licence_number="7412093", licence_register="GMC")

    read = admin.get(f"/people/{doctor.id}")

    assert read["licence"]["number"] == "7412093"
    assert read["last_sign_in_at"] is not None
    assert (read["disabled_at"], read["closed_at"], read["locked"]) == (None, None, False)
    admin.get(f"/people/{UNKNOWN}", expect=404)


def test_a_disabled_account_is_out_at_once_and_comes_back_without_its_sessions(auth: Flask, admin: Api) -> None:
    patient = make.person(auth)

    shown = admin.post(f"/people/{patient.id}/disable")

    assert shown["disabled_at"] is not None
    Api(auth, patient.token).get("/auth/me", expect=401)
    Api(auth).post("/auth/refresh", json={"refresh_token": patient.refresh_token}, expect=401)
    try_password(auth, patient.email, make.PASSWORD, expect=401)
    admin.post(f"/people/{patient.id}/enable")
    Api(auth).post("/auth/refresh", json={"refresh_token": patient.refresh_token}, expect=401)
    make.sign_in(auth, patient.email)


def test_signing_somebody_out_ends_all_their_sessions(auth: Flask, admin: Api) -> None:
    patient = make.person(auth)
    elsewhere = make.sign_in(auth, patient.email)

    admin.post(f"/people/{patient.id}/sign-out")

    for session in (patient, elsewhere):
        Api(auth, session.token).get("/auth/me", expect=401)
    make.sign_in(auth, patient.email)


def test_unlocking_lets_the_owner_try_again(auth: Flask, admin: Api) -> None:
    patient = make.person(auth)
    for _ in range(GUESSES):
        try_password(auth, patient.email, "WrongPass123", expect=401)
    try_password(auth, patient.email, make.PASSWORD, expect=429)
    assert admin.get(f"/people/{patient.id}")["locked"] is True

    assert admin.post(f"/people/{patient.id}/unlock")["locked"] is False

    make.sign_in(auth, patient.email)


def test_a_lost_second_factor_is_taken_away(auth: Flask, admin: Api) -> None:
    patient = make.person(auth)
    api = Api(auth, patient.token)
    proposed = api.post("/auth/me/second-factor", json={"password": make.PASSWORD}, expect=201)
    api.post("/auth/me/second-factor/confirm", json={"code": pyotp.TOTP(proposed["secret"]).at(clock.now())})
    assert admin.get(f"/people/{patient.id}")["second_factor"] == "on"

    assert admin.post(f"/people/{patient.id}/remove-second-factor")["second_factor"] == "off"

    make.sign_in(auth, patient.email)


def test_a_role_counts_from_the_next_token_on(auth: Flask, admin: Api) -> None:
    patient = make.person(auth)

    changed = admin.put(f"/people/{patient.id}/role", json={"role": "admin"})

    assert changed["role"] == "admin"
    Api(auth, patient.token).get("/people", expect=401)
    renewed = Api(auth).post("/auth/refresh", json={"refresh_token": patient.refresh_token})
    Api(auth, renewed["access_token"]).get("/people")


def test_whoever_becomes_a_doctor_again_is_checked_again(auth: Flask, admin: Api) -> None:
    doctor = make.person(auth, "doctor", licence_number="7412093")

    assert admin.put(f"/people/{doctor.id}/role", json={"role": "patient"})["licence"] is None
    again = admin.put(f"/people/{doctor.id}/role", json={"role": "doctor"})["licence"]

    assert (again["state"], again["number"], again["checked_on"]) == ("unverified", "7412093", None)


@pytest.mark.parametrize("act", ["enable", "unlock", "sign-out", "remove-second-factor", "role", "disable"])
def test_what_is_so_already_is_a_conflict(auth: Flask, admin: Api, act: str) -> None:
    patient = make.person(auth)
    if act in ("sign-out", "disable"):
        admin.post(f"/people/{patient.id}/{act}")

    problem = (
        admin.put(f"/people/{patient.id}/role", json={"role": "patient"}, expect=409)
        if act == "role"
        else admin.post(f"/people/{patient.id}/{act}", expect=409)
    )

    assert problem["code"] == "conflict-state"


def test_a_closed_account_stays_closed(auth: Flask, admin: Api) -> None:
    closed = make.person(auth)
    close(auth, closed)

    assert admin.post(f"/people/{closed.id}/enable", expect=409)["code"] == "conflict-state"
    assert admin.put(f"/people/{closed.id}/role", json={"role": "admin"}, expect=409)["code"] == "conflict-state"


def test_nobody_does_any_of_it_to_oneself(auth: Flask, admin: Api, boss: make.Person) -> None:
    make.admin(auth)  # not the last one

    for act in ("disable", "enable", "unlock", "sign-out", "remove-second-factor"):
        assert admin.post(f"/people/{boss.id}/{act}", expect=409)["code"] == "not-oneself"
    assert admin.put(f"/people/{boss.id}/role", json={"role": "patient"}, expect=409)["code"] == "not-oneself"


def test_what_is_done_is_noted_with_whose_account_it_was(
    environment: dict[str, str], auth: Flask, admin: Api, boss: make.Person
) -> None:
    patient, doctor = make.person(auth), make.person(auth, "doctor", verified=False)
    admin.get("/people")
    admin.get(f"/people/{patient.id}")
    admin.post(f"/people/{patient.id}/disable")
    admin.post(f"/people/{patient.id}/enable")
    admin.post(f"/people/{doctor.id}/licence/reject", json={"reason": "Not in the register."})
    admin.get(f"/people/{UNKNOWN}", expect=404)

    assert noted(environment) == [
        ("person.list", None, None),
        ("person.list", None, patient.id),
        ("person.read", patient.id, patient.id),
        ("person.disable", patient.id, patient.id),
        ("person.enable", patient.id, patient.id),
        ("licence.reject", doctor.id, None),
        ("person.read", UNKNOWN, None),
    ]


def test_the_api_never_makes_the_first_admin(auth: Flask) -> None:
    account = {"email": "a@example.com", "password": make.PASSWORD, "first_name": "Ann", "last_name": "Other"}
    Api(auth).post("/auth/register", json=account | {"role": "admin"}, expect=422)
    for role in ("patient", "doctor"):
        person = make.person(auth, role)
        api = Api(auth, person.token)
        api.patch("/auth/me", json={"role": "admin"}, expect=422)
        api.put(f"/people/{person.id}/role", json={"role": "admin"}, expect=403)

    assert admins(auth) == 0


def admins(auth: Flask) -> int:
    """How many admins can sign in."""
    with auth.app_context():
        query = select(func.count()).select_from(Person).where(Person.role == "admin", Person.disabled_at.is_(None))
        return db.session.scalar(query) or 0


def one_row_only(person_id: UUID, *, with_admins: bool = False) -> Person:
    """The lock as it would be without the other admins in it: the control."""
    return db.session.get_one(Person, person_id, with_for_update=True)


@pytest.fixture
def both_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has seen that an admin would be left waits for the other to have seen the same, as far as they can."""
    meeting, check = threading.Barrier(2), people.keep_an_admin

    def check_and_meet(person: Person) -> None:
        check(person)
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(0.5)

    monkeypatch.setattr(people, "keep_an_admin", check_and_meet)


@pytest.fixture(params=["role", "disable", "close"])
def losing(request: pytest.FixtureRequest, auth: Flask, boss: make.Person) -> Iterator[list[int]]:
    """What two admins are told who, at once, take the other's role, disable the other, or leave."""
    rival = make.admin(auth)
    ask = {
        "role": lambda me, other: ("PUT", f"/people/{other.id}/role", {"role": "patient"}),
        "disable": lambda me, other: ("POST", f"/people/{other.id}/disable", {}),
        "close": lambda me, other: ("POST", "/auth/me/close", {"password": make.PASSWORD}),
    }[request.param]

    def act(pair: tuple[make.Person, make.Person]) -> int:
        method, path, body = ask(*pair)
        return Api(auth, pair[0].token).send(method, path, **({"json": body} if body else {})).status_code

    with ThreadPoolExecutor(2) as pool:
        yield list(pool.map(act, [(boss, rival), (rival, boss)]))


@pytest.mark.usefixtures("both_at_once")
def test_two_admins_at_once_never_leave_none(auth: Flask, losing: list[int]) -> None:
    assert sorted(losing)[0] in (200, 204)
    assert sorted(losing)[1] in (409, 503)  # a busy database may let the second one wait too long
    assert admins(auth) == 1


@pytest.fixture
def _careless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "lock", one_row_only)


@pytest.mark.usefixtures("_careless", "both_at_once", "losing")
def test_without_the_lock_of_all_admins_none_would_be_left(auth: Flask) -> None:
    assert admins(auth) == 0
