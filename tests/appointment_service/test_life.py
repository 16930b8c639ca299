"""The life of an appointment: who may take it from which state to which, and when, at every edge of every guard."""

import contextlib
import inspect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from flask import Flask
from psycopg2 import errors

from appointment_service import life, worker
from appointment_service.models import STATUSES, Appointment
from chassis import clock
from chassis.errors import Refusal
from chassis.identity import Principal
from tests import make
from tests.api import Api

START = datetime(2026, 12, 8, 10, tzinfo=UTC)  # a Tuesday; London's clocks show UTC then
MINUTE, HOUR, DAY = 60, 3600, 86_400
EVER = 30 * DAY
ROLES = ("patient", "doctor", "admin")
Span = tuple[int, int]
"""From when to when something is allowed, in seconds from the start, both included."""

ALWAYS = (-EVER, EVER)
LOCAL_DAY = (-10 * HOUR, 14 * HOUR - 1)
ENDED = 20 * MINUTE

# the table of the design, written out by hand: (action, from) → who, when
TABLE: dict[tuple[str, str], dict[str, Span]] = {
    ("move", "booked"): {
        "patient": (-EVER, -4 * HOUR - 1),
        "doctor": (-EVER, ENDED - 1),
        "admin": (-EVER, ENDED - 1),
    },
    ("cancel", "booked"): {"patient": (-EVER, -1), "doctor": ALWAYS, "admin": ALWAYS},
    ("cancel", "arrived"): {"doctor": ALWAYS, "admin": ALWAYS},
    ("cancel", "checked-in"): {"doctor": ALWAYS, "admin": ALWAYS},
    ("arrive", "booked"): {"patient": (-60 * MINUTE, 15 * MINUTE), "doctor": LOCAL_DAY},
    ("arrive", "noshow"): {"doctor": LOCAL_DAY},
    ("check-in", "arrived"): {"doctor": ALWAYS},
    ("complete", "booked"): {"doctor": (-60 * MINUTE, EVER)},
    ("complete", "arrived"): {"doctor": (-60 * MINUTE, EVER)},
    ("complete", "checked-in"): {"doctor": (-60 * MINUTE, EVER)},
    ("no-show", "booked"): {"doctor": (15 * MINUTE, EVER)},
    ("undo", "arrived"): {"doctor": (-EVER, 25 * MINUTE)},  # half an hour behind the arrival, five minutes early
    ("undo", "noshow"): {"doctor": (-EVER, DAY)},
    ("reopen", "fulfilled"): {"doctor": (-EVER, ENDED + DAY), "admin": (-EVER, ENDED + DAY)},
    ("mark-error", "booked"): {"admin": ALWAYS},
    ("mark-error", "arrived"): {"admin": ALWAYS},
    ("mark-error", "checked-in"): {"admin": ALWAYS},
    ("mark-error", "fulfilled"): {"admin": ALWAYS},
    ("mark-error", "noshow"): {"admin": ALWAYS},
}
TARGETS = {
    "move": "booked",
    "cancel": "cancelled",
    "arrive": "arrived",
    "check-in": "checked-in",
    "complete": "fulfilled",
    "no-show": "noshow",
    "undo": "booked",
    "reopen": "checked-in",
    "mark-error": "entered-in-error",
}
EDGES = sorted(
    {edge + step for spans in TABLE.values() for span in spans.values() for edge in span for step in (-1, 0, 1)} | {0}
)


def visit(status: str) -> Appointment:
    """An appointment of twenty minutes that no database knows."""
    found = Appointment(id=uuid4(), status=status, starts_at=START, ends_at=START + timedelta(seconds=ENDED))
    found.move_cutoff_min, found.cancel_cutoff_min, found.late_cancel_min = 240, 0, 1440
    found.arrived_at = START - timedelta(minutes=5) if status in {"arrived", "checked-in"} else None
    return found


def somebody(role: str) -> Principal:
    return Principal(uuid4(), role, "Somebody", uuid4())


def refusal_of(found: Appointment, who: Principal, action: str) -> Refusal | None:
    try:
        life.permit(found, who, action, make.CLINIC_ZONE)
    except Refusal as refusal:
        return refusal
    return None


def expected_code(action: str, status: str, role: str, second: int) -> str | None:
    span = TABLE.get((action, status), {}).get(role)
    if span is None:
        return "invalid-transition"
    if span[0] <= second <= span[1] or span == ALWAYS:
        return None
    if second < span[0]:
        return None if span[0] == -EVER else "too-early"
    if span[1] == EVER:
        return None
    return "cutoff-passed" if role == "patient" and action in {"move", "cancel"} else "too-late"


@pytest.mark.parametrize("action", TARGETS)
def test_the_whole_table_with_everybody_at_every_edge(action: str) -> None:
    assert life.ACTIONS.keys() == TARGETS.keys()
    assert life.ACTIONS[action].target == TARGETS[action]
    wrong = []
    for status, role, second in product(STATUSES, ROLES, EDGES):
        with clock.set_to(START + timedelta(seconds=second)):
            refusal = refusal_of(visit(status), somebody(role), action)
        told, expected = refusal and refusal.code, expected_code(action, status, role, second)
        if told != expected:
            wrong.append((status, role, second, told, expected))

    assert wrong == []


@pytest.mark.parametrize(("status", "role"), list(product(STATUSES, ROLES)))
def test_what_is_offered_is_just_what_is_permitted(status: str, role: str) -> None:
    for second in EDGES:
        with clock.set_to(START + timedelta(seconds=second)):
            offered = life.possible(visit(status), somebody(role), make.CLINIC_ZONE)

        assert offered == [action for action in TARGETS if expected_code(action, status, role, second) is None]


def test_refusals_say_until_or_from_when() -> None:
    with clock.set_to(START - timedelta(minutes=61)):
        early = [refusal_of(visit("booked"), somebody(role), "arrive") for role in ("patient",)]
        early += [refusal_of(visit("booked"), somebody("doctor"), name) for name in ("complete", "no-show")]
        moved = refusal_of(visit("booked"), somebody("patient"), "move")
    with clock.set_to(START - timedelta(days=3)):
        days_before = refusal_of(visit("booked"), somebody("doctor"), "arrive")

    assert [one and one.extras for one in early] == [
        {"earliest": "2026-12-08T09:00:00+00:00"},
        {"earliest": "2026-12-08T09:00:00+00:00"},
        {"earliest": "2026-12-08T10:15:00+00:00"},
    ]
    assert moved is not None
    assert moved.extras == {"cutoff": "2026-12-08T06:00:00+00:00"}
    assert days_before is not None
    assert days_before.extras == {"earliest": "2026-12-08T00:00:00+00:00"}


def test_a_view_lets_in_just_who_the_table_names(appointment: Flask) -> None:
    for rule in appointment.url_map.iter_rules():
        action = rule.rule.rsplit("/", 1)[-1]
        if rule.rule.startswith("/appointments/<id:appointment_id>/") and action in TARGETS:
            assert appointment.view_functions[rule.endpoint].access[0] == life.ACTIONS[action].roles, action  # type: ignore[attr-defined]


def test_no_program_says_that_somebody_came_or_did_not() -> None:
    """Only people's steps write these states: nothing else of the service names them to write them."""
    service = Path(inspect.getfile(life)).parent
    writing = [
        path.name
        for path in service.glob("*.py")
        for line in path.read_text().splitlines()
        if any(word in line for word in ("NO_SHOW", "FULFILLED", '"noshow"', '"fulfilled"'))
        and any(sign in line for sign in ("status = ", "values(", "status=NO", "status=FUL", '"status":'))
        and "==" not in line
    ]

    assert writing == []
    assert "life" not in {name for name in vars(worker) if not name.startswith("_")}


# --- through the door


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth)


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment)


@pytest.fixture
def admin(auth: Flask) -> make.Person:
    return make.admin(auth)


@contextlib.contextmanager
def at(minutes: int = 0, **later: int) -> Iterator[None]:
    """So many minutes behind the start."""
    with clock.set_to(START + timedelta(minutes=minutes, **later)):
        yield


@pytest.fixture
def booked(fresh_list: None, appointment: Flask, patient: make.Person, doctor: make.Person) -> str:
    """The path of an appointment on Tuesday at ten, booked a week before."""
    with at(-7 * 1440):
        body = {"doctor_id": doctor.id, "appointment_time": "2026-12-08T10:00:00", "notes": "A rash that itches"}
        return f"/appointments/{Api(appointment, patient.token).post('/appointments', json=body, expect=201)['id']}"


def steps(appointment: Flask, who: make.Person, path: str) -> list[tuple[str, str | None, str]]:
    events = Api(appointment, who.token).get(f"{path}/history")["events"]
    return [(one["action"], one["from_status"], one["to_status"]) for one in events]


def test_each_step_raises_the_version_and_is_written_down_once(
    appointment: Flask, patient: make.Person, doctor: make.Person, booked: str
) -> None:
    api, own = Api(appointment, doctor.token), Api(appointment, patient.token)
    taken: list[Any] = []
    for minutes, who, action, body in (
        (-10, own, "arrive", None),
        (-9, api, "undo", None),
        (-8, api, "arrive", None),
        (0, api, "check-in", None),
        (19, api, "complete", None),
        (30, api, "reopen", {"reason": "Wrong patient ticked"}),
        (31, api, "complete", None),
    ):
        with at(minutes):
            taken.append(who.post(f"{booked}/{action}", **({"json": body} if body else {})))
            again = who.post(f"{booked}/{action}", **({"json": body} if body else {}))
            assert again == taken[-1]
            assert who.send("GET", booked).headers["ETag"] == f'"{again["version"]}"'

    assert [one["version"] for one in taken] == [2, 3, 4, 5, 6, 7, 8]
    assert [one["arrived_at"] for one in taken][:3] == ["2026-12-08T09:50:00Z", None, "2026-12-08T09:52:00Z"]
    assert steps(appointment, patient, booked) == [
        ("book", None, "booked"),
        ("arrive", "booked", "arrived"),
        ("undo", "arrived", "booked"),
        ("arrive", "booked", "arrived"),
        ("check-in", "arrived", "checked-in"),
        ("complete", "checked-in", "fulfilled"),
        ("reopen", "fulfilled", "checked-in"),
        ("complete", "checked-in", "fulfilled"),
    ]


def test_what_does_not_follow_is_refused_with_what_does(
    appointment: Flask, doctor: make.Person, patient: make.Person, booked: str
) -> None:
    api = Api(appointment, doctor.token)
    with at(16):
        api.post(f"{booked}/no-show")
        before = api.get(booked)
        refused = [api.post(f"{booked}/{name}", expect=409) for name in ("complete", "check-in")]
        moved = api.post(
            f"{booked}/move",
            json={"appointment_time": "2026-12-08T11:00:00"},
            headers={"If-Match": f'"{before["version"]}"'},
            expect=409,
        )
        after = api.get(booked)

    for problem in (*refused, moved):
        assert problem["code"] == "invalid-transition"
        assert problem["appointment_status"] == "noshow"
        assert problem["allowed"] == before["actions"] == ["arrive", "undo"]
    assert after == before
    assert len(steps(appointment, patient, booked)) == 2


def test_a_version_that_is_not_the_last_one_is_refused(appointment: Flask, doctor: make.Person, booked: str) -> None:
    api = Api(appointment, doctor.token)
    with at(-5):
        assert api.post(f"{booked}/arrive", headers={"If-Match": '"7"'}, expect=412)["code"] == "version-conflict"
        assert api.post(f"{booked}/arrive", headers={"If-Match": '"1"'})["status"] == "arrived"
        for wrong in ("*", "1", 'W/"1"', '"1", "2"', '"x"', ""):
            assert api.post(f"{booked}/check-in", headers={"If-Match": wrong}, expect=422)["code"] == "validation-error"
        assert api.get(booked)["status"] == "arrived"


def test_a_no_show_is_not_taken_back_when_the_time_was_given_away(
    auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person, booked: str
) -> None:
    api, walk_in = Api(appointment, doctor.token), make.person(auth)
    with at(-7 * 1440):  # the walk-in is on the list
        body = {"doctor_id": doctor.id, "appointment_time": "2026-12-15T10:00:00"}
        Api(appointment, walk_in.token).post("/appointments", json=body, expect=201)
    with at(16):
        api.post(f"{booked}/no-show")
        given = api.post(
            "/doctors/me/appointments",
            json={"patient_id": walk_in.id, "appointment_time": "2026-12-08T10:00:00"},
            expect=201,
        )
        for action in ("undo", "arrive"):
            assert api.post(f"{booked}/{action}", expect=409)["code"] == "slot-taken"
        assert api.get(booked)["status"] == "noshow"
        api.post(f"/appointments/{given['id']}/cancel", json={"code": "clinic"})
        assert api.post(f"{booked}/undo")["status"] == "booked"


def test_a_no_show_is_not_taken_back_while_the_patient_is_elsewhere(
    auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person, booked: str
) -> None:
    api, colleague = Api(appointment, doctor.token), make.doctor(auth, appointment)
    with at(-7 * 1440):
        body = {"doctor_id": colleague.id, "appointment_time": "2026-12-15T10:00:00"}
        Api(appointment, patient.token).post("/appointments", json=body, expect=201)
    with at(16):
        api.post(f"{booked}/no-show")
        body = {"patient_id": patient.id, "appointment_time": "2026-12-08T10:00:00"}
        Api(appointment, colleague.token).post("/doctors/me/appointments", json=body, expect=201)
        assert api.post(f"{booked}/undo", expect=409)["code"] == "patient-busy"


@pytest.mark.parametrize(
    ("minutes", "role", "body", "late", "code"),
    [
        (-1440, "patient", None, False, "patient"),
        (-1439, "patient", None, True, "patient"),
        (-1439, "patient", {"code": "clinic"}, True, "patient"),
        (-1, "patient", {"reason": "Bus is late"}, True, "patient"),
        (-1, "doctor", None, False, "clinic"),
        (-1, "doctor", {"code": "patient", "reason": "Phoned"}, True, "patient"),
        (-1441, "doctor", {"code": "patient"}, False, "patient"),
        (300, "doctor", {"code": "died"}, False, "died"),
        (-1, "admin", {"code": "weather"}, False, "weather"),
        (-1, "admin", {"code": "other", "reason": "Fire drill"}, False, "other"),
    ],
)
def test_a_late_cancellation_is_marked_when_it_is_the_patients(
    request: pytest.FixtureRequest,
    appointment: Flask,
    booked: str,
    minutes: int,
    role: str,
    body: dict[str, str] | None,
    late: bool,
    code: str,
) -> None:
    api = Api(appointment, request.getfixturevalue(role).token)
    with at(minutes):
        done = api.post(f"{booked}/cancel", **({"json": body} if body else {}))

    assert (done["status"], done["late"], done["cancellation_code"]) == ("cancelled", late, code)


def test_staff_say_why_where_it_matters(
    appointment: Flask, doctor: make.Person, admin: make.Person, booked: str
) -> None:
    api, office = Api(appointment, doctor.token), Api(appointment, admin.token)
    with at(30):
        for who, action, body, pointer in (
            (api, "cancel", {"code": "other"}, "/reason"),
            (api, "cancel", {"code": "other", "reason": "  "}, "/reason"),
            (api, "cancel", {"code": "left-unseen"}, "/code"),
            (api, "cancel", {"code": "bored"}, "/code"),
            (office, "mark-error", {"reason": "Oops"}, "/reason"),
            (office, "mark-error", {}, "/reason"),
        ):
            problem = who.post(f"{booked}/{action}", json=body, expect=422)
            assert [one["pointer"] for one in problem["errors"]] == [pointer]
        assert len(steps(appointment, doctor, booked)) == 1
        api.post(f"{booked}/arrive")
        left = api.post(f"{booked}/cancel", json={"code": "left-unseen", "reason": "Waited too long"})
    assert (left["cancellation_code"], left["cancellation_note"]) == ("left-unseen", "Waited too long")


def test_a_reopened_visit_has_a_reason(
    appointment: Flask, doctor: make.Person, admin: make.Person, booked: str
) -> None:
    api = Api(appointment, doctor.token)
    with at(20):
        api.post(f"{booked}/complete")
        for body in ({}, {"reason": "no"}):
            assert api.post(f"{booked}/reopen", json=body, expect=422)["errors"][0]["pointer"] == "/reason"
        opened = Api(appointment, admin.token).post(f"{booked}/reopen", json={"reason": "Ticked the wrong one"})
    assert (opened["status"], opened["version"]) == ("checked-in", 3)


def test_an_entry_in_error_is_gone_for_the_patient_and_frees_the_time(
    auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person, admin: make.Person, booked: str
) -> None:
    other = make.person(auth)
    with at(-1440):
        Api(appointment, admin.token).post(f"{booked}/mark-error", json={"reason": "Booked for a namesake"})
        own = Api(appointment, patient.token)
        own.get(booked, expect=404)
        own.get(f"{booked}/history", expect=404)
        own.post(f"{booked}/cancel", expect=404)
        assert own.get("/appointments")["items"] == []
        assert Api(appointment, doctor.token).get(booked)["status"] == "entered-in-error"
        body = {"doctor_id": doctor.id, "appointment_time": "2026-12-08T10:00:00"}
        Api(appointment, other.token).post("/appointments", json=body, expect=201)


def test_admins_read_no_reason_that_somebody_else_gave(
    appointment: Flask, patient: make.Person, doctor: make.Person, admin: make.Person, booked: str
) -> None:
    office, words = Api(appointment, admin.token), "Chemotherapy begins that day"
    with at(0):
        Api(appointment, doctor.token).post(f"{booked}/complete")
        Api(appointment, doctor.token).post(f"{booked}/reopen", json={"reason": words})
        Api(appointment, doctor.token).post(f"{booked}/cancel", json={"code": "other", "reason": words})
        answers = [office.send("GET", path) for path in (booked, f"{booked}/history", "/appointments")]
        answers.append(office.send("POST", f"{booked}/cancel"))
        own = Api(appointment, patient.token).get(f"{booked}/history")

    for answer in answers:
        assert answer.status_code == 200
        assert words not in answer.get_data(as_text=True)
        assert "itches" not in answer.get_data(as_text=True)
    assert [one["reason"] for one in own["events"]] == ["", "", words, words]


def test_the_office_reads_no_reason_for_overbooking(
    appointment: Flask, patient: make.Person, doctor: make.Person, admin: make.Person, booked: str
) -> None:
    body = {"patient_id": patient.id, "appointment_time": "2026-12-09T07:03:00", "overbook": "Dressing change"}
    with at(-1440):
        squeezed = Api(appointment, doctor.token).post("/doctors/me/appointments", json=body, expect=201)
        events = [
            Api(appointment, who.token).get(f"/appointments/{squeezed['id']}/history")["events"]
            for who in (admin, doctor)
        ]
    assert [one[0]["reason"] for one in events] == ["", "Dressing change"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE appointment_event SET action = 'x'",
        "UPDATE appointment_event SET detail = detail WHERE false",
        "DELETE FROM appointment_event",
        "TRUNCATE appointment_event",
    ],
)
def test_history_is_only_added_to(environment: dict[str, str], booked: str, statement: str) -> None:
    with contextlib.closing(psycopg2.connect(environment["APPOINTMENT_DATABASE_URL"])) as own:
        with own.cursor() as cursor, pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(statement)
        own.rollback()
        with own.cursor() as cursor:  # the control: it can be read and added to
            cursor.execute("SELECT count(*) FROM appointment_event")
            assert cursor.fetchone() == (1,)


def test_history_is_only_added_to_even_with_the_rights_given_back(environment: dict[str, str], booked: str) -> None:
    with contextlib.closing(psycopg2.connect(environment["APPOINTMENT_DATABASE_URL"])) as own:
        for statement in ("UPDATE appointment_event SET action = 'x'", "DELETE FROM appointment_event"):
            with own.cursor() as cursor:
                cursor.execute("GRANT UPDATE, DELETE ON appointment_event TO CURRENT_USER")
                with pytest.raises(errors.RestrictViolation, match="append-only"):
                    cursor.execute(statement)
            own.rollback()


def test_self_check_in_is_for_the_visit_of_today(
    appointment: Flask, auth: Flask, patient: make.Person, fresh_list: None
) -> None:
    at_night = make.doctor(auth, appointment, hours=[{"weekday": 3, "starts": "00:00", "ends": "04:00"}])
    with clock.set_to(datetime(2026, 12, 1, tzinfo=UTC)):
        body = {"doctor_id": at_night.id, "appointment_time": "2026-12-09T00:20:00"}
        path = f"/appointments/{Api(appointment, patient.token).post('/appointments', json=body, expect=201)['id']}"
    with clock.set_to(datetime(2026, 12, 8, 23, 59, tzinfo=UTC)):
        problem = Api(appointment, patient.token).post(f"{path}/arrive", expect=409)
    with clock.set_to(datetime(2026, 12, 9, tzinfo=UTC)):
        arrived = Api(appointment, patient.token).post(f"{path}/arrive")

    assert (problem["code"], problem["earliest"]) == ("too-early", "2026-12-09T00:00:00+00:00")
    assert arrived["status"] == "arrived"


def test_cancelling_asks_nothing_of_availability(
    appointment: Flask, patient: make.Person, doctor: make.Person, admin: make.Person, booked: str
) -> None:
    """Visit type, hours and the doctor's licence may all have changed meanwhile."""
    office, api = Api(appointment, admin.token), Api(appointment, doctor.token)
    with at(-1440):
        kind = office.get("/visit-types/all")["items"][0]
        path = f"/visit-types/{kind['id']}"
        changed = {name: kind[name] for name in kind if name not in {"id", "version"}} | {
            "duration_min": 60,
            "active": False,
            "patient_cancel_cutoff_min": 43_200,
        }
        office.put(path, json=changed, headers={"If-Match": f'"{kind["version"]}"'})
        day = {"from_date": "2026-12-08", "to_date": "2026-12-08", "on_conflict": "keep"}
        api.post(f"/doctors/{doctor.id}/exceptions", json=day, expect=201)
        found = Api(appointment, patient.token).get(booked)
        done = Api(appointment, patient.token).post(f"{booked}/cancel")

    assert (found["duration_minutes"], found["displaced"], found["cancel_until"]) == (20, True, found["start"])
    assert done["status"] == "cancelled"
