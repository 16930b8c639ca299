"""Public holidays: what a country celebrates becomes days on which the clinic is closed, once each."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from appointment_service import public_holidays
from chassis import clock
from tests import make
from tests.api import Api
from tests.appointment_service.telling import visit

ENGLAND = {"country": "GB", "subdivision": "ENG", "year": 2099}
"""So far ahead that no day of it is over."""
OBSERVED = "2099-12-28"
"""A Monday: the day on which Boxing Day, a Saturday, is observed."""
DAYS = {
    "2099-01-01": "New Year's Day",
    "2099-04-10": "Good Friday",
    "2099-04-13": "Easter Monday",
    "2099-05-04": "May Day",
    "2099-05-25": "Spring Bank Holiday",
    "2099-08-31": "Late Summer Bank Holiday",
    "2099-12-25": "Christmas Day",
    "2099-12-26": "Boxing Day",
    OBSERVED: "Boxing Day (observed)",
}


@pytest.fixture
def admin(auth: Flask, appointment: Flask) -> Api:
    return Api(appointment, make.admin(auth).token)


@pytest.fixture
def booked(auth: Flask, appointment: Flask) -> str:
    """A visit on a day that is a holiday."""
    patient, doctor = make.person(auth), make.doctor(auth, appointment)
    return str(visit(appointment, patient, doctor, datetime(2099, 12, 28, 10, tzinfo=UTC)))


def listed(admin: Api, **asked: Any) -> dict[str, str]:
    found = admin.get("/clinic/holidays", query_string={**ENGLAND, **asked})["items"]
    return {one["date"]: one["name"] for one in found}


def closed_days(admin: Api) -> dict[str, str]:
    return {one["from_date"]: one["reason"] for one in admin.get("/clinic/exceptions")["items"] if one["holiday"]}


def test_the_holidays_of_a_year_are_listed_by_name(admin: Api) -> None:
    assert listed(admin) == DAYS


def test_days_that_are_over_are_not_listed(appointment: Flask, admin: Api) -> None:
    assert listed(admin, year=2000) == {}
    with clock.set_to(datetime(2099, 12, 26, 23, 30, tzinfo=UTC)), appointment.app_context():
        left = public_holidays.of(public_holidays.Choice("GB", "ENG", 2099), make.CLINIC_ZONE)
    assert [str(one.date) for one in left] == ["2099-12-26", OBSERVED]


def test_a_part_of_a_country_has_holidays_of_its_own(admin: Api) -> None:
    bavaria = {"country": "DE", "subdivision": "BY", "year": 2030}

    assert listed(admin, **bavaria)["2030-01-06"] == "Epiphany"
    assert "2030-01-06" not in listed(admin, **bavaria | {"subdivision": "HH"})


def test_countries_and_their_parts_have_names(admin: Api) -> None:
    countries = {one["code"]: one for one in admin.get("/clinic/holidays/countries")["items"]}

    assert countries["GB"]["name"] == "United Kingdom"
    assert {"code": "ENG", "name": "England"} in countries["GB"]["subdivisions"]
    assert countries["BA"]["name"] == "Bosnia and Herzegovina"
    assert len(countries) > 200


def test_bringing_in_twice_adds_nothing_the_second_time(admin: Api) -> None:
    first = admin.post("/clinic/holidays", json=ENGLAND, expect=201)
    second = admin.post("/clinic/holidays", json=ENGLAND, expect=201)

    assert [one["from_date"] for one in first["exceptions"]] == list(DAYS)
    assert second["exceptions"] == []
    assert closed_days(admin) == DAYS
    assert all(one["there"] for one in admin.get("/clinic/holidays", query_string=ENGLAND)["items"])


def test_only_the_days_that_are_named_are_brought_in(admin: Api) -> None:
    admin.post("/clinic/holidays", json={**ENGLAND, "dates": [OBSERVED]}, expect=201)

    assert list(closed_days(admin)) == [OBSERVED]


def test_nobody_is_offered_a_time_on_a_holiday(auth: Flask, appointment: Flask, admin: Api) -> None:
    doctor = make.doctor(auth, appointment)
    query = f"/slots?doctor_id={doctor.id}&from={OBSERVED}&to={OBSERVED}"
    assert admin.get(query)["days"][0]["slots"]

    admin.post("/clinic/holidays", json=ENGLAND, expect=201)

    assert admin.get(query)["days"][0]["slots"] == []


def test_people_who_are_booked_are_not_forgotten(admin: Api, booked: str) -> None:
    preview = admin.post("/clinic/holidays/preview", json=ENGLAND)
    refusal = admin.post("/clinic/holidays", json=ENGLAND, expect=409)
    nothing_yet = closed_days(admin)
    kept = admin.post("/clinic/holidays", json={**ENGLAND, "on_conflict": "keep"}, expect=201)

    assert (preview["count"], preview["items"][0]["id"]) == (1, booked)
    assert (refusal["code"], refusal["count"]) == ("has-bookings", 1)
    assert nothing_yet == {}
    assert (kept["count"], kept["items"][0]["id"]) == (1, booked)
    assert admin.get(f"/appointments/{booked}")["displaced"]


def test_people_who_are_booked_are_cancelled_when_that_is_said(admin: Api, booked: str) -> None:
    admin.post("/clinic/holidays", json={**ENGLAND, "on_conflict": "cancel"}, expect=201)

    assert admin.get(f"/appointments/{booked}")["status"] == "cancelled"


def test_two_admins_at_once_bring_each_day_in_once(auth: Flask, appointment: Flask) -> None:
    """No doctor is there whose lock would keep them apart."""
    tokens = [make.admin(auth).token for _ in range(4)]

    with ThreadPoolExecutor() as pool:
        sent = [pool.submit(Api(appointment, one).send, "POST", "/clinic/holidays", json=ENGLAND) for one in tokens]

    assert [one.result().status_code for one in sent] == [201] * 4
    assert sorted(len(one.result().get_json()["exceptions"]) for one in sent) == [0, 0, 0, len(DAYS)]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"country": "XX"}, "/country"),
        ({"country": "gb"}, "/country"),
        ({"country": "GBR"}, "/country"),
        ({"subdivision": "BY"}, "/subdivision"),
        ({"year": 1999}, "/year"),
        ({"year": 2101}, "/year"),
        ({"dates": ["2099-12-24"]}, "/dates"),
        ({"dates": ["2098-01-01"]}, "/dates"),
        ({"dates": []}, "/dates"),
        ({"on_conflict": "forget"}, "/on_conflict"),
    ],
)
def test_what_nobody_knows_is_refused_at_its_field(admin: Api, wrong: dict[str, Any], field: str) -> None:
    refusal = admin.post("/clinic/holidays", json={**ENGLAND, **wrong}, expect=422)

    assert [one["pointer"] for one in refusal["errors"]] == [field]
    assert closed_days(admin) == {}


def test_a_list_for_an_unknown_country_is_refused(admin: Api) -> None:
    refusal = admin.get("/clinic/holidays?country=XX&year=2027", expect=422)

    assert refusal["errors"][0]["pointer"] == "/country"
