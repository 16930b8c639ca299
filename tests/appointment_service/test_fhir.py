"""FHIR R4 of schedules, slots and appointments: valid by another's reading, and no more than the JSON API gives."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from fhir.resources.R4B.appointment import Appointment
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.schedule import Schedule
from fhir.resources.R4B.slot import Slot
from flask import Flask

from chassis import clock
from tests import make
from tests.api import Api, code_of
from tests.appointment_service.telling import NOTES, visit

pytestmark = pytest.mark.usefixtures("fresh_list")

# R4's required lists, which the library does not look at
STATUSES = {"proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", "entered-in-error"}
STATUSES |= {"checked-in", "waitlist"}
ANSWERS = {"accepted", "declined", "tentative", "needs-action"}
SLOT_STATUSES = {"busy", "free", "busy-unavailable", "busy-tentative", "entered-in-error"}
HL7 = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
TODAY = make.clinic_day(0)
DAY = make.clinic_day(7)


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth)


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment)


@pytest.fixture
def admin(auth: Flask) -> make.Person:
    return make.admin(auth)


Get = Callable[..., Any]


@pytest.fixture
def get(appointment: Flask) -> Get:
    """Reads a resource or searches as somebody; what comes back is valid R4 in whole."""

    def asked(who: make.Person, path: str, expect: int = 200) -> Any:
        return valid(Api(appointment, who.token).get(f"/fhir/{path}", expect=expect))

    return asked


def valid(resource: Any) -> Any:
    """As another's model of R4 reads it, and by the required code lists and rules that it does not look at."""
    models = {"Appointment": Appointment, "Bundle": Bundle, "Schedule": Schedule, "Slot": Slot}
    models |= {"OperationOutcome": OperationOutcome, "CapabilityStatement": CapabilityStatement}
    kind = resource["resourceType"]
    models[kind].model_validate(resource)
    assert list(empty(resource)) == []
    if kind == "Appointment":
        check_appointment(resource)
    if kind == "Slot":
        assert resource["status"] in SLOT_STATUSES
        assert with_offset(resource["start"]) < with_offset(resource["end"])
        assert len(resource["id"]) <= 64
    if kind == "Schedule":
        assert len(resource["actor"]) == 1
        assert with_offset(resource["planningHorizon"]["start"]) < with_offset(resource["planningHorizon"]["end"])
    for entry in resource.get("entry", []):
        valid(entry["resource"])
    return resource


def check_appointment(resource: Any) -> None:
    assert resource["status"] in STATUSES
    assert {one["status"] for one in resource["participant"]} <= ANSWERS
    assert {one["required"] for one in resource["participant"]} <= {"required", "optional", "information-only"}
    took = with_offset(resource["end"]) - with_offset(resource["start"])
    assert took == timedelta(minutes=resource["minutesDuration"])
    assert "cancelationReason" not in resource or resource["status"] in {"cancelled", "noshow"}  # invariant app-4
    assert "cancellationReason" not in resource  # R5's spelling
    assert with_offset(resource["created"])


def with_offset(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    assert moment.utcoffset() is not None, text
    return moment


def empty(node: Any, path: str = "") -> Iterator[str]:
    if node in (None, "", [], {}):
        yield path
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in inside:
        yield from empty(value, f"{path}/{name}")


def found(get: Get, who: make.Person, path: str) -> list[Any]:
    """What a search finds, page after page."""
    bundle = get(who, path)
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
    following = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
    resources = [entry["resource"] for entry in bundle.get("entry", [])]
    return resources + (found(get, who, following[0].split("/fhir/")[1]) if following else [])


def ids(resources: list[Any]) -> list[str]:
    return [one["id"] for one in resources]


# Appointments


def test_an_appointment_is_told_in_whole(
    appointment: Flask, get: Get, patient: make.Person, doctor: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor, at=time(10, 20), notes="Sore throat")

    told = get(patient, f"Appointment/{booked['id']}")

    assert told["identifier"] == [{"system": "urn:appointment-reference", "value": booked["reference"]}]
    assert (told["status"], told["minutesDuration"]) == ("booked", 20)
    assert told["start"] == booked["start"]
    assert told["start"].endswith("Z")
    assert told["serviceType"][0]["text"] == "Consultation"
    assert told["participant"] == [
        {
            "actor": {"reference": f"Patient/{patient.id}", "display": booked["patient_name"]},
            "required": "required",
            "status": "accepted",
        },
        {
            "actor": {"reference": f"Practitioner/{doctor.id}", "display": booked["doctor_name"]},
            "required": "required",
            "status": "accepted",
        },
    ]
    assert told == get(doctor, f"Appointment/{booked['id']}")
    assert told["comment"] == "Sore throat"


def test_admins_read_when_and_who_and_nothing_of_why(
    appointment: Flask, get: Get, patient: make.Person, doctor: make.Person, admin: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor, notes=NOTES)
    Api(appointment, doctor.token).post(
        f"/appointments/{booked['id']}/cancel", json={"code": "other", "reason": "what-was-said"}
    )

    one, (listed,) = get(admin, f"Appointment/{booked['id']}"), found(get, admin, "Appointment")

    assert one == listed
    assert not {"comment", "description", "reasonCode", "patientInstruction"} & one.keys()
    assert NOTES not in str(one)
    for who in (admin, patient, doctor):
        assert "what-was-said" not in str(get(who, f"Appointment/{booked['id']}"))


@pytest.mark.parametrize(
    ("status", "given"),
    [
        ("pending", {"held_until": datetime.now(UTC) + timedelta(days=1)}),
        ("booked", {}),
        ("arrived", {}),
        ("checked-in", {}),
        ("fulfilled", {}),
        ("noshow", {}),
        ("cancelled", {"cancelled_at": datetime.now(UTC), "cancellation_code": "patient"}),
        ("entered-in-error", {}),
    ],
)
def test_every_state_is_one_of_r4s(
    appointment: Flask, get: Get, patient: make.Person, doctor: make.Person, status: str, given: dict[str, Any]
) -> None:
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    one = visit(appointment, patient, doctor, starts_at, status=status, **given)

    told = get(doctor, f"Appointment/{one}")
    answers = [participant["status"] for participant in told["participant"]]

    assert told["status"] == status
    assert answers == ["accepted", "needs-action" if status == "pending" else "accepted"]
    assert ids(found(get, doctor, f"Appointment?status={status}")) == [str(one)]
    assert ids(found(get, doctor, "Appointment")) == ([] if status == "pending" else [str(one)])


@pytest.mark.parametrize(
    ("code", "hl7"),
    [
        ("patient", "pat"),
        ("clinic", "prov"),
        ("weather", "oth-weath"),
        ("died", "pat-dec"),
        ("left-unseen", "other"),
        ("other", "other"),
    ],
)
def test_why_it_was_cancelled_is_a_code_with_one_l(
    appointment: Flask, get: Get, patient: make.Person, doctor: make.Person, code: str, hl7: str
) -> None:
    at = datetime.now(UTC)
    one = visit(appointment, patient, doctor, at, status="cancelled", cancelled_at=at, cancellation_code=code)

    told = get(patient, f"Appointment/{one}")

    assert told["cancelationReason"]["coding"] == [
        {"system": HL7, "code": hl7},
        {"system": "urn:cancellation-code", "code": code},
    ]


def test_a_moved_appointment_is_the_same_resource_in_a_new_version(
    appointment: Flask, get: Get, patient: make.Person, doctor: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    before = get(patient, f"Appointment/{booked['id']}")
    wish = {"appointment_time": make.wish(doctor.id, time(11))["appointment_time"]}
    Api(appointment, patient.token).post(f"/appointments/{booked['id']}/move", json=wish, headers={"If-Match": '"1"'})

    after = get(patient, f"Appointment/{booked['id']}")

    assert (before["id"], before["identifier"]) == (after["id"], after["identifier"])
    assert [one["meta"]["versionId"] for one in (before, after)] == ["1", "2"]


def test_appointments_are_found_by_person_day_and_state_in_pages(
    auth: Flask, appointment: Flask, get: Get, patient: make.Person, doctor: make.Person, admin: make.Person
) -> None:
    days = [make.appointment(appointment, patient, doctor, days=number)["id"] for number in (7, 8, 9)]
    others = make.appointment(appointment, make.person(auth), doctor, at=time(11))["id"]

    def search(who: make.Person, query: str) -> list[str]:
        return ids(found(get, who, f"Appointment?{query}"))

    for query in ("", "_count=1", f"patient={patient.id}", f"actor=Patient/{patient.id}&_count=2"):
        assert search(patient, query) == days, query
    for query in ("", f"practitioner={doctor.id}", f"practitioner=Practitioner/{doctor.id}&_count=3"):
        assert search(doctor, query) == search(admin, query) == [days[0], others, *days[1:]], query
    assert search(admin, f"actor=Practitioner/{doctor.id}&patient=Patient/{patient.id}") == days
    assert search(doctor, f"patient={patient.id}&status=cancelled") == []
    first, second = make.clinic_day(7), make.clinic_day(8)
    for query, expected in (
        (f"date={second}", days[1:2]),
        (f"date=ge{second}", days[1:]),
        (f"date=gt{second}", days[2:]),
        (f"date=le{second}", days[:2]),
        (f"date=lt{second}", days[:1]),
        (f"date=ge{first}&date=lt{second}", days[:1]),
        (f"date=ge{second}&date=le{second}&_count=1", days[1:2]),
        (f"date=gt{second}&date=lt{second}", []),
    ):
        assert search(patient, query) == expected, query


def test_a_date_may_be_an_instant_to_the_second(
    appointment: Flask, get: Get, patient: make.Person, doctor: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    start = datetime.fromisoformat(booked["start"]).astimezone(UTC)
    elsewhere = (start + timedelta(hours=2)).replace(tzinfo=None).isoformat() + "+02:00"
    before = (start - timedelta(seconds=1)).isoformat()

    for text, hit in (
        (start.isoformat(), True),
        (elsewhere, True),
        (f"ge{elsewhere}", True),
        (f"lt{elsewhere}", False),
        (f"gt{start.isoformat()}", False),
        (f"gt{before}", True),
        (f"le{start.isoformat()}", True),
        (f"le{before}", False),
    ):
        assert bool(found(get, patient, f"Appointment?date={quote(text)}")) == hit, text


def test_somebody_elses_appointment_is_as_one_that_is_not_there(
    auth: Flask, appointment: Flask, get: Get, patient: make.Person, doctor: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    strangers = make.person(auth), make.doctor(auth, appointment)

    for who in strangers:
        refused = get(who, f"Appointment/{booked['id']}", expect=404)
        assert refused == get(who, "Appointment/00000000-0000-4000-8000-000000000000", expect=404)
        assert refused["issue"][0]["code"] == "not-found"
        assert found(get, who, "Appointment") == []
    get(strangers[0], f"Appointment?patient={patient.id}", expect=403)
    assert found(get, strangers[1], f"Appointment?practitioner={doctor.id}") == []


def test_reading_by_fhir_is_on_record(appointment: Flask, get: Get, patient: make.Person, doctor: make.Person) -> None:
    booked = make.appointment(appointment, patient, doctor)
    get(doctor, f"Appointment/{booked['id']}")
    get(doctor, "Appointment")

    events = Api(appointment, patient.token).get("/audit-events")["items"][:2]

    told = [(one["action"], one["record_id"], one["actor_id"]) for one in events]
    assert told == [("appointment.list", None, doctor.id), ("appointment.read", booked["id"], doctor.id)]


# Schedules


def test_a_doctors_schedule_says_what_they_offer(
    auth: Flask, appointment: Flask, get: Get, patient: make.Person, doctor: make.Person, admin: make.Person
) -> None:
    make.visit_type(appointment, admin, bookable_by="staff")
    Api(appointment, patient.token).get("/visit-types")

    (told,) = found(get, patient, f"Schedule?actor=Practitioner/{doctor.id}")

    assert told == get(admin, f"Schedule/{doctor.id}")
    assert told["active"] is True
    assert told["actor"][0]["reference"] == f"Practitioner/{doctor.id}"
    assert [kind["text"] for kind in told["serviceType"]] == ["Consultation"]
    assert told["comment"].endswith(", General practice")
    make.doctor(auth, appointment)
    assert len(found(get, patient, "Schedule?_count=1")) == 2
    get(patient, f"Schedule/{patient.id}", expect=404)


# Slots


def test_patients_find_free_slots_as_they_find_free_times(
    appointment: Flask, get: Get, patient: make.Person, doctor: make.Person
) -> None:
    make.appointment(appointment, patient, doctor)
    free = Api(appointment, patient.token).get(f"/slots?doctor_id={doctor.id}&from={DAY}&to={DAY}")["days"][0]["slots"]

    slots = found(get, patient, f"Slot?schedule={doctor.id}&start={DAY}&_count=7")

    assert [(one["start"], one["end"]) for one in slots] == [(one["start"], one["end"]) for one in free]
    assert {one["status"] for one in slots} == {"free"}
    assert {one["schedule"]["reference"] for one in slots} == {f"Schedule/{doctor.id}"}
    assert len(set(ids(slots))) == len(slots)
    get(patient, f"Slot?schedule={doctor.id}&start={DAY}&status=busy", expect=403)


def test_staff_find_why_the_others_are_not_free(
    auth: Flask, appointment: Flask, get: Get, patient: make.Person, doctor: make.Person, admin: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor, at=time(9, 0))
    held = datetime.fromisoformat(booked["start"]) + timedelta(minutes=20)
    now = datetime.now(UTC)
    visit(appointment, make.person(auth), doctor, held, status="pending", held_until=now + timedelta(days=1))
    make.exception(appointment, doctor, starts="14:00", ends="17:00")

    slots = found(get, doctor, f"Slot?actor={doctor.id}&start={DAY}")
    by_start = {one["start"]: one["status"] for one in slots}
    counted = [one["status"] for one in slots]

    assert by_start[booked["start"]] == "busy"
    assert by_start[held.isoformat().replace("+00:00", "Z")] == "busy-tentative"
    assert counted.count("busy-unavailable") == 9
    assert counted.count("free") == 7
    for status in SLOT_STATUSES - {"entered-in-error"}:
        alone = found(get, admin, f"Slot?schedule=Schedule/{doctor.id}&start={DAY}&status={status}")
        assert alone == [one for one in slots if one["status"] == status]


def test_a_days_off_is_unavailable(appointment: Flask, get: Get, doctor: make.Person) -> None:
    make.exception(appointment, doctor)

    slots = found(get, doctor, f"Slot?schedule={doctor.id}&start={DAY}")

    assert {one["status"] for one in slots} == {"busy-unavailable"}


def test_slots_are_between_the_instants_asked_for(
    appointment: Flask, get: Get, patient: make.Person, doctor: make.Person
) -> None:
    whole = found(get, patient, f"Slot?schedule={doctor.id}&start={DAY}")
    third, sixth = whole[2]["start"], whole[5]["start"]

    some = found(get, patient, f"Slot?schedule={doctor.id}&start=ge{third}&start=lt{sixth}&_count=2")

    assert some == whole[2:5]


def test_a_search_without_end_stops_after_31_days_and_no_longer_one_is_answered(
    get: Get, patient: make.Person, doctor: make.Person
) -> None:
    ahead = found(get, patient, f"Slot?schedule={doctor.id}&_count=100")
    last = max(with_offset(one["start"]) for one in ahead).astimezone(make.CLINIC_ZONE).date()

    assert last == TODAY + timedelta(days=30)
    get(patient, f"Slot?schedule={doctor.id}&start=ge{TODAY}&start=le{TODAY + timedelta(days=30)}")
    too_long = get(patient, f"Slot?schedule={doctor.id}&start=ge{TODAY}&start=le{TODAY + timedelta(days=31)}", 422)
    assert too_long["issue"][0]["details"]["coding"][0]["code"] == "range"


def test_over_a_clock_change_slots_are_as_long_as_visits(auth: Flask, appointment: Flask, get: Get) -> None:
    night = [{"weekday": 7, "starts": "00:00", "ends": "04:00"}]
    doctor = make.doctor(auth, appointment, hours=night)

    with clock.set_to(datetime(2026, 10, 20, 9, tzinfo=UTC)):
        autumn = found(get, doctor, f"Slot?schedule={doctor.id}&start=2026-10-25")
    with clock.set_to(datetime(2027, 3, 20, 9, tzinfo=UTC)):
        spring = found(get, doctor, f"Slot?schedule={doctor.id}&start=2027-03-28")

    assert (len(autumn), len(spring)) == (15, 9)
    assert (autumn[0]["start"], spring[0]["start"]) == ("2026-10-24T23:00:00Z", "2027-03-28T00:00:00Z")


def test_slots_are_of_the_kind_of_visit_asked_for(
    appointment: Flask, get: Get, patient: make.Person, doctor: make.Person, admin: make.Person
) -> None:
    kind = make.visit_type(appointment, admin, duration_min=60, step_min=60)

    for code in (kind["id"], f"urn:visit-type|{kind['id']}"):
        slots = found(get, patient, f"Slot?schedule={doctor.id}&start={DAY}&service-type={quote(code)}")
        assert len(slots) == 6
        assert slots[0]["serviceType"][0]["coding"] == [{"system": "urn:visit-type", "code": kind["id"]}]


def test_a_doctor_finds_their_own_slots_only(auth: Flask, appointment: Flask, get: Get, doctor: make.Person) -> None:
    other = make.doctor(auth, appointment)

    assert get(doctor, f"Slot?schedule={other.id}", expect=403)["issue"][0]["code"] == "forbidden"


# All of them


def test_the_capabilities_are_those_that_are_there(appointment: Flask) -> None:
    told = valid(Api(appointment).get("/fhir/metadata"))
    rest = told["rest"][0]["resource"]

    assert told["fhirVersion"] == "4.0.1"
    assert {one["type"]: [way["code"] for way in one["interaction"]] for one in rest} == {
        "Schedule": ["read", "search-type"],
        "Slot": ["search-type"],
        "Appointment": ["read", "search-type"],
    }
    paths = Api(appointment).get("/openapi.json")["paths"]
    for one in rest:
        described = {parameter["name"] for parameter in paths[f"/fhir/{one['type']}"]["get"]["parameters"]}
        assert {parameter["name"] for parameter in one["searchParam"]} == {n for n in described if n[0] != "_"}


@pytest.mark.parametrize(
    ("path", "status", "code", "field"),
    [
        ("Appointment?date=2026-02-30", 422, "validation-error", "date"),
        ("Appointment?date=ne2026", 422, "validation-error", "date"),
        ("Appointment?date=2026-11-28T10:00:00", 422, "validation-error", "date"),
        ("Appointment?date=2026-11-28T25:00:00Z", 422, "validation-error", "date"),
        ("Appointment?date=ge2026&date=lt2027&date=2026", 422, "validation-error", "twice"),
        ("Appointment?status=booked&status=arrived", 422, "validation-error", "twice"),
        ("Appointment?status=confirmed", 422, "validation-error", "not-a-choice"),
        ("Appointment?actor=x", 422, "validation-error", "reference"),
        ("Appointment?patient=Practitioner/00000000-0000-4000-8000-000000000000", 422, "validation-error", "uuid"),
        ("Appointment?name=Maya", 422, "unknown-field", "unknown-field"),
        ("Appointment?_count=0", 422, "validation-error", "greater-than-equal"),
        ("Appointment?_cursor=x", 400, "invalid-cursor", "invalid-cursor"),
        ("Appointment/1", 404, "not-found", "not-found"),
        ("Slot", 422, "validation-error", "required"),
        ("Slot?status=open", 422, "validation-error", "not-a-choice"),
        ("Slot?service-type=1", 422, "validation-error", "uuid"),
        ("Schedule?actor=1", 422, "validation-error", "uuid"),
        ("Patient", 404, "not-found", "not-found"),
    ],
)
def test_a_wrong_request_is_an_operation_outcome(
    appointment: Flask, admin: make.Person, path: str, status: int, code: str, field: str
) -> None:
    answer = Api(appointment, admin.token).send("GET", f"/fhir/{path}")

    assert (answer.status_code, code_of(answer)) == (status, code)
    assert answer.content_type == "application/fhir+json"
    assert valid(answer.get_json())["issue"][0]["details"]["coding"][-1]["code"] == field


def test_two_parameters_that_name_two_people_are_refused(
    appointment: Flask, admin: make.Person, patient: make.Person, doctor: make.Person
) -> None:
    for path in (
        f"Appointment?patient={patient.id}&actor=Patient/{doctor.id}",
        f"Appointment?practitioner={patient.id}&actor=Practitioner/{doctor.id}",
        f"Slot?schedule={patient.id}&actor={doctor.id}",
    ):
        valid(Api(appointment, admin.token).get(f"/fhir/{path}", expect=422))


def test_nobody_reads_without_a_token(appointment: Flask) -> None:
    for path in ("Appointment", "Slot", "Schedule"):
        valid(Api(appointment).get(f"/fhir/{path}", expect=401))
