"""Free times: the grid of a day across clock changes, and what is taken off it."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from appointment_service import grid, opening
from appointment_service.availability import FreeTimes
from appointment_service.models import db
from appointment_service.opening import Stretch
from appointment_service.schemas.doctors import SlotOut, SlotsOut, told
from appointment_service.visit_types import STANDARD, Terms
from appointment_service.wall_time import exists, instant
from chassis import clock
from tests import make
from tests.api import Api

NOBODY = UUID(int=0)


def terms(minutes: int, step: int | None = None, before: int = 0, after: int = 0) -> Terms:
    """A kind of visit that takes so many minutes, begins every `step`, and can be booked for years."""
    length = timedelta(minutes=minutes)
    pace, early, late = timedelta(minutes=step or minutes), timedelta(minutes=before), timedelta(minutes=after)
    ahead = timedelta(days=1000)
    return Terms(NOBODY, STANDARD, "Visit", False, "patient", length, early, late, pace, timedelta(), ahead, 0, 0, 0)


def local_starts(zone: str, day: str, opens: str, closes: str, minutes: int = 30) -> list[str]:
    when = date.fromisoformat(day)
    week = [Stretch(when.isoweekday(), time.fromisoformat(opens), time.fromisoformat(closes))]
    found = grid.starts(opening.day_of(when, week, [], ZoneInfo(zone)).windows, terms(minutes))
    assert all(slot.end - slot.start == timedelta(minutes=minutes) for slot in found)
    return [f"{slot.start.astimezone(ZoneInfo(zone)):%H:%M%z}"[:8] for slot in found]


def every(minutes: int, first: str, count: int, offset: str) -> list[str]:
    start = datetime.combine(date(2000, 1, 1), time.fromisoformat(first))
    return [f"{start + timedelta(minutes=minutes * n):%H:%M}{offset}" for n in range(count)]


@pytest.mark.parametrize(
    ("zone", "day", "opens", "closes", "minutes", "expected"),
    [
        ("Europe/London", "2026-03-28", "00:00", "04:00", 30, every(30, "00:00", 8, "+00")),
        (
            *("Europe/London", "2026-03-29", "00:00", "04:00", 30),
            every(30, "00:00", 2, "+00") + every(30, "02:00", 4, "+01"),
        ),
        (
            *("Europe/London", "2026-10-25", "00:00", "04:00", 30),
            every(30, "00:00", 4, "+01") + every(30, "01:00", 6, "+00"),
        ),
        ("Europe/London", "2026-03-29", "09:00", "12:00", 30, every(30, "09:00", 6, "+01")),
        ("Europe/London", "2026-10-25", "09:00", "12:00", 30, every(30, "09:00", 6, "+00")),
        ("Europe/London", "2026-03-29", "00:00", "01:30", 30, every(30, "00:00", 2, "+00")),
        ("America/New_York", "2026-03-08", "13:00", "18:00", 60, every(60, "13:00", 5, "-04")),
        ("Asia/Kolkata", "2026-03-29", "09:00", "12:00", 30, every(30, "09:00", 6, "+05")),
        # half an hour only, and a change at midnight
        (
            "Australia/Lord_Howe",
            "2026-10-04",
            "01:00",
            "04:00",
            30,
            ["01:00+10", "01:30+10", *every(30, "02:30", 3, "+11")],
        ),
        ("America/Santiago", "2026-09-06", "00:00", "03:00", 60, every(60, "01:00", 2, "-03")),
        ("Pacific/Apia", "2026-06-01", "22:00", "00:00", 60, every(60, "22:00", 2, "+13")),
    ],
)
def test_the_grid_follows_elapsed_time_across_clock_changes(
    zone: str, day: str, opens: str, closes: str, minutes: int, expected: list[str]
) -> None:
    assert local_starts(zone, day, opens, closes, minutes) == expected


@given(
    st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Tehran"]),
    st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
)
@settings(max_examples=300, deadline=None)
def test_an_instant_reads_back_as_the_wall_time_unless_the_clocks_skip_it(zone: str, day: date, wall: time) -> None:
    found = instant(day, wall, ZoneInfo(zone)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)

    wanted = datetime.combine(day, wall)
    assert found == wanted if exists(wanted, ZoneInfo(zone)) else found > wanted


def test_a_time_that_comes_twice_is_told_apart() -> None:
    zone = ZoneInfo("Europe/London")
    day = opening.day_of(date(2026, 10, 25), [Stretch(7, time(0), time(3))], [], zone)

    found = [one["label"] for one in told(grid.starts(day.windows, terms(60)), zone)]
    assert found == ["00:00", "01:00 BST", "01:00 GMT", "02:00"]


def test_an_answer_is_written_as_its_schema_would_write_it() -> None:
    zone, day, days = ZoneInfo("Europe/London"), date(2026, 10, 24), {}
    for _ in range(2):  # the clocks change on the second
        week = [Stretch(day.isoweekday(), time(0), time(3))]
        found = grid.starts(opening.day_of(day, week, [], zone).windows, terms(20))
        later = [replace(slot, doctor_id=STANDARD) for slot in found[:-1]]
        days[day] = sorted([*found, *later])
        day += grid.DAY
    days[day] = []
    first = days[date(2026, 10, 24)][0].start
    refused = [replace(days[date(2026, 10, 25)][0], reason="busy")]

    body = SlotsOut.written(None, STANDARD, FreeTimes(days, first, Counter(busy=1)), refused, zone)

    found = SlotsOut.model_validate_json(body)
    assert body == found.model_dump_json().encode()
    assert found.days[1].slots == SlotOut.all_of(days[date(2026, 10, 25)], zone)
    assert [len(one.slots) for one in found.days] == [9, 12, 0]
    assert {len(one.doctor_ids) for one in found.days[0].slots} == {1, 2}
    assert found.refused[0].reason == "busy"


def slots(appointment: Flask, patient: make.Person, doctor: make.Person, first: date, last: date, expect: int = 200):
    query = f"/slots?doctor_id={doctor.id}&from={first}&to={last}"
    return Api(appointment, patient.token).get(query, expect=expect)


def test_a_booked_time_is_no_longer_free(auth: Flask, appointment: Flask) -> None:
    patient, doctor, day = make.person(auth), make.doctor(auth, appointment), make.clinic_day(7)
    before = slots(appointment, patient, doctor, day, day)["days"][0]["slots"]

    make.appointment(appointment, patient, doctor, at=time(10))

    after = slots(appointment, patient, doctor, day, day)["days"][0]["slots"]
    assert [s["local_time"] for s in before if s not in after] == ["10:00"]
    assert len(before) == 18


def test_every_day_asked_for_is_there_even_without_times(auth: Flask, appointment: Flask) -> None:
    sunday_only = [{"weekday": 7, "starts": "09:00", "ends": "10:00"}]
    patient, doctor = make.person(auth), make.doctor(auth, appointment, hours=sunday_only)
    first = make.clinic_day(1)

    found = slots(appointment, patient, doctor, first, first + timedelta(days=6))

    assert [day["date"] for day in found["days"]] == [str(first + timedelta(days=n)) for n in range(7)]
    assert sum(bool(day["slots"]) for day in found["days"]) == 1
    next_sunday = next(day for day in found["days"] if day["slots"])
    assert found["next_available"] == next_sunday["slots"][0]["start"]


def test_times_start_after_the_notice_and_end_with_the_horizon(auth: Flask, appointment: Flask) -> None:
    patient, doctor = make.person(auth), make.doctor(auth, appointment)
    noon = datetime(2026, 12, 8, 12, 0, tzinfo=UTC)
    with clock.set_to(noon):
        today = slots(appointment, patient, doctor, noon.date(), noon.date())
        last = noon.date() + timedelta(days=112)
        end = slots(appointment, patient, doctor, last, last + timedelta(days=1))

    assert today["days"][0]["slots"][0]["local_time"] == "14:00"
    assert len(end["days"][0]["slots"]) == 18
    assert end["days"][1]["slots"] == []


@pytest.mark.parametrize(("first", "last"), [(0, 31), (1, 0), (0, 4000)])
def test_at_most_31_days_in_their_order(auth: Flask, appointment: Flask, first: int, last: int) -> None:
    patient, doctor = make.person(auth), make.doctor(auth, appointment)

    problem = slots(appointment, patient, doctor, make.clinic_day(first), make.clinic_day(last), expect=422)

    assert problem["code"] == "range"


@pytest.mark.parametrize("query", ["from=2027-13-01&to=2027-13-02", "from=2027-02-30&to=2027-03-01", "from=2027-03-01"])
def test_days_that_do_not_exist_are_refused(auth: Flask, appointment: Flask, query: str) -> None:
    patient, doctor = make.person(auth), make.doctor(auth, appointment)

    Api(appointment, patient.token).get(f"/slots?doctor_id={doctor.id}&{query}", expect=422)


def test_the_cost_is_the_same_for_one_day_and_for_31(auth: Flask, appointment: Flask) -> None:
    patient, doctor, day = make.person(auth), make.doctor(auth, appointment), make.clinic_day(1)

    def statements(last: date) -> int:
        ran: list[str] = []
        with appointment.app_context():
            listener = lambda *given: ran.append(given[2])  # noqa: E731
            event.listen(db.engine, "before_cursor_execute", listener)
            slots(appointment, patient, doctor, day, last)
            event.remove(db.engine, "before_cursor_execute", listener)
        return len(ran)

    slots(appointment, patient, doctor, day, day)  # a clinic without visit types gets its first one
    assert statements(day) == statements(day + timedelta(days=30)) == 4


def test_a_doctor_sees_only_their_own_times(auth: Flask, appointment: Flask) -> None:
    one, other, day = make.doctor(auth, appointment), make.doctor(auth, appointment), make.clinic_day(1)

    slots(appointment, one, one, day, day)
    slots(appointment, one, other, day, day, expect=403)
