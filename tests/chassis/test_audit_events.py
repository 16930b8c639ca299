"""Reading the record of access: admins all of it, patients what is about them, nobody else anything."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from chassis import audit as record
from chassis import clock
from chassis.identity import Principal
from tests import make
from tests.api import Api
from tests.chassis.conftest import outcome

PATH = "/audit-events"
NOON = datetime(2027, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIELDS = {
    *("sequence", "recorded_at", "actor_id", "actor_role", "actor_name", "action", "record_id"),
    *("patient_id", "outcome", "request_id", "address"),
}
Event = dict[str, Any]


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth)


@pytest.fixture
def admin(auth: Flask) -> make.Person:
    return make.admin(auth)


def actor(person: make.Person, role: str = "doctor") -> Principal:
    return Principal(UUID(person.id), role, "Dr Amara Okafor", uuid4())


@pytest.fixture(params=["auth", "appointment", "prescription"])
def service(request: pytest.FixtureRequest) -> Flask:
    found: Flask = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def appointments(appointment: Flask) -> Flask:
    return appointment


def note(app: Flask, action: str, who: Principal | None, at: datetime = NOON, **given: Any) -> None:
    from importlib import import_module

    models = import_module(f"{app.import_name}.models")
    with app.app_context(), clock.set_to(at):
        models.audit.note(action, who, **given)
        models.db.session.commit()


def read(app: Flask, who: make.Person, query: str = "") -> list[Event]:
    """What is there, but for the sign-ins of those who read it."""
    items: list[Event] = Api(app, who.token).get(f"{PATH}?{query}")["items"]
    return [event for event in items if event["action"] != "session.begin"]


def test_every_service_gives_its_record_to_admins_newest_first(
    service: Flask, patient: make.Person, admin: make.Person
) -> None:
    subject, doctor = UUID(patient.id), actor(make.Person(str(uuid4()), "", "", ""))
    note(service, "record.read", doctor, record_id=subject, patient_id=subject)
    note(service, "record.refuse", None, NOON + HOUR, outcome="refused")

    last, first = read(service, admin)

    assert (last["action"], last["outcome"], last["actor_id"]) == ("record.refuse", "refused", None)
    assert first.keys() == FIELDS
    assert (first["actor_id"], first["actor_role"], first["actor_name"]) == (
        str(doctor.id),
        "doctor",
        "Dr Amara Okafor",
    )
    assert (first["recorded_at"], first["patient_id"]) == ("2027-03-10T12:00:00Z", patient.id)


def test_an_admins_reading_is_noted_and_a_patients_own_is_not(
    service: Flask, patient: make.Person, admin: make.Person
) -> None:
    read(service, admin)
    read(service, patient)
    read(service, admin, f"patient_id={patient.id}")

    found = read(service, admin)

    assert [(event["action"], event["actor_id"], event["patient_id"]) for event in found] == [
        ("audit.read", admin.id, patient.id),
        ("audit.read", admin.id, None),
    ]
    assert [event["actor_id"] for event in read(service, patient)] == [admin.id]


def test_patients_read_of_themselves_only_and_not_where_from(
    service: Flask, auth: Flask, patient: make.Person, admin: make.Person
) -> None:
    doctor, other = actor(admin), make.person(auth)
    note(service, "record.read", doctor, patient_id=UUID(patient.id))
    note(service, "record.read", actor(patient, "patient"), patient_id=UUID(patient.id))
    note(service, "record.read", doctor, patient_id=UUID(other.id))
    note(service, "record.list", doctor)

    everything, of_others = read(service, patient), read(service, patient, "others=true")

    assert [event["actor_id"] for event in everything] == [patient.id, admin.id]
    assert [event["actor_id"] for event in of_others] == [admin.id]
    assert {event["patient_id"] for event in everything} == {patient.id}
    assert {(event["request_id"], event["address"]) for event in everything} == {(None, None)}
    assert None not in {event["request_id"] for event in read(service, admin)}


def test_one_asks_about_one_record_of_ones_own(service: Flask, patient: make.Person, admin: make.Person) -> None:
    doctor, one, another = actor(admin), uuid4(), uuid4()
    for record_id, patient_id in ((one, patient.id), (another, patient.id), (one, admin.id)):
        note(service, "record.read", doctor, record_id=record_id, patient_id=UUID(patient_id))

    assert [event["record_id"] for event in read(service, patient, f"record_id={one}")] == [str(one)]
    assert len(read(service, admin, f"record_id={one}")) == 2


@pytest.mark.parametrize("query", ["actor_id={}", "patient_id={}", "outcome=done", "outcome=refused"])
def test_a_patient_asks_nothing_about_others_and_asking_is_noted(
    appointments: Flask, patient: make.Person, admin: make.Person, query: str
) -> None:
    for about in (patient.id, admin.id):
        answer = Api(appointments, patient.token).send("GET", f"{PATH}?{query.format(about)}")
        assert outcome(answer) == (403, "forbidden")

    noted = read(appointments, admin)
    assert {(event["action"], event["outcome"], event["actor_id"]) for event in noted} == {
        ("audit.read", "refused", patient.id)
    }


def test_doctors_read_no_record(service: Flask, auth: Flask) -> None:
    for verified in (True, False):
        doctor = make.person(auth, "doctor", verified=verified)
        assert outcome(Api(service, doctor.token).send("GET", PATH)) == (403, "forbidden")


def test_each_filter_filters(appointments: Flask, patient: make.Person, admin: make.Person) -> None:
    doctor, subject = make.Person(str(uuid4()), "", "", ""), UUID(patient.id)
    note(appointments, "record.read", actor(doctor), NOON, patient_id=subject)
    note(appointments, "record.write", actor(doctor), NOON + HOUR, patient_id=uuid4())
    note(appointments, "record.read", actor(admin), NOON + 2 * HOUR, outcome="refused")

    def found(query: str) -> list[str]:
        events = read(appointments, admin, f"{query}&since=2027-01-01T00:00:00Z")
        return [event["recorded_at"][11:13] for event in events if event["action"] != "audit.read"]

    assert found("") == ["14", "13", "12"]
    assert found(f"actor_id={doctor.id}") == ["13", "12"]
    assert found(f"patient_id={patient.id}") == ["12"]
    assert found("action=record.read") == ["14", "12"]
    assert found("outcome=refused") == ["14"]
    assert found("until=2027-03-10T13:00:00Z") == ["12"]
    assert found(f"actor_id={doctor.id}&action=record.write&outcome=done") == ["13"]
    assert found("others=true") == ["13", "12"]
    since = read(appointments, admin, "since=2027-03-10T14:00:00%2B01:00")
    assert [event["recorded_at"][11:13] for event in since] == ["14", "13"]


@pytest.mark.parametrize(
    "query",
    [
        "actor_id=1",
        "patient_id=UPPER",
        "action=read",
        "action=a.b;drop",
        "action=" + "a" * 31 + ".b",
        "outcome=maybe",
        "others=1",
        "others=",
        "since=2027-03-10",
        "since=2027-03-10T12:00:00",
        "since=now",
        "since=infinity",
        "since=2027-02-30T12:00:00Z",
        "until=0001-01-01T00:00:00Z",
        "until=2027-03-10T12:00:00%2B24:00",
        "until=20270310T120000Z",
        "limit=0",
        "limit=101",
        "sort=action",
        "record_id=1",
    ],
)
def test_a_filter_that_is_none_is_refused(appointments: Flask, admin: make.Person, query: str) -> None:
    status, code = outcome(Api(appointments, admin.token).send("GET", f"{PATH}?{query}"))

    assert (status, code) in {(422, "validation-error"), (422, "unknown-field")}


def pages(app: Flask, who: make.Person, query: str) -> Iterator[list[Event]]:
    cursor = ""
    while True:
        page = Api(app, who.token).get(f"{PATH}?{query}{cursor and '&cursor='}{cursor}")
        yield page["items"]
        if not page["next_cursor"]:
            return
        cursor = page["next_cursor"]


def test_pages_give_each_event_once_while_more_are_noted(
    appointments: Flask, patient: make.Person, admin: make.Person
) -> None:
    for minute in range(5):
        note(appointments, "record.read", actor(admin), NOON + timedelta(minutes=minute), patient_id=UUID(patient.id))

    by_admin = list(pages(appointments, admin, "limit=2&action=record.read"))
    of_everything = list(pages(appointments, admin, "limit=1"))
    by_patient = list(pages(appointments, patient, "limit=2"))

    assert [len(page) for page in by_admin] == [2, 2, 1]
    whole = [event["sequence"] for page in of_everything for event in page]
    assert len(whole) == len(set(whole))
    assert whole == sorted(whole, reverse=True)
    assert [len(page) for page in by_patient] == [2, 2, 1]


def test_a_cursor_is_its_readers_and_this_lists(
    appointments: Flask, auth: Flask, patient: make.Person, admin: make.Person
) -> None:
    for _ in range(2):
        note(appointments, "record.read", actor(admin), patient_id=UUID(patient.id))
    cursor = Api(appointments, admin.token).get(f"{PATH}?limit=1")["next_cursor"]

    for who, given in ((make.admin(auth), cursor), (patient, cursor), (admin, cursor[:-1]), (admin, "1")):
        answer = Api(appointments, who.token).send("GET", f"{PATH}?cursor={given}")
        assert outcome(answer) == (400, "invalid-cursor")
    assert outcome(Api(appointments, admin.token).send("GET", f"/appointments?cursor={cursor}"))[0] in {400, 403}


def test_a_real_booking_is_told_to_its_patient(auth: Flask, appointment: Flask, patient: make.Person) -> None:
    doctor = make.doctor(auth, appointment, first_name="Amara", last_name="Okafor")
    booked = make.appointment(appointment, patient, doctor, at=time(9))
    Api(appointment, doctor.token).get(f"/appointments/{booked['id']}")

    (seen,) = read(appointment, patient, "others=true")

    assert (seen["actor_name"], seen["action"], seen["record_id"]) == (
        "Dr Amara Okafor",
        "appointment.read",
        booked["id"],
    )


QUESTIONS = {
    "patient_id": record.Filter(patient_id=uuid4()),
    "actor_id": record.Filter(actor_id=uuid4()),
    "action": record.Filter(action="audit.read"),
    "refused": record.Filter(outcome="refused"),
    "recorded_at": record.Filter(since=NOON, until=NOON + HOUR),
}


@pytest.mark.parametrize("index", QUESTIONS)
def test_each_question_has_its_index(appointment: Flask, index: str) -> None:
    from appointment_service.models import audit, db

    reader = Principal(uuid4(), "admin", "Ada Admin", uuid4())
    with appointment.app_context():
        db.session.execute(text("SET LOCAL statement_timeout = 0"))  # many rows, on a machine that may be busy
        db.session.execute(
            text(
                "INSERT INTO audit_event (recorded_at, actor_id, patient_id, action, outcome, request_id, address)"
                " SELECT timestamptz '2027-01-01Z' + n * interval '10 minutes', gen_random_uuid(), gen_random_uuid(),"
                "        'record.' || chr(97 + n % 26), CASE WHEN n % 1000 = 0 THEN 'refused' ELSE 'done' END, '-', '-'"
                " FROM generate_series(1, 30000) n"
            )
        )
        db.session.execute(text("ANALYZE audit_event"))
        query = audit.query(reader, QUESTIONS[index], 21, None)
        said = query.compile(db.engine, compile_kwargs={"literal_binds": True})
        plan = "\n".join(row[0] for row in db.session.execute(text(f"EXPLAIN {said}")))
        db.session.rollback()

    assert f"ix_audit_event_{index}" in plan, plan
