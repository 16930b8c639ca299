"""What is to be told is written with what it tells of, once; whom mail does not reach is on a list to phone."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask

from chassis import clock
from tests import make
from tests.api import Api
from tests.appointment_service.telling import cancel, change, messages, move, states, unreached, visit

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
START = datetime(2027, 3, 10, 10, tzinfo=UTC)


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment)


@pytest.fixture
def maya(auth: Flask) -> make.Person:
    return make.person(auth)


@pytest.fixture
def booked(appointment: Flask, maya: make.Person, doctor: make.Person) -> UUID:
    return visit(appointment, maya, doctor, START)


def test_a_booking_is_confirmed_at_once_and_reminded_of_a_day_before(
    appointment: Flask, booked: UUID, maya: make.Person
) -> None:
    with clock.set_to(NOW):
        change(appointment, booked, "booked")

    told = [(one.kind, one.due_at, one.state, str(one.person_id)) for one in messages(appointment, booked)]
    assert told == [
        ("booked", NOW, "waiting", maya.id),
        ("reminder", START - timedelta(hours=24), "waiting", maya.id),
    ]


@pytest.mark.parametrize("ahead", [timedelta(hours=2), timedelta(hours=24)])
def test_a_booking_for_soon_is_confirmed_and_not_reminded_of(
    appointment: Flask, booked: UUID, ahead: timedelta
) -> None:
    with clock.set_to(START - ahead):
        change(appointment, booked, "booked")

    assert [one.kind for one in messages(appointment, booked)] == ["booked"]


def test_a_move_is_told_with_a_fresh_reminder(appointment: Flask, booked: UUID) -> None:
    with clock.set_to(NOW):
        change(appointment, booked, "booked")
        move(appointment, booked, START + timedelta(days=2))

    due = {(one.kind, one.sequence): one.due_at for one in messages(appointment, booked)}
    assert due[("moved", 1)] == NOW
    assert due[("reminder", 1)] == START + timedelta(days=1)


def test_a_cancellation_is_told_without_a_reminder(appointment: Flask, booked: UUID) -> None:
    with clock.set_to(NOW):
        cancel(appointment, booked)

    assert states(appointment, booked) == {("cancelled", 1): "waiting"}


@pytest.mark.parametrize("code", ["died", "left-unseen", "hold-expired", "hold-released"])
def test_nobody_is_written_to_of_some_cancellations(appointment: Flask, booked: UUID, code: str) -> None:
    with clock.set_to(NOW):
        cancel(appointment, booked, code=code)

    assert messages(appointment, booked) == []


def test_the_same_is_announced_once(appointment: Flask, booked: UUID) -> None:
    with clock.set_to(NOW):
        for _ in range(2):
            change(appointment, booked, "booked")

    assert len(messages(appointment, booked)) == 2


def test_what_is_not_committed_is_not_told(appointment: Flask, booked: UUID) -> None:
    from appointment_service import outbox
    from appointment_service.models import Appointment, db

    with appointment.app_context():
        outbox.announce(db.session.get_one(Appointment, booked), "booked")
        db.session.rollback()

    assert messages(appointment, booked) == []


# The list of whom to phone


def soon(days: int = 3) -> datetime:
    return datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=days)


def listed(app: Flask, who: make.Person) -> list[str]:
    return [one["id"] for one in Api(app, who.token).get("/messages/to-phone")["items"]]


def test_whom_to_phone_is_listed_by_the_next_visit_for_the_own_doctor_and_admins(
    auth: Flask, appointment: Flask, maya: make.Person, doctor: make.Person
) -> None:
    other, admin = make.doctor(auth, appointment), make.admin(auth)
    later = unreached(appointment, visit(appointment, maya, doctor, soon(5)))
    sooner = unreached(appointment, visit(appointment, maya, doctor, soon(3)))
    others = unreached(appointment, visit(appointment, maya, other, soon(4)))

    assert listed(appointment, doctor) == [sooner, later]
    assert listed(appointment, other) == [others]
    assert listed(appointment, admin) == [sooner, others, later]
    assert Api(appointment, doctor.token).get("/doctors/me/overview")["to_phone"] == 2
    pages = Api(appointment, admin.token)
    first = pages.get("/messages/to-phone?limit=2")
    rest = pages.get(f"/messages/to-phone?limit=2&cursor={first['next_cursor']}")
    assert [one["id"] for one in first["items"] + rest["items"]] == [sooner, others, later]


def test_a_line_says_whom_to_tell_what_and_why_and_not_why_they_come(
    appointment: Flask, maya: make.Person, doctor: make.Person
) -> None:
    starts = soon()
    unreached(appointment, visit(appointment, maya, doctor, starts, reference="ABCD2345"))

    (line,) = Api(appointment, doctor.token).get("/messages/to-phone")["items"]

    assert (line["patient_id"], line["patient_name"], line["kind"]) == (maya.id, "Maya Lindqvist", "booked")
    assert (line["why"], line["state"], line["reference"]) == ("refused", "to-phone", "ABCD-2345")
    assert line["local_date"] == starts.astimezone(make.CLINIC_ZONE).date().isoformat()
    assert "my-secret-reason" not in str(line)


def test_what_is_over_or_no_longer_so_is_not_listed(appointment: Flask, maya: make.Person, doctor: make.Person) -> None:
    moved, cancelled = (visit(appointment, maya, doctor, soon(days)) for days in (3, 4))
    over = visit(appointment, maya, doctor, datetime.now(UTC) - timedelta(hours=1))
    for each in (moved, cancelled, over):
        unreached(appointment, each)
    move(appointment, moved, soon(6))
    cancel(appointment, cancelled)

    assert listed(appointment, doctor) == []


def test_a_cancellation_to_tell_by_phone_is_listed(appointment: Flask, maya: make.Person, doctor: make.Person) -> None:
    each = visit(appointment, maya, doctor, soon())
    cancel(appointment, each)

    assert listed(appointment, doctor) == []
    found = unreached(appointment, each, "cancelled")

    assert listed(appointment, doctor) == [found]


@pytest.mark.parametrize("kind", ["booked", "move-wanted"])
def test_every_kind_of_what_is_to_be_told_can_be_listed(
    appointment: Flask, maya: make.Person, doctor: make.Person, kind: str
) -> None:
    found = unreached(appointment, visit(appointment, maya, doctor, soon()), kind)

    assert listed(appointment, doctor) == [found]


def test_who_was_told_is_ticked_off_with_who_and_when_and_once(
    auth: Flask, appointment: Flask, maya: make.Person, doctor: make.Person
) -> None:
    message = unreached(appointment, visit(appointment, maya, doctor, soon()))
    admin = make.admin(auth)

    first = Api(appointment, doctor.token).post(f"/messages/{message}/told")
    again = Api(appointment, admin.token).post(f"/messages/{message}/told")

    assert first["state"] == "told"
    assert first["told_by_name"].startswith("Dr ")
    assert again == first
    assert listed(appointment, doctor) == []
    events = Api(appointment, maya.token).get("/audit-events?action=message.tell")["items"]
    assert {event["actor_id"] for event in events} == {doctor.id, admin.id}


def test_nobody_else_ticks_off_and_nothing_else_is_ticked_off(
    auth: Flask, appointment: Flask, maya: make.Person, doctor: make.Person
) -> None:
    each = visit(appointment, maya, doctor, soon())
    message = unreached(appointment, each)
    waiting = next(one for one in messages(appointment, each) if one.state == "waiting")

    Api(appointment, make.doctor(auth, appointment).token).post(f"/messages/{message}/told", expect=404)
    Api(appointment, maya.token).post(f"/messages/{message}/told", expect=403)
    Api(appointment, doctor.token).post(f"/messages/{waiting.id}/told", expect=404)
    Api(appointment, doctor.token).post(f"/messages/{uuid4()}/told", expect=404)

    assert listed(appointment, doctor) == [message]


# What the service's own steps announce


def announced(app: Flask) -> list[tuple[str, int]]:
    return sorted((one.kind, one.sequence) for one in messages(app))


def test_booking_moving_and_cancelling_are_told(appointment: Flask, maya: make.Person, doctor: make.Person) -> None:
    booked = make.appointment(appointment, maya, doctor)["id"]
    assert announced(appointment) == [("booked", 0), ("reminder", 0)]

    api, to = Api(appointment, maya.token), make.wish(doctor.id, days=9)["appointment_time"]
    api.post(f"/appointments/{booked}/move", json={"appointment_time": to}, headers={"If-Match": '"1"'})
    assert ("moved", 1) in announced(appointment)
    assert ("reminder", 1) in announced(appointment)
    for _ in range(2):
        api.post(f"/appointments/{booked}/cancel")

    assert announced(appointment) == [("booked", 0), ("cancelled", 2), ("moved", 1), ("reminder", 0), ("reminder", 1)]


def test_a_refused_step_tells_nobody(appointment: Flask, auth: Flask, maya: make.Person, doctor: make.Person) -> None:
    make.appointment(appointment, maya, doctor)
    before = announced(appointment)

    Api(appointment, make.person(auth).token).post("/appointments", json=make.wish(doctor.id), expect=409)

    assert announced(appointment) == before


def test_time_off_that_cancels_visits_tells_their_patients(
    appointment: Flask, maya: make.Person, doctor: make.Person
) -> None:
    make.appointment(appointment, maya, doctor)

    make.exception(appointment, doctor, days=7, on_conflict="cancel")

    assert ("cancelled", 1) in announced(appointment)
