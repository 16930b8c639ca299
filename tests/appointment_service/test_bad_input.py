"""Whatever is sent, each endpoint names the field that is wrong, and writes nothing."""

import gzip
import json
from dataclasses import dataclass, field
from typing import Any

import psycopg2
import pytest
from flask import Flask

from tests import make
from tests.api import Api

pytestmark = pytest.mark.usefixtures("fresh_list")

UNKNOWN = "00000000-0000-4000-8000-000000000000"
UPPER = "0000000A-0000-4000-8000-00000000000A"
IDS = [
    "",
    "x",
    UPPER,
    f"{{{UNKNOWN}}}",
    f"urn:uuid:{UNKNOWN}",
    UNKNOWN.replace("-", ""),
    5,
    True,
    [],
    {},
    "\0",
    f"{UNKNOWN}\n",
]
DATES = [
    "2027-02-30",
    "2027-13-01",
    "20270101",
    "2027-W01-1",
    "1999-12-31",
    "2201-01-01",
    "01/02/2027",
    20270101,
    True,
    "",
]
DATES += ["２０２７-01-01", "2027-01-01T00:00:00", "0000-01-01", [], {"$ne": None}]
CLOCKS = ["9:00", "24:00", "09:60", "09:00:00", "noon", 900, True, "０９:00", "09:00Z", "", []]
TEXTS = ["nul\0", "\ud800", "\u202eabc", 5, True, [], {}]
LINES = [*TEXTS, "two\nlines"]
FLAGS = ["true", 1, 0, None, "", []]
CHOICES = ["x", "", 5, True, [], "Closed"]
TIMES = [
    "2027-02-30T10:00:00Z",
    "20270101T100000Z",
    "2027-W01-1",
    "2027-01-01T10:00:00+23:59",
    "2027-01-01T10:00:00-00:00",
]
TIMES += [
    "2027-01-01T10:00:00+14:01",
    "0001-01-01T10:00:00",
    "9999-12-31T23:59:00",
    "10000-01-01T10:00:00",
    "now",
    0,
    None,
    [],
]
TIMES += ["2027-01-01 10:00:00", "2027-01-01", "2027-01-01T10:00:00.5Z", "2027-01-01T24:00:00", "2027-01-01T10:00:00\n"]


def numbers(least: int, most: int) -> list[Any]:
    return [least - 1, most + 1, str(least), least + 0.5, True, 10**30, -(10**30), [], {}, "", "1e1"]


@dataclass
class Endpoint:
    """A place to send something to, what is right there, and what is wrong of each field."""

    role: str
    method: str
    path: str
    right: dict[str, Any]
    wrong: dict[str, list[Any]] = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


DAY = make.clinic_day(9).isoformat()
STRETCH = {"weekday": 1, "starts": "09:00", "ends": "12:00"}
CLOSING = {"from_date": DAY, "to_date": DAY}
OF_CLOSING = {
    "from_date": [*DATES, None, "2027-12-31"],
    "to_date": [*DATES, None, "2026-01-01", "2200-01-01"],
    "starts": [*CLOCKS, "09:00"],
    "ends": [*CLOCKS, "12:00"],
    "reason": [*LINES, "x" * 201, None],
    "on_conflict": [*CHOICES, "move"],
}
KIND = {"name": "Review", "public_name": "Review"}
OF_TERMS = {
    "duration_min": numbers(5, 480),
    "buffer_before_min": numbers(0, 240),
    "buffer_after_min": numbers(0, 240),
    "step_min": numbers(5, 480),
    "min_notice_min": numbers(0, 43_200),
    "horizon_days": numbers(1, 730),
    "patient_move_cutoff_min": numbers(0, 43_200),
    "patient_cancel_cutoff_min": numbers(0, 43_200),
    "late_cancel_min": numbers(0, 43_200),
    "bookable_by": CHOICES,
}
OF_KIND = {
    **OF_TERMS,
    "name": [*LINES, "", "  ", "x" * 101, None, "\u200b"],
    "public_name": [*LINES, "", "x" * 101, None],
    "description": [*TEXTS, "x" * 501, None],
    "sensitive": FLAGS,
    "active": FLAGS,
    "position": [*numbers(0, 1000), None],
}
MOVED = {"appointment_time": f"{DAY}T11:00:00"}
BOOKING = {**MOVED, "notes": "Sore throat"}
OF_BOOKING = {"appointment_time": TIMES, "visit_type_id": IDS, "notes": [*TEXTS, "x" * 2001, None, "\u200b"]}
WHY = {"reason": [*TEXTS, "x" * 501, None, "\u200b\u200b"]}
HOURS = {
    "hours": [[1], [None], "", {}, None, 5, [STRETCH] * 2, [STRETCH] * 71, [STRETCH, {**STRETCH, "starts": "11:00"}]]
}
HOURS["hours"] += [[{**STRETCH, "weekday": one}] for one in [*numbers(1, 7), None]]
HOURS["hours"] += [[{**STRETCH, name: one}] for name in ("starts", "ends") for one in [*CLOCKS, None]]
HOURS["hours"] += [[{**STRETCH, "starts": "12:00"}], [{**STRETCH, "ends": "08:00"}], [{**STRETCH, "more": 1}], [{}]]
HOURS["hours"] += [[{**STRETCH, "visit_type_ids": one}] for one in ([], [5], ["x"], "", {}, [UPPER], [UNKNOWN] * 51)]
HOURS["hours"] += [[{**STRETCH, "opens_hours_before": one}] for one in numbers(1, 720)]
WEEK = {"hours": [STRETCH]}
OF_WEEK = {**HOURS, "valid_from": DATES}

ENDPOINTS = {
    "book": Endpoint(
        *("patient", "POST", "/appointments", {**BOOKING, "doctor_id": "DOCTOR"}),
        {**OF_BOOKING, "doctor_id": [*IDS, None, "Any"]},
        201,
    ),
    "book for": Endpoint(
        *("doctor", "POST", "/doctors/me/appointments", {**BOOKING, "patient_id": "PATIENT"}),
        {**OF_BOOKING, "patient_id": [*IDS, None], "overbook": [*TEXTS, "", "four", "x" * 201]},
        201,
    ),
    "move": Endpoint(
        *("patient", "POST", "/appointments/VISIT/move", MOVED, {"appointment_time": TIMES, "doctor_id": IDS}),
        headers={"If-Match": '"1"'},
    ),
    "cancel": Endpoint("doctor", "POST", "/appointments/VISIT/cancel", {"reason": "Ill"}, {**WHY, "code": CHOICES}),
    "mark error": Endpoint("admin", "POST", "/appointments/VISIT/mark-error", {"reason": "A namesake"}, WHY),
    "close": Endpoint("admin", "POST", "/clinic/exceptions", CLOSING, OF_CLOSING | {"kind": ["closed"]}, 201),
    "see closing": Endpoint("admin", "POST", "/clinic/exceptions/preview", CLOSING, OF_CLOSING),
    "time off": Endpoint(
        "doctor", "POST", "/doctors/DOCTOR/exceptions", CLOSING, OF_CLOSING | {"kind": [*CHOICES, "replace", None]}, 201
    ),
    "see time off": Endpoint(
        "doctor",
        "POST",
        "/doctors/DOCTOR/exceptions/preview",
        CLOSING,
        OF_CLOSING | {"kind": [*CHOICES, "extra", None]},
    ),
    "own hours": Endpoint("doctor", "PUT", "/doctors/me/hours", {"hours": make.WEEK}, OF_WEEK),
    "hours": Endpoint("admin", "PUT", "/doctors/DOCTOR/hours", {"hours": make.WEEK}, OF_WEEK),
    "see hours": Endpoint("doctor", "POST", "/doctors/DOCTOR/hours/preview", WEEK, OF_WEEK),
    "late": Endpoint(
        "doctor", "PUT", "/doctors/me/running-late", {"minutes": 20}, {"minutes": [*numbers(0, 480), None]}
    ),
    "new kind": Endpoint("admin", "POST", "/visit-types", KIND, OF_KIND, 201),
    "kind": Endpoint("admin", "PUT", "/visit-types/KIND", KIND, OF_KIND, headers={"If-Match": '"1"'}),
    "overrides": Endpoint(
        *("admin", "PUT", "/doctors/DOCTOR/overrides", {"overrides": [{"visit_type_id": "KIND"}]}),
        {
            "overrides": [
                *([{"visit_type_id": "KIND", name: one}] for name, some in OF_TERMS.items() for one in some),
                *([{"visit_type_id": one}] for one in [*IDS, None]),
                *([{"visit_type_id": "KIND", "offered": one}] for one in FLAGS),
                *([{"visit_type_id": "KIND"}] * 2, [{}], [5], "", None, {}, [{"visit_type_id": "KIND", "more": 1}]),
            ]
        },
    ),
}
"""Each with what is right (and accepted), and per field what is wrong."""


@dataclass
class World:
    """People of each role and things of theirs."""

    app: Flask
    tokens: dict[str, str]
    names: dict[str, str]
    database: str

    def send(self, one: Endpoint, body: Any) -> Any:
        sent = json.loads(self.named(json.dumps(body)))
        return self.api(one.role).send(one.method, self.named(one.path), json=sent, headers=one.headers)

    def raw(self, one: Endpoint, data: bytes, **headers: str) -> Any:
        sent = {
            "Content-Type": "application/json",
            **one.headers,
            **{n.replace("_", "-"): v for n, v in headers.items()},
        }
        return self.api(one.role).send(one.method, self.named(one.path), data=data, headers=sent)

    def api(self, role: str) -> Api:
        return Api(self.app, self.tokens[role])

    def named(self, text: str) -> str:
        """With the ids of the things of theirs."""
        for name, value in self.names.items():
            text = text.replace(name, value)
        return text

    def rows(self) -> list[Any]:
        """All that could have been written."""
        tables = (
            "appointment",
            "appointment_event",
            "schedule_exception",
            "weekly_hours",
            "visit_type",
            "running_late",
        )
        with psycopg2.connect(self.database) as connection, connection.cursor() as cursor:
            found = []
            for table in (*tables, "visit_type_override", "idempotency_key"):
                cursor.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM appointment.{table} AS t")
                found.append((table, cursor.fetchone()))
        connection.close()
        return found


@pytest.fixture
def world(environment: dict[str, str], auth: Flask, appointment: Flask) -> World:
    patient, doctor, admin = make.person(auth), make.doctor(auth, appointment), make.admin(auth)
    kind = make.visit_type(appointment, admin)
    visit = make.appointment(appointment, patient, doctor)
    names = {"PATIENT": patient.id, "DOCTOR": doctor.id, "VISIT": visit["id"], "KIND": kind["id"]}
    tokens = {"patient": patient.token, "doctor": doctor.token, "admin": admin.token}
    return World(appointment, tokens, names, environment["ADMIN_URL"])


@pytest.mark.parametrize("name", ENDPOINTS)
def test_each_wrong_field_is_named_and_nothing_is_written(world: World, name: str) -> None:
    one, before, wrong = ENDPOINTS[name], world.rows(), []
    tries = [({**one.right, pointer: value}, pointer) for pointer, some in one.wrong.items() for value in some]
    tries += [({**one.right, "more": 1}, "more"), ({**one.right, "status": "fulfilled"}, "status")]
    tries += [({**one.right, "id": UNKNOWN}, "id")]
    for body, pointer in tries:
        answer = world.send(one, body)
        said = answer.get_json()
        pointers = [error["pointer"] for error in said.get("errors", [])]
        whole = pointers == [""]  # a rule about several fields together
        if answer.status_code != 422 or not (whole or all(p.startswith(f"/{pointer}") for p in pointers)):
            wrong.append((body[pointer], answer.status_code, said))

    assert wrong == []
    assert world.rows() == before
    assert world.send(one, one.right).status_code == one.status  # the control: it is right


@pytest.mark.parametrize("name", ENDPOINTS)
def test_bytes_that_are_no_json_are_refused(world: World, name: str) -> None:
    one, before = ENDPOINTS[name], world.rows()
    right = json.dumps(one.right).encode()

    def outcome(data: bytes, **headers: str) -> tuple[int, str]:
        answer = world.raw(one, data, **headers)
        return answer.status_code, answer.get_json()["code"]

    malformed = [
        b"{",
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":NaN}',
        b'{"a":1e999}',
        right[:-1] + b",}",
        b"{'a':1}",
    ]
    malformed += [b"\xef\xbb\xbf" + right, json.dumps(one.right).encode("utf-32"), b"[" * 50_000, b"// x\n" + right]
    malformed += [b'{"a":' + b"9" * 5000 + b"}", b"\xff\xfe", b'{"a":1}{"b":2}']
    assert {outcome(data) for data in malformed} == {(400, "malformed-json")}
    assert {outcome(data) for data in (b"[]", b'"text"', b"true", b"null", b"5")} == {(422, "validation-error")}
    assert {
        outcome(right, Content_Type=kind)[0] for kind in ("text/plain", "multipart/form-data", "application/xml")
    } == {415}
    assert outcome(right, Content_Type="application/json-patch+json")[0] == 415
    assert outcome(gzip.compress(right), Content_Encoding="gzip")[0] == 415
    assert world.rows() == before


def test_a_path_takes_canonical_ids_only(world: World) -> None:
    api = world.api("admin")
    for name in (
        "x",
        UPPER,
        f"%7B{UNKNOWN}%7D",
        UNKNOWN.replace("-", ""),
        "%00",
        f"{UNKNOWN}.",
        f"{UNKNOWN};x=1",
        f"{UNKNOWN}%0A",
    ):
        for method, path in (
            ("GET", "/appointments/{}"),
            ("GET", "/appointments/{}/history"),
            ("POST", "/appointments/{}/cancel"),
            ("GET", "/visit-types/{}"),
            ("GET", "/doctors/{}/hours"),
            ("GET", "/doctors/{}/overrides"),
            ("GET", "/doctors/{}/exceptions"),
            ("DELETE", "/exceptions/{}"),
        ):
            api.call(method, path.format(name), 404)


QUERIES: dict[str, tuple[str, str, dict[str, list[str]]]] = {
    "slots": (
        "doctor",
        "/slots?doctor_id=DOCTOR&from={day}&to={day}",
        {
            "doctor_id": ["", "x", UPPER, "Any"],
            "from": ["", "2027-13-01", "2027-02-30", "20270101", "1999-12-31", "2201-01-01", "x", "%EF%BC%92027-01-01"],
            "to": ["", "2027-13-01", "2000-01-01", "2200-12-31", "x", "%00"],
            "visit_type_id": ["", "x", UPPER],
            "ignore": ["", "x", UPPER],
            "explain": ["", "1", "True", "yes"],
            "more": ["1"],
        },
    ),
    "appointments": (
        "doctor",
        "/appointments?limit=5",
        {
            "limit": ["0", "101", "-1", "1e1", "abc", "%EF%BC%91", "", "99999999999999999999"],
            "from": ["2027-13-01", "x", "", "1999-01-01"],
            "to": ["2027-02-30", "x", "", "2201-01-01"],
            "status": ["xyz", "", "BOOKED"],
            "doctor_id": ["x", "", UPPER],
            "patient_id": ["x", "", UPPER],
            "sort": ["password_hash", "", "--start"],
            "page": ["-1"],
        },
    ),
    "patients": ("doctor", "/doctors/me/patients?q=", {"q": ["x" * 101], "more": ["1"]}),
}


@pytest.mark.parametrize("name", QUERIES)
def test_each_wrong_part_of_a_query_is_refused(world: World, name: str) -> None:
    role, path, some = QUERIES[name]
    base, query = world.named(path.format(day=DAY)).split("?")
    right = dict(part.split("=", 1) for part in query.split("&"))
    api, wrong = world.api(role), []
    for key, values in some.items():
        for value in values:
            sent = "&".join(f"{one}={said}" for one, said in {**right, key: value}.items())
            answer = api.send("GET", f"{base}?{sent}")
            if answer.status_code != 422:
                wrong.append((key, value, answer.status_code))

    assert wrong == []
    api.get(f"{base}?{query}")


@pytest.mark.parametrize(
    "words",
    ["%00", "a%00b", "%ED%A0%80", "%25", "_", "%5C", "'x", "%F0%9F%98%80", "2026-13-01", "ABCD-2345", "%E2%80%AE"],
)
def test_whatever_is_looked_for_nobody_is_found_by_accident(world: World, words: str) -> None:
    answer = world.api("doctor").send("GET", f"/doctors/me/patients?q={words}")

    assert answer.status_code in {200, 422}
    assert answer.get_json().get("items", []) == []


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        (None, 428, "precondition-required"),
        ("*", 422, "validation-error"),
        ('"2"', 412, "version-conflict"),
        ('W/"1"', 422, "validation-error"),
        ("1", 422, "validation-error"),
    ],
)
def test_a_kind_of_visit_is_changed_in_a_version(world: World, header: str | None, status: int, code: str) -> None:
    path, before = world.named("/visit-types/KIND"), world.rows()
    headers = {} if header is None else {"If-Match": header}

    assert world.api("admin").call("PUT", path, status, json=KIND, headers=headers)["code"] == code
    assert world.rows() == before
    assert world.api("admin").send("GET", path).headers["ETag"] == '"1"'


def test_a_name_serves_one_kind_of_visit(world: World) -> None:
    api = world.api("admin")
    first = api.post("/visit-types", json=KIND, expect=201)

    assert api.post("/visit-types", json=KIND, expect=409)["code"] == "name-taken"
    path, headers = world.named("/visit-types/KIND"), {"If-Match": '"1"'}
    assert api.put(path, json=KIND, headers=headers, expect=409)["code"] == "name-taken"
    assert api.put(f"/visit-types/{first['id']}", json=KIND, headers=headers)["version"] == 2


def test_a_method_that_is_not_there(world: World) -> None:
    for path in ("/appointments/VISIT", "/visit-types/KIND", "/doctors/DOCTOR/hours", "/clinic/exceptions"):
        for method in ("PATCH", "TRACE", "PROPFIND"):
            answer = world.api("admin").send(method, world.named(path))
            assert (answer.status_code, bool(answer.headers.get("Allow"))) == (405, True)
    assert world.api("admin").send("DELETE", world.named("/appointments/VISIT")).status_code == 405
