"""The record of access: every look and every change is there, with its effect or not at all, and nobody rewrites it."""

import contextlib
import json
import threading
from collections.abc import Iterator
from datetime import time
from typing import Any

import psycopg2
import pytest
from flask import Flask
from psycopg2 import errors

from chassis.identity import Principal
from tests import make
from tests.api import Api
from tests.chassis.conftest import outcome

SERVICES = ("auth", "appointment", "prescription")
KEY = {"Idempotency-Key": "one-and-the-same"}
Event = dict[str, Any]


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth, first_name="Maya", last_name="Lindqvist")


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment, first_name="Amara", last_name="Okafor")


@pytest.fixture
def admin(auth: Flask) -> make.Person:
    return make.admin(auth)


@pytest.fixture
def rows(environment: dict[str, str]) -> Iterator["Rows"]:
    """The database itself, past the services."""
    with contextlib.closing(psycopg2.connect(environment["ADMIN_URL"])) as connection:
        connection.autocommit = True
        yield Rows(connection)


class Rows:
    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def of(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def events(self, service: str = "appointment", *columns: str) -> list[tuple[Any, ...]]:
        wanted = ", ".join(columns or ("action", "outcome", "actor_id::text", "record_id::text", "patient_id::text"))
        return self.of(f"SELECT {wanted} FROM {service}.audit_event ORDER BY sequence")

    def count(self, table: str) -> int:
        return int(self.of(f"SELECT count(*) FROM {table}")[0][0])


def test_each_use_of_an_appointment_is_noted_with_whose_it_is(
    appointment: Flask, patient: make.Person, doctor: make.Person, admin: make.Person, rows: Rows
) -> None:
    booked = make.appointment(appointment, patient, doctor)["id"]
    Api(appointment, doctor.token).get(f"/appointments/{booked}")
    Api(appointment, admin.token).get(f"/appointments/{booked}")
    Api(appointment, doctor.token).get("/appointments")
    Api(appointment, admin.token).post(f"/appointments/{booked}/cancel")

    assert rows.events() == [
        ("appointment.book", "done", patient.id, booked, patient.id),
        ("appointment.read", "done", doctor.id, booked, patient.id),
        ("appointment.read", "done", admin.id, booked, patient.id),
        ("appointment.list", "done", doctor.id, None, patient.id),
        ("appointment.cancel", "done", admin.id, booked, patient.id),
    ]
    assert rows.events("appointment", "actor_role", "actor_name")[1] == ("doctor", "Dr Amara Okafor")


def test_each_use_of_a_prescription_is_noted_and_what_it_was_for(
    appointment: Flask, prescription: Flask, patient: make.Person, doctor: make.Person, rows: Rows
) -> None:
    visit = make.appointment(appointment, patient, doctor)["id"]
    written = make.prescription(prescription, doctor, visit)["id"]
    api = Api(prescription, patient.token)
    api.get(f"/prescriptions/{written}")
    api.get(f"/prescriptions/{written}?purpose=print")
    api.get("/prescriptions")
    api.get(f"/prescriptions/{written}?purpose=sale", expect=422)

    assert rows.events("prescription") == [
        ("prescription.write", "done", doctor.id, written, patient.id),
        ("prescription.read", "done", patient.id, written, patient.id),
        ("prescription.print", "done", patient.id, written, patient.id),
        ("prescription.list", "done", patient.id, None, patient.id),
    ]
    # and the look at the appointment that the prescription is for
    assert rows.events()[-1] == ("appointment.read", "done", doctor.id, visit, patient.id)


@pytest.mark.parametrize("service", SERVICES)
def test_every_view_of_what_is_a_patients_notes_its_use(request: pytest.FixtureRequest, service: str) -> None:
    app: Flask = request.getfixturevalue(service)
    of_patients = set()
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        given_out = getattr(view, "_spec", {}).get("response", {}).get("schema")
        tells_of = json.dumps(given_out.model_json_schema()) if hasattr(given_out, "model_json_schema") else ""
        if '"patient_id"' in tells_of or "patient_id" in rule.arguments or "appointment_id" in rule.arguments:
            of_patients.add(rule.endpoint)

    assert "audit.listed" in of_patients
    assert [name for name in of_patients if not hasattr(app.view_functions[name], "note_refusal")] == []


def test_a_page_notes_each_patient_once_and_an_empty_one_nobody(
    auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person, rows: Rows
) -> None:
    other = make.person(auth)
    for who, at in ((patient, time(9)), (patient, time(10)), (other, time(11))):
        make.appointment(appointment, who, doctor, at=at)
    before = len(rows.events())

    page = Api(appointment, doctor.token).get("/appointments")
    Api(appointment, doctor.token).get("/appointments?status=cancelled")

    assert len(page["items"]) == 3
    noted = rows.events()[before:]
    assert {event[4] for event in noted} == {patient.id, other.id}
    assert len(noted) == 2


def test_a_refused_record_is_noted_with_the_id_that_was_asked_for(
    auth: Flask, appointment: Flask, prescription: Flask, patient: make.Person, doctor: make.Person, rows: Rows
) -> None:
    visit = make.appointment(appointment, patient, doctor)["id"]
    written = make.prescription(prescription, doctor, visit)["id"]
    stranger, suspended, admin = make.person(auth), make.person(auth, "doctor", verified=False), make.admin(auth)
    before = len(rows.events())

    Api(appointment, stranger.token).get(f"/appointments/{visit}", expect=404)
    Api(appointment, stranger.token).post(f"/appointments/{visit}/cancel", expect=404)
    Api(appointment, suspended.token).get(f"/appointments/{visit}", expect=403)
    Api(prescription, admin.token).get(f"/prescriptions/{written}?purpose=print", expect=403)
    Api(prescription, stranger.token).post("/prescriptions", expect=403)

    assert rows.events()[before:] == [
        ("appointment.read", "refused", stranger.id, visit, None),
        ("appointment.cancel", "refused", stranger.id, visit, None),
        ("appointment.read", "refused", suspended.id, visit, None),
    ]
    assert rows.events("prescription")[1:] == [
        ("prescription.print", "refused", admin.id, written, None),
        ("prescription.write", "refused", stranger.id, None, None),
    ]


def test_an_event_tells_which_request_it_was_and_nothing_of_what_was_said(
    appointment: Flask, patient: make.Person, doctor: make.Person, rows: Rows
) -> None:
    wish = make.wish(doctor.id, notes="A rash that itches")
    headers = {"X-Request-Id": "request-0042"}
    Api(appointment, patient.token).post("/appointments", json=wish, headers=headers, expect=201)

    assert rows.events("appointment", "request_id") == [("request-0042",)]
    assert "rash" not in str(rows.of("SELECT audit_event::text FROM appointment.audit_event"))


def test_an_admin_learns_when_and_who_and_never_why(
    appointment: Flask, patient: make.Person, doctor: make.Person, admin: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor, notes="A rash that itches")
    path = f"/appointments/{booked['id']}"

    seen = Api(appointment, admin.token).get(path)
    cancelled = Api(appointment, doctor.token).post(f"{path}/cancel", json={"code": "other", "reason": "Rash is gone"})
    listed = Api(appointment, admin.token).get("/appointments")["items"]
    read = Api(appointment, admin.token).get(path)
    history = Api(appointment, admin.token).get(f"{path}/history")

    assert seen == booked | {"notes": "", "actions": ["move", "cancel", "mark-error"]}
    assert cancelled["cancellation_note"] == "Rash is gone"
    assert listed == [read] == [cancelled | {"notes": "", "cancellation_note": ""}]
    assert [(event["action"], event["code"], event["reason"]) for event in history["events"]] == [
        ("book", None, ""),
        ("cancel", "other", ""),
    ]
    assert Api(appointment, patient.token).get(path)["notes"] == "A rash that itches"


def test_a_retry_with_the_same_key_adds_neither_effect_nor_event(
    appointment: Flask, patient: make.Person, doctor: make.Person, rows: Rows
) -> None:
    api, wish = Api(appointment, patient.token), make.wish(doctor.id)
    for _ in range(2):
        api.post("/appointments", json=wish, headers=KEY, expect=201)
    other = make.wish(doctor.id, at=time(11))
    api.post("/appointments", json=other, headers=KEY, expect=422)
    refused = make.wish("00000000-0000-4000-8000-000000000000")
    api.post("/appointments", json=refused, headers={"Idempotency-Key": "another"}, expect=404)

    assert [event[:2] for event in rows.events()] == [("appointment.book", "done"), ("appointment.book", "refused")]
    assert rows.count("appointment.appointment") == 1
    assert rows.count("appointment.idempotency_key") == 1


@contextlib.contextmanager
def record_closed(environment: dict[str, str], service: str) -> Iterator[None]:
    """Nothing can be added to the record of this service: somebody holds its table."""
    with contextlib.closing(psycopg2.connect(environment["ADMIN_URL"])) as admin, admin.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {service}.audit_event IN SHARE MODE")
        yield


@pytest.mark.parametrize("headers", [{}, KEY])
def test_what_cannot_be_noted_does_not_happen(
    environment: dict[str, str],
    appointment: Flask,
    patient: make.Person,
    doctor: make.Person,
    rows: Rows,
    headers: dict[str, str],
) -> None:
    api = Api(appointment, patient.token)
    with record_closed(environment, "appointment"):
        answer = api.send("POST", "/appointments", json=make.wish(doctor.id), headers=headers)

    assert outcome(answer) == (503, "unavailable")
    assert rows.count("appointment.appointment") == rows.count("appointment.audit_event") == 0
    assert rows.count("appointment.idempotency_key") == 0
    api.post("/appointments", json=make.wish(doctor.id), headers=headers, expect=201)
    assert rows.count("appointment.appointment") == rows.count("appointment.audit_event") == 1


def test_what_cannot_be_noted_is_not_given_out(
    environment: dict[str, str], auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    path = f"/appointments/{make.appointment(appointment, patient, doctor, notes='A rash')['id']}"
    with record_closed(environment, "appointment"):
        own = Api(appointment, doctor.token).send("GET", path)
        strangers = Api(appointment, make.person(auth).token).send("GET", path)

    assert outcome(own) == outcome(strangers) == (503, "unavailable")
    assert "rash" not in own.get_data(as_text=True)


def test_a_record_that_has_lost_its_grant_stops_the_service_and_not_only_the_noting(
    appointment: Flask, patient: make.Person, doctor: make.Person, rows: Rows
) -> None:
    """Not a passing weakness of the database: even then nothing is given out unnoted."""
    path = f"/appointments/{make.appointment(appointment, patient, doctor)['id']}"
    with rows.connection.cursor() as cursor:
        cursor.execute("REVOKE INSERT ON appointment.audit_event FROM appointment")
        try:
            answer = Api(appointment, doctor.token).send("GET", path)
        finally:
            cursor.execute("GRANT INSERT ON appointment.audit_event TO appointment")

    assert outcome(answer) == (503, "unavailable")


WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO audit_event%%'"


def crash_between_effect_and_event(environment: dict[str, str], rows: Rows, act: Any) -> None:
    """Let `act` come as far as its event, and end its connection there, as a crash would."""
    with record_closed(environment, "appointment"):
        acting = threading.Thread(target=act)
        acting.start()
        while not (found := rows.of(WAITING)):
            assert acting.is_alive(), "it was over before it was noted"
        rows.of("SELECT pg_terminate_backend(%s)", found[0][0])
        acting.join()


def test_a_crash_between_effect_and_event_leaves_neither(
    environment: dict[str, str], appointment: Flask, patient: make.Person, doctor: make.Person, rows: Rows
) -> None:
    answers: list[Any] = []
    wish = make.wish(doctor.id)

    crash_between_effect_and_event(
        environment,
        rows,
        lambda: answers.append(Api(appointment, patient.token).send("POST", "/appointments", json=wish)),
    )

    assert outcome(answers[0]) == (503, "unavailable")
    assert rows.count("appointment.appointment") == rows.count("appointment.audit_event") == 0


def test_an_event_that_follows_its_effect_would_be_lost_in_that_crash(
    environment: dict[str, str], appointment: Flask, patient: make.Person, doctor: make.Person, rows: Rows
) -> None:
    """The control: the same rule and the same event, but one commit each."""
    from datetime import datetime
    from uuid import UUID, uuid4

    from appointment_service import booking
    from appointment_service.models import audit, db

    who = Principal(UUID(patient.id), "patient", "Maya Lindqvist", uuid4())
    when = datetime.fromisoformat(make.wish(doctor.id)["appointment_time"])

    def book_then_note() -> None:
        with appointment.app_context(), contextlib.suppress(Exception):
            booked = booking.book(who, booking.Wish(UUID(doctor.id), when), make.CLINIC_ZONE)
            audit.note("appointment.book", who, record_id=booked.id)
            db.session.commit()

    crash_between_effect_and_event(environment, rows, book_then_note)

    assert (rows.count("appointment.appointment"), rows.count("appointment.audit_event")) == (1, 0)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET action = 'x.x'",
        "UPDATE audit_event SET outcome = outcome WHERE false",
        "DELETE FROM audit_event",
        "DELETE FROM audit_event WHERE false",
        "TRUNCATE audit_event",
        "INSERT INTO audit_event OVERRIDING SYSTEM VALUE SELECT * FROM audit_event"
        " ON CONFLICT (sequence) DO UPDATE SET action = 'x.x'",
    ],
)
def test_the_service_itself_cannot_change_the_record(
    environment: dict[str, str], migrated: None, service: str, statement: str
) -> None:
    with contextlib.closing(psycopg2.connect(environment[f"{service.upper()}_DATABASE_URL"])) as own:
        with own.cursor() as cursor, pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(statement)
        own.rollback()
        with own.cursor() as cursor:  # the control: adding is what it may do
            cursor.execute(
                "INSERT INTO audit_event (recorded_at, action, outcome, request_id, address)"
                " VALUES (now(), 'record.test', 'done', '-', '-')"
            )
        own.rollback()


@pytest.mark.parametrize("service", SERVICES)
def test_a_grant_given_back_by_mistake_changes_nothing(
    environment: dict[str, str], migrated: None, service: str
) -> None:
    """The owner of a table can give itself any right again; the trigger is there for that day."""
    with contextlib.closing(psycopg2.connect(environment[f"{service.upper()}_DATABASE_URL"])) as own:
        for statement in ("UPDATE audit_event SET action = 'x.x'", "DELETE FROM audit_event"):
            with own.cursor() as cursor:
                cursor.execute("GRANT UPDATE, DELETE ON audit_event TO CURRENT_USER")
                cursor.execute(
                    "INSERT INTO audit_event (recorded_at, action, outcome, request_id, address)"
                    " VALUES (now(), 'record.test', 'done', '-', '-')"
                )
                with pytest.raises(errors.RestrictViolation, match="append-only"):
                    cursor.execute(statement)
            own.rollback()
