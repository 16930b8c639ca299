"""Private addresses for calendar programs: who reads what, how often, and when they end."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest
from flask import Flask
from icalendar import Event
from werkzeug.test import TestResponse

from appointment_service import calendar_file
from chassis import clock
from tests import make
from tests.api import Api
from tests.appointment_service.telling import visit
from tests.appointment_service.test_calendar_file import read

pytestmark = pytest.mark.usefixtures("fresh_list")
NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth)


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment)


def new_token(app: Flask, who: make.Person) -> str:
    return str(Api(app, who.token).post("/calendar-feed", expect=201)["token"])


def ask(app: Flask, token: str, **headers: str) -> TestResponse:
    return Api(app).send("GET", f"/calendar/{token}.ics", headers=headers)


def events_of(app: Flask, token: str) -> list[Event]:
    answer = ask(app, token)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.content_type == "text/calendar; charset=utf-8"
    return read(answer.get_data())[1]


def test_a_patients_feed_holds_their_own_appointments_in_order(
    auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    later = visit(appointment, patient, doctor, NOW + 9 * DAY)
    sooner = visit(appointment, patient, doctor, NOW + 2 * DAY)
    visit(appointment, make.person(auth), doctor, NOW + 3 * DAY)

    answer = ask(appointment, new_token(appointment, patient))
    calendar, events = read(answer.get_data())

    assert [event["UID"].split("@")[0] for event in events] == [str(sooner), str(later)]
    assert {event["SUMMARY"] for event in events} == {"Appointment – Larkfield Clinic"}
    assert (calendar["METHOD"], calendar.calendar_name) == ("PUBLISH", "Larkfield Clinic")
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=1)
    assert "secret" not in answer.get_data(as_text=True)
    assert "Okafor" not in answer.get_data(as_text=True)


def test_a_doctors_feed_names_patients_by_initials_only(
    appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    room = "Room 4, second floor; left\\right"
    visit(appointment, patient, doctor, NOW + DAY, patient_name="Anna Maria Berg, PhD; née O'Neil", room=room)

    answer = ask(appointment, new_token(appointment, doctor))
    (event,) = read(answer.get_data())[1]

    assert event["SUMMARY"] == "A.O. 20 min"
    assert event["LOCATION"].startswith(room)
    assert rb"LOCATION:Room 4\, second floor\; left\\right" in answer.get_data()
    assert max(len(line) for line in answer.get_data().split(b"\r\n")) <= 75
    assert not any(name in answer.get_data(as_text=True) for name in ("Anna", "Berg", "Neil", "secret", "Consultation"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Maya Lindqvist", "M.L."),
        ("Maya", "M."),
        ("anna  maria   berg", "A.B."),
        ("\u00c9mile Z\u00fcrn", "\u00c9.Z."),
        ("E\u0301mile Zu\u0308rn", "\u00c9.Z."),
        ("Anna Anna", "A.A."),
        ("王 小明", "王.小."),
        ("", ""),
    ],
)
def test_initials_are_of_the_first_and_the_last_word(name: str, expected: str) -> None:
    assert calendar_file.initials(name) == expected


@pytest.mark.parametrize(
    ("days", "given", "told"),
    [
        (-29.9, {}, ["CONFIRMED"]),
        (-30.1, {}, []),
        (179.9, {}, ["CONFIRMED"]),
        (180.1, {}, []),
        (5, {"status": "cancelled", "cancelled_at": NOW - 29.9 * DAY}, ["CANCELLED"]),
        (5, {"status": "cancelled", "cancelled_at": NOW - 30.1 * DAY}, []),
        (5, {"status": "cancelled", "cancelled_at": NOW, "cancellation_code": "hold-expired"}, []),
        (5, {"status": "pending", "held_until": NOW + DAY}, []),
        (5, {"status": "entered-in-error"}, []),
        (-1, {"status": "fulfilled"}, ["CONFIRMED"]),
        (-1, {"status": "noshow"}, ["CONFIRMED"]),
    ],
)
def test_a_feed_reaches_so_far(
    appointment: Flask,
    patient: make.Person,
    doctor: make.Person,
    days: float,
    given: dict[str, object],
    told: list[str],
) -> None:
    visit(appointment, patient, doctor, NOW + days * DAY, **given)
    tokens = [new_token(appointment, patient), new_token(appointment, doctor)]

    with clock.set_to(NOW):
        for token in tokens:
            assert [event["STATUS"] for event in events_of(appointment, token)] == told


def test_a_move_and_a_cancellation_reach_calendars_under_the_same_uid(
    appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    token, api = new_token(appointment, patient), Api(appointment, patient.token)
    (first,) = events_of(appointment, token)

    api.post(f"/appointments/{booked['id']}/cancel")
    (second,) = events_of(appointment, token)

    assert (first["STATUS"], second["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert first["UID"] == second["UID"]
    assert first["SEQUENCE"] < second["SEQUENCE"]


def test_what_has_not_changed_is_not_sent_again(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    booked = make.appointment(appointment, patient, doctor)
    token = new_token(appointment, patient)
    first = ask(appointment, token)

    with clock.set_to(datetime.now(UTC) + timedelta(minutes=5)):
        again = ask(appointment, token, **{"If-None-Match": first.headers["ETag"]})
    Api(appointment, patient.token).post(f"/appointments/{booked['id']}/cancel")
    changed = ask(appointment, token, **{"If-None-Match": first.headers["ETag"]})

    assert first.headers["ETag"].startswith('W/"')
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert (again.status_code, again.get_data()) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_a_token_is_told_once_and_kept_as_a_hash(appointment: Flask, patient: make.Person) -> None:
    from appointment_service.feed_tables import CalendarFeed
    from appointment_service.models import db

    made = Api(appointment, patient.token).post("/calendar-feed", expect=201)
    told = Api(appointment, patient.token).get("/calendar-feed")

    assert made["address"].endswith(f"/calendar/{made['token']}.ics")
    assert len(made["token"]) == 43  # 256 bits
    assert told == {"active": True, "created_at": made["created_at"], "last_used_at": None}
    with appointment.app_context():
        kept = db.session.get_one(CalendarFeed, UUID(patient.id)).token_hash
    assert len(kept) == 32
    assert made["token"].encode() not in kept


def test_a_new_token_replaces_the_old_one(appointment: Flask, patient: make.Person) -> None:
    old, new = new_token(appointment, patient), new_token(appointment, patient)

    assert [ask(appointment, token).status_code for token in (old, new)] == [404, 200]


def test_an_ended_feed_is_answered_like_one_that_never_was(
    auth: Flask, appointment: Flask, patient: make.Person
) -> None:
    ended, api = new_token(appointment, patient), Api(appointment, patient.token)
    replaced = new_token(appointment, other := make.person(auth))
    new_token(appointment, other)

    assert [api.send("DELETE", "/calendar-feed").status_code for _ in range(2)] == [204, 204]

    tokens = [ended, replaced, "A" * 43, "a", "%00", "%ff", "a/b", ended.upper(), f"{ended}x"]
    answers = [ask(appointment, token, **{"X-Request-Id": "the-same-for-all"}) for token in tokens]
    assert {(answer.status_code, answer.get_data(), str(answer.headers)) for answer in answers} == {
        (404, answers[0].get_data(), str(answers[0].headers))
    }
    assert api.get("/calendar-feed") == {"active": False, "created_at": None, "last_used_at": None}


def test_thirty_requests_an_hour_are_answered_whatever_process_is_asked(
    appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    token, others = new_token(appointment, patient), new_token(appointment, doctor)

    with clock.set_to(NOW):
        assert {ask(appointment, token).status_code for _ in range(30)} == {200}
    with clock.set_to(NOW + timedelta(minutes=59)):
        refused = ask(appointment, token)
        assert ask(appointment, others).status_code == 200
    with clock.set_to(NOW + timedelta(hours=1)):
        after = [ask(appointment, token).status_code for _ in range(31)]

    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    assert refused.get_json()["code"] == "rate-limited"
    assert after == [200] * 30 + [429]


def let_in(app: Flask, token: str, times: int) -> int:
    """How many of so many requests at once, five at a time, are answered."""
    with ThreadPoolExecutor(5) as pool:
        return list(pool.map(lambda _: ask(app, token).status_code, range(times))).count(200)


def test_thirty_are_thirty_however_many_ask_at_once(appointment: Flask, patient: make.Person) -> None:
    assert let_in(appointment, new_token(appointment, patient), 40) == 30


def test_a_count_that_is_read_before_it_is_written_would_let_more_in(
    appointment: Flask, patient: make.Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same count in two statements, with everybody else's between them."""
    from appointment_service import calendar_feeds
    from appointment_service.feed_tables import CalendarFeed
    from appointment_service.models import db
    from chassis.errors import TooManyRequests

    together = Barrier(5, timeout=30)

    def admit(_: str) -> CalendarFeed:
        feed = db.session.get_one(CalendarFeed, UUID(patient.id))
        together.wait()
        if feed.asked >= calendar_feeds.MOST:
            raise TooManyRequests
        feed.asked += 1
        db.session.commit()
        return feed

    token = new_token(appointment, patient)
    monkeypatch.setattr(calendar_feeds, "_admit", admit)

    assert let_in(appointment, token, 40) > 30


def test_when_a_feed_was_last_read_is_noted_once_a_minute(appointment: Flask, patient: make.Person) -> None:
    token, api = new_token(appointment, patient), Api(appointment, patient.token)
    seen = []
    for seconds in (0, 59, 61):
        with clock.set_to(NOW + timedelta(seconds=seconds)):
            ask(appointment, token)
        seen.append(datetime.fromisoformat(api.get("/calendar-feed")["last_used_at"]) - NOW)

    assert [one.total_seconds() for one in seen] == [0, 0, 61]


def test_the_feed_of_a_disabled_account_ends_and_comes_back_with_it(
    auth: Flask, appointment: Flask, patient: make.Person
) -> None:
    token, admin = new_token(appointment, patient), Api(auth, make.admin(auth).token)
    statuses = [ask(appointment, token).status_code]

    admin.post(f"/people/{patient.id}/disable", json={})
    statuses.append(ask(appointment, token).status_code)
    admin.post(f"/people/{patient.id}/enable", json={})
    statuses.append(ask(appointment, token).status_code)

    assert statuses == [200, 404, 200]


def test_the_feed_of_a_closed_account_ends(auth: Flask, appointment: Flask, patient: make.Person) -> None:
    token = new_token(appointment, patient)

    Api(auth, patient.token).post("/auth/me/close", json={"password": make.PASSWORD}, expect=204)

    assert ask(appointment, token).status_code == 404


def test_the_feed_of_a_doctor_whose_licence_is_suspended_ends(
    auth: Flask, appointment: Flask, doctor: make.Person
) -> None:
    token = new_token(appointment, doctor)

    body = {"reason": "Under investigation."}
    Api(auth, make.admin(auth).token).post(f"/people/{doctor.id}/licence/suspend", json=body)

    assert ask(appointment, token).status_code == 404


def test_nothing_is_given_out_while_nobody_can_say_whose_account_holds(
    appointment: Flask, patient: make.Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from appointment_service.calendar_feeds import Owners
    from chassis.client import ServiceClient

    token = new_token(appointment, patient)
    nobody_there = Owners(ServiceClient("auth", "http://127.0.0.1:9"), "k" * 32)
    monkeypatch.setitem(appointment.extensions, "owners", nobody_there)

    answer = ask(appointment, token)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_a_key_that_the_auth_service_does_not_know_is_not_the_readers_fault(
    appointment: Flask, patient: make.Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from appointment_service.calendar_feeds import Owners

    token, auth_client = new_token(appointment, patient), appointment.extensions["in_step"].auth
    monkeypatch.setitem(appointment.extensions, "owners", Owners(auth_client, "another-key-of-32-characters-xxxx"))

    assert ask(appointment, token).status_code == 503


def test_without_a_key_there_are_no_feeds(
    appointment: Flask, patient: make.Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from appointment_service.calendar_feeds import Owners

    token, auth_client = new_token(appointment, patient), appointment.extensions["in_step"].auth
    monkeypatch.setitem(appointment.extensions, "owners", Owners(auth_client, ""))

    assert ask(appointment, token).status_code == 404
    assert Api(appointment, patient.token).post("/calendar-feed", expect=409)["code"] == "feeds-not-offered"


def test_a_token_is_in_no_log_line_and_in_no_record(
    appointment: Flask, patient: make.Person, capfd: pytest.CaptureFixture[str]
) -> None:
    import logging

    from chassis import logs

    token = new_token(appointment, patient)
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(json.dumps(vars(record), default=str))  # type: ignore[method-assign]
    logs.logger.addHandler(handler)
    try:
        for asked in (token, f"{token}x", f"{token}/x"):
            ask(appointment, asked)
    finally:
        logs.logger.removeHandler(handler)
    noted = json.dumps(Api(appointment, patient.token).get("/audit-events"))

    assert any("/calendar/<feed_token>.ics" in line for line in lines)
    assert token not in "".join(lines) + noted + "".join(capfd.readouterr())


def test_what_a_feed_gave_out_is_on_record_but_not_that_nothing_had_changed(
    appointment: Flask, patient: make.Person
) -> None:
    token = new_token(appointment, patient)
    tag = ask(appointment, token).headers["ETag"]
    ask(appointment, token, **{"If-None-Match": tag})

    events = Api(appointment, patient.token).get("/audit-events")["items"]

    told = [(one["action"], one["actor_id"]) for one in events]
    assert told == [("calendar-feed.read", patient.id), ("calendar-feed.make", patient.id)]
