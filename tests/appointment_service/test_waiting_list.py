"""The waiting list: a time that comes free is held for one after the other, by who has waited longest."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Any

import psycopg2
import pytest
from flask import Flask

from appointment_service import offering
from chassis import clock
from tests import make
from tests.api import Api

pytestmark = pytest.mark.usefixtures("fresh_list")

MONDAY_NOON = datetime(2027, 3, 8, 12, tzinfo=UTC)
ONE_A_DAY = [{"weekday": n, "starts": "10:00", "ends": "10:20"} for n in (2, 3)]
SPAN = {"from": "2027-03-08", "to": "2027-03-14"}


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    """Two times a week: Tuesday and Wednesday at ten."""
    return make.doctor(auth, appointment, hours=ONE_A_DAY)


@pytest.fixture
def holder(auth: Flask, appointment: Flask, doctor: make.Person) -> make.Person:
    """Who has both of them."""
    patient = make.person(auth)
    with clock.set_to(MONDAY_NOON - timedelta(days=2)):
        for day in ("09", "10"):
            book(appointment, patient, doctor, f"2027-03-{day}T10:00:00")
    return patient


def book(appointment: Flask, who: make.Person, doctor: make.Person, at: str, expect: int = 201) -> Any:
    body = {"doctor_id": doctor.id, "appointment_time": at}
    return Api(appointment, who.token).post("/appointments", json=body, expect=expect)


def wait(appointment: Flask, who: make.Person, **given: Any) -> Any:
    return make.waiting(appointment, who, **{**SPAN, **given})


def give_back(appointment: Flask, holder: make.Person, which: int = 0) -> Any:
    api = Api(appointment, holder.token)
    return api.post(f"/appointments/{api.get('/appointments')['items'][which]['id']}/cancel")


def rounds(appointment: Flask, *moments: datetime) -> list[int]:
    """What the worker does at these moments."""
    done = []
    for moment in moments:
        with clock.set_to(moment), appointment.app_context():
            done.append(offering.offer_what_is_free(make.CLINIC_ZONE))
    return done


def entry(appointment: Flask, who: make.Person) -> Any:
    return Api(appointment, who.token).get("/waitlist")["items"][0]


@contextmanager
def at_noon() -> Iterator[None]:
    with clock.set_to(MONDAY_NOON):
        yield


def test_a_time_that_comes_free_is_held_for_who_waits_and_can_be_taken(
    auth: Flask, appointment: Flask, doctor: make.Person, holder: make.Person
) -> None:
    patient, rival = make.person(auth), make.person(auth)
    with at_noon():
        mine = wait(appointment, patient)
        assert rounds(appointment, MONDAY_NOON) == [0]
        give_back(appointment, holder)

        assert rounds(appointment, MONDAY_NOON) == [1]

        offer = entry(appointment, patient)["offer"]
        assert (offer["local_date"], offer["local_time"]) == ("2027-03-09", "10:00")
        assert offer["held_until"] == "2027-03-08T12:30:00Z"
        assert book(appointment, rival, doctor, "2027-03-09T10:00:00", 409)["code"] == "slot-taken"
        assert Api(appointment, patient.token).get("/appointments")["items"] == []
        taken = Api(appointment, patient.token).post(f"/waitlist/{mine['id']}/accept")
        again = Api(appointment, patient.token).post(f"/waitlist/{mine['id']}/accept")
    assert (taken["status"], taken["id"]) == ("booked", offer["appointment_id"])
    assert again == taken
    assert Api(appointment, patient.token).get("/waitlist")["items"] == []


def test_it_goes_to_the_next_one_when_it_is_declined_or_runs_out(
    auth: Flask, appointment: Flask, doctor: make.Person, holder: make.Person
) -> None:
    first, second, third = (make.person(auth) for _ in range(3))
    with at_noon():
        entries = [wait(appointment, one)["id"] for one in (first, second, third)]
        give_back(appointment, holder)
        rounds(appointment, MONDAY_NOON)
        Api(appointment, first.token).post(f"/waitlist/{entries[0]}/decline")
        rounds(appointment, MONDAY_NOON)

        assert entry(appointment, first)["offer"] is None
        assert entry(appointment, second)["offer"]
        assert entry(appointment, third)["offer"] is None

    late = MONDAY_NOON + timedelta(minutes=31)
    assert rounds(appointment, late) == [1]
    with clock.set_to(late):
        assert entry(appointment, second)["offer"] is None
        assert entry(appointment, third)["offer"]
        assert rounds(appointment, late + timedelta(minutes=31)) == [0]  # nobody is offered the same time twice


def test_an_offer_that_has_run_out_is_said_to_have_run_out(
    auth: Flask, appointment: Flask, doctor: make.Person, holder: make.Person
) -> None:
    patient, other = make.person(auth), make.person(auth)
    with at_noon():
        mine = wait(appointment, patient)
        give_back(appointment, holder)
        rounds(appointment, MONDAY_NOON)
    api = Api(appointment, patient.token)

    with clock.set_to(MONDAY_NOON + timedelta(minutes=29, seconds=59)):
        assert entry(appointment, patient)["offer"]
    with clock.set_to(MONDAY_NOON + timedelta(minutes=30)):
        assert api.post(f"/waitlist/{mine['id']}/accept", expect=410)["code"] == "offer-expired"
        rounds(appointment, clock.now())
        assert api.post(f"/waitlist/{mine['id']}/accept", expect=409)["code"] == "no-offer"
        assert api.get(f"/waitlist/{mine['id']}")["state"] == "waiting"
        book(appointment, other, doctor, "2027-03-09T10:00:00")


@pytest.mark.parametrize("act", ["accept", "decline"])
def test_nobody_takes_or_lets_go_an_offer_they_have_not_seen(
    auth: Flask, appointment: Flask, doctor: make.Person, act: str
) -> None:
    """The page shows Tuesday; by the time of the click that has run out, and Wednesday is held."""
    patient, later = make.person(auth), MONDAY_NOON + timedelta(minutes=31)
    with at_noon():
        mine = wait(appointment, patient)
        rounds(appointment, MONDAY_NOON)
        seen = entry(appointment, patient)["offer"]
    rounds(appointment, later)
    with clock.set_to(later):
        now = entry(appointment, patient)["offer"]
        assert (seen["local_date"], now["local_date"]) == ("2027-03-09", "2027-03-10")
        api, path = Api(appointment, patient.token), f"/waitlist/{mine['id']}/{act}"

        assert api.post(path, json={"appointment_id": seen["appointment_id"]}, expect=410)["code"] == "offer-expired"

        assert entry(appointment, patient)["offer"] == now
        api.post(path, json={"appointment_id": now["appointment_id"]})


def test_each_who_waits_gets_one_offer_at_a_time(
    auth: Flask, appointment: Flask, doctor: make.Person, holder: make.Person
) -> None:
    patient, other = make.person(auth), make.person(auth)
    with at_noon():
        wait(appointment, patient)
        wait(appointment, other)
        give_back(appointment, holder)
        give_back(appointment, holder, which=1)

        assert rounds(appointment, MONDAY_NOON, MONDAY_NOON) == [2, 0]
        days = [entry(appointment, one)["offer"]["local_date"] for one in (patient, other)]
    assert days == ["2027-03-09", "2027-03-10"]


def test_who_waits_for_what_never_comes_stands_in_nobodys_way(
    auth: Flask, appointment: Flask, doctor: make.Person
) -> None:
    """Three wishes for nothing, older than one that can be met, and a round that makes two offers at most."""
    hopeless, patient = make.person(auth), make.person(auth)
    with at_noon():
        for wish in ({"weekdays": [7]}, {"day_part": "evening"}, {"from": "2150-01-01", "to": "2150-01-02"}):
            wait(appointment, hopeless, **wish)
        wait(appointment, patient)

        with appointment.app_context():
            assert offering.offer_what_is_free(make.CLINIC_ZONE, most=2) == 1

        assert entry(appointment, patient)["offer"]


def test_nothing_is_held_for_who_has_appointments_enough(auth: Flask, appointment: Flask, doctor: make.Person) -> None:
    greedy, patient = make.person(auth), make.person(auth)
    kind = make.visit_type(appointment, make.admin(auth), position=1)["id"]
    elsewhere = make.doctor(auth, appointment, hours=[{"weekday": 5, "starts": "10:00", "ends": "12:00"}])
    with at_noon():
        for minutes in ("10:00", "10:20", "10:40", "11:00", "11:20"):
            book(appointment, greedy, elsewhere, f"2027-03-12T{minutes}:00")
        for one in (greedy, patient):
            wait(appointment, one, doctor_id=doctor.id, visit_type_id=kind)

        assert rounds(appointment, MONDAY_NOON) == [1]

        assert entry(appointment, greedy)["offer"] is None
        assert entry(appointment, patient)["offer"]["local_date"] == "2027-03-09"


@pytest.mark.parametrize(
    ("wish", "offered"),
    [
        ({"weekdays": [3]}, "2027-03-10"),
        ({"weekdays": [5]}, None),
        ({"day_part": "morning"}, "2027-03-09"),
        ({"day_part": "afternoon"}, None),
        ({"from": "2027-03-10"}, "2027-03-10"),
        ({"notice_min": 24 * 60}, "2027-03-10"),
        ({"notice_min": 7 * 24 * 60}, None),
    ],
)
def test_only_what_suits_is_offered(
    auth: Flask, appointment: Flask, doctor: make.Person, wish: dict[str, Any], offered: str | None
) -> None:
    patient = make.person(auth)
    with at_noon():
        wait(appointment, patient, **wish)
        rounds(appointment, MONDAY_NOON)
        offer = entry(appointment, patient)["offer"]

    assert (offer and offer["local_date"]) == offered


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2027-03-08T07:59:00+00:00", "2027-03-08T08:30:00Z"),
        ("2027-03-08T08:00:00+00:00", "2027-03-08T08:30:00Z"),
        ("2027-03-08T19:59:00+00:00", "2027-03-08T20:29:00Z"),
        ("2027-03-08T20:00:00+00:00", "2027-03-09T08:30:00Z"),
        ("2027-03-27T21:00:00+00:00", "2027-03-28T07:30:00Z"),  # the clocks change that night
    ],
)
def test_an_offer_made_at_night_stands_until_the_morning(
    auth: Flask, appointment: Flask, doctor: make.Person, now: str, until: str
) -> None:
    patient, moment = make.person(auth), datetime.fromisoformat(now)
    with clock.set_to(moment):
        wait(appointment, patient, to="2027-04-30")
        rounds(appointment, moment)

        assert entry(appointment, patient)["offer"]["held_until"] == until


def test_booking_such_a_visit_ends_the_waiting_and_frees_what_was_held(
    auth: Flask, appointment: Flask, doctor: make.Person
) -> None:
    patient, other = make.person(auth), make.person(auth)
    with at_noon():
        mine = wait(appointment, patient)
        rounds(appointment, MONDAY_NOON)

        book(appointment, patient, doctor, "2027-03-10T10:00:00")

        assert Api(appointment, patient.token).get(f"/waitlist/{mine['id']}")["state"] == "booked"
        book(appointment, other, doctor, "2027-03-09T10:00:00")


def test_taking_one_offer_ends_the_waiting_for_such_a_visit_elsewhere_too(
    auth: Flask, appointment: Flask, doctor: make.Person
) -> None:
    patient, other = make.person(auth), make.person(auth)
    api = Api(appointment, patient.token)
    with at_noon():
        first, second = (wait(appointment, patient)["id"] for _ in range(2))
        assert rounds(appointment, MONDAY_NOON) == [2]

        api.post(f"/waitlist/{first}/accept")

        assert api.get(f"/waitlist/{second}")["state"] == "booked"
        assert api.post(f"/waitlist/{second}/accept", expect=409)["code"] == "no-offer"
        book(appointment, other, doctor, "2027-03-10T10:00:00")


def test_what_was_held_too_long_stands_in_nobodys_way_even_while_no_worker_runs(
    auth: Flask, appointment: Flask, doctor: make.Person
) -> None:
    patient, elsewhere = make.person(auth), make.doctor(auth, appointment)
    with at_noon():
        wait(appointment, patient, doctor_id=doctor.id)
        rounds(appointment, MONDAY_NOON)
        busy = book(appointment, patient, elsewhere, "2027-03-09T10:00:00", 409)
        assert busy["code"] == "patient-busy"

    with clock.set_to(MONDAY_NOON + timedelta(minutes=31)):
        book(appointment, patient, elsewhere, "2027-03-09T10:00:00")


def test_leaving_frees_what_was_held_and_may_be_repeated(auth: Flask, appointment: Flask, doctor: make.Person) -> None:
    patient, other = make.person(auth), make.person(auth)
    with at_noon():
        mine = wait(appointment, patient)
        rounds(appointment, MONDAY_NOON)
        api = Api(appointment, patient.token)

        assert api.send("DELETE", f"/waitlist/{mine['id']}").get_json()["state"] == "left"
        assert api.send("DELETE", f"/waitlist/{mine['id']}").get_json()["state"] == "left"
        assert rounds(appointment, MONDAY_NOON) == [0]
        book(appointment, other, doctor, "2027-03-09T10:00:00")


def test_nobody_waits_for_more_than_five_visits_or_for_days_that_are_over(auth: Flask, appointment: Flask) -> None:
    patient = make.person(auth)
    make.doctor(auth, appointment)
    for _ in range(5):
        make.waiting(appointment, patient)

    problem = Api(appointment, patient.token).post("/waitlist", json={"doctor_id": "any", **SPAN}, expect=409)

    assert problem["code"] == "limit-reached"
    rounds(appointment, datetime.now(UTC) + timedelta(days=29))
    assert Api(appointment, patient.token).get("/waitlist")["items"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"doctor_id": None},
        {"from": "2027-03-14", "to": "2027-03-08"},
        {"to": "2028-04-30"},
        {"weekdays": []},
        {"weekdays": [0]},
        {"day_part": "night"},
        {"notice_min": -1},
        {"notice_min": "5"},
        {"patient_id": "00000000-0000-4000-8000-000000000000"},
    ],
)
def test_wishes_that_make_no_sense_are_refused(
    auth: Flask, appointment: Flask, doctor: make.Person, change: dict[str, Any]
) -> None:
    body = {"doctor_id": "any", **SPAN, **change}

    Api(appointment, make.person(auth).token).post("/waitlist", json=body, expect=422)


def test_workers_at_once_offer_a_time_to_one(
    auth: Flask, appointment: Flask, doctor: make.Person, environment: dict[str, str]
) -> None:
    """Two times are free and twelve people wait; each time is held once, and nobody holds two."""
    for _ in range(12):
        make.waiting(appointment, make.person(auth), **{"from": str(make.clinic_day(1)), "to": str(make.clinic_day(7))})

    def work(_: int) -> int:
        with appointment.app_context():
            return offering.offer_what_is_free(make.CLINIC_ZONE)

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(work, range(8)))

    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT starts_at), count(DISTINCT patient_id)"
            " FROM appointment.appointment WHERE status = 'pending'"
        )
        assert cursor.fetchone() == (2, 2, 2)
    assert sum(made) == 2


def test_somebody_busy_then_is_passed_over(auth: Flask, appointment: Flask, doctor: make.Person) -> None:
    patient, elsewhere = make.person(auth), make.doctor(auth, appointment)
    kind = make.visit_type(appointment, make.admin(auth), position=1)["id"]
    with at_noon():
        book(appointment, patient, elsewhere, "2027-03-09T10:00:00")
        wait(appointment, patient, doctor_id=doctor.id, visit_type_id=kind)
        rounds(appointment, MONDAY_NOON, MONDAY_NOON)
        offer = entry(appointment, patient)["offer"]

    assert offer
    assert (offer["local_date"], time.fromisoformat(offer["local_time"])) == ("2027-03-10", time(10))
