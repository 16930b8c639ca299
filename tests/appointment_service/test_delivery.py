"""What leaves: the right words to the right person, once, as it is then; and what becomes of what cannot leave."""

import logging
import re
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any, cast
from uuid import UUID

import pytest
from flask import Flask
from icalendar import Calendar, Event

from appointment_service import offering
from appointment_service.clinic import Clinic, KnownClinic
from appointment_service.settings import AppointmentSettings
from chassis import clock, logs
from chassis.client import ServiceClient
from tests import make
from tests.api import Api
from tests.appointment_service.telling import NOTES, cancel, change, messages, move, states, visit
from tests.conftest import in_process
from tests.postbox import Postbox, Serve, mail_servers
from tests.servers import free_port

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
START = datetime(2027, 3, 30, 9, 30, tzinfo=UTC)
SENDER = "Larkfield Clinic <noreply@larkfield.example>"
CLINIC = Clinic("Larkfield Clinic", "12 Mill Lane, Exampleton", "01632 960 122", "https://portal.larkfield.example")


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def serve(postbox: Postbox) -> Iterator[Serve]:
    with mail_servers(postbox) as start:
        yield start


@pytest.fixture
def heard() -> Iterator[list[logging.LogRecord]]:
    """What the program says in its log."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logs.logger.addHandler(handler)
    yield records
    logs.logger.removeHandler(handler)


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment)


@pytest.fixture
def maya(auth: Flask) -> make.Person:
    return make.person(auth)


@pytest.fixture
def booked(appointment: Flask, maya: make.Person, doctor: make.Person) -> UUID:
    """A visit whose booking is to be told."""
    found = visit(appointment, maya, doctor, START, reference="ABCD2345")
    with clock.set_to(NOW):
        change(appointment, found, "booked")
    return found


Round = Callable[..., None]


@pytest.fixture
def deliver(environment: dict[str, str], auth: Flask, appointment: Flask, serve: Serve) -> Round:
    """One round of a worker at a moment; `given` are settings, and `ask` whom it asks for addresses."""
    port = serve()

    def run(at: datetime = NOW, ask: ServiceClient | None = None, **given: str) -> None:
        from appointment_service.delivery import Delivery

        there = {"MAIL_URL": f"smtp://127.0.0.1:{port}", "MAIL_FROM": SENDER, "MAIL_DIRECTORY": ""}
        settings = AppointmentSettings(**{**environment, **there, **given})
        clinic = KnownClinic(CLINIC)
        clinic.hear({})
        with clock.set_to(at), appointment.app_context():
            clocks = appointment.extensions["clocks"]
            clocks.hear(None)
            Delivery(settings, ask or in_process("auth", auth), clinic, clocks).deliver_due()

    return run


def words(letter: EmailMessage) -> str:
    return str(cast(EmailMessage, letter.get_body()).get_content()).replace("\r\n", "\n")


def calendar(letter: EmailMessage) -> tuple[str, Event]:
    """The method and the event of the file beside a letter."""
    (file,) = letter.iter_attachments()
    assert file.get_content_type() == "text/calendar"
    found = Calendar.from_ical(cast(bytes, file.get_payload(decode=True)))
    assert isinstance(found, Calendar)
    assert file["Content-Type"].params["method"] == found["METHOD"]
    return str(found["METHOD"]), found.events[0]


def test_a_booking_is_confirmed_in_words_and_for_the_calendar(
    deliver: Round, postbox: Postbox, appointment: Flask, booked: UUID, maya: make.Person
) -> None:
    deliver()

    (letter,) = postbox.letters
    assert (letter["To"], letter["Subject"]) == (maya.email, "Your appointment is booked – Larkfield Clinic")
    assert words(letter) == (
        "Your appointment is booked.\n\n"
        "When:      Tuesday 30 March 2027, 10:30 (Europe/London, BST)\n"
        "Where:     Room 4, Larkfield Clinic, 12 Mill Lane, Exampleton\n"
        "With:      Dr Amara Okafor\n"
        "For:       Consultation\n"
        "Reference: ABCD-2345\n\n"
        "See it, move it or cancel it on this page, after signing in:\n"
        f"https://portal.larkfield.example/appointments/{booked}\n\n"
        "It can be moved online until Tuesday 30 March 2027, 06:30 (Europe/London, BST).\n"
        "It can be cancelled online until it begins.\n"
        "Later, or if you need anything else, phone us: 01632 960 122.\n\n"
        "Please do not answer this message: nobody reads the answers.\n"
    )
    method, event = calendar(letter)
    assert (method, event["STATUS"], event["SEQUENCE"]) == ("REQUEST", "CONFIRMED", 0)
    assert event["UID"] == f"{booked}@portal.larkfield.example"
    assert (event["ATTENDEE"], event["ORGANIZER"]) == (f"mailto:{maya.email}", "mailto:noreply@larkfield.example")
    assert event.start == START
    assert states(appointment, booked) == {("booked", 0): "sent", ("reminder", 0): "waiting"}


def test_opening_the_link_of_a_letter_asks_for_sign_in_and_changes_nothing(
    deliver: Round, postbox: Postbox, portal: Flask, appointment: Flask, booked: UUID
) -> None:
    from appointment_service.models import Appointment, db

    deliver()
    link = re.search(rf"{CLINIC.site}(/\S+)", words(postbox.letters[0]))
    assert link

    opened = portal.test_client().get(link[1])

    assert opened.status_code in {302, 303}
    assert opened.location.startswith("/sign-in")
    with appointment.app_context():
        row = db.session.get_one(Appointment, booked)
        assert (row.status, row.version, row.starts_at) == ("booked", 1, START)


def test_a_reminder_comes_a_day_before_and_once(deliver: Round, postbox: Postbox, booked: UUID) -> None:
    for at in (NOW, START - timedelta(hours=24, minutes=1), START - timedelta(hours=24), START - timedelta(hours=20)):
        deliver(at)

    assert [letter["Subject"].partition(" – ")[0] for letter in postbox.letters] == [
        "Your appointment is booked",
        "Reminder of your appointment",
    ]
    assert list(postbox.letters[1].iter_attachments()) == []


def test_a_moved_visit_is_not_reminded_of_at_its_old_time_and_once_at_its_new_one(
    deliver: Round, postbox: Postbox, appointment: Flask, booked: UUID
) -> None:
    deliver()
    with clock.set_to(NOW):
        move(appointment, booked, START + timedelta(days=2))

    for hours in range(0, 24 * 31, 6):
        deliver(NOW + timedelta(hours=hours, minutes=30))

    subjects = [letter["Subject"].partition(" – ")[0] for letter in postbox.letters]
    assert subjects == ["Your appointment is booked", "Your appointment has been moved", "Reminder of your appointment"]
    assert "Thursday 1 April 2027, 10:30" in words(postbox.letters[1])
    assert "Thursday 1 April 2027, 10:30" in words(postbox.letters[2])
    method, event = calendar(postbox.letters[1])
    assert (method, event["SEQUENCE"], event["UID"]) == ("REQUEST", 1, calendar(postbox.letters[0])[1]["UID"])
    assert states(appointment, booked)[("reminder", 0)] == "dropped"


def test_a_cancelled_visit_is_not_reminded_of_and_leaves_the_calendar(
    deliver: Round, postbox: Postbox, appointment: Flask, booked: UUID
) -> None:
    deliver()
    with clock.set_to(NOW):
        cancel(appointment, booked)

    for at in (NOW, START - timedelta(hours=24), START - timedelta(hours=3)):
        deliver(at)

    assert [letter["Subject"].partition(" – ")[0] for letter in postbox.letters] == [
        "Your appointment is booked",
        "Your appointment is cancelled",
    ]
    method, event = calendar(postbox.letters[1])
    assert (method, event["STATUS"], event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 1)
    assert event["UID"] == calendar(postbox.letters[0])[1]["UID"]


@pytest.mark.parametrize("gone", [lambda app, found: move(app, found, START + timedelta(hours=1)), cancel])
def test_what_is_no_longer_so_when_it_would_leave_does_not_leave(
    deliver: Round, postbox: Postbox, appointment: Flask, booked: UUID, gone: Any
) -> None:
    with clock.set_to(NOW):
        gone(appointment, booked)

    deliver()

    assert "Your appointment is booked" not in [letter["Subject"].partition(" – ")[0] for letter in postbox.letters]
    assert len(postbox.letters) == 1


def test_what_happens_at_the_desk_takes_no_reminder_away(
    deliver: Round, postbox: Postbox, appointment: Flask, booked: UUID
) -> None:
    change(appointment, booked, version=7, displaced=True)

    deliver()
    deliver(START - timedelta(hours=24))

    assert len(postbox.letters) == 2


def test_a_visit_that_has_begun_is_not_told_of(deliver: Round, postbox: Postbox, booked: UUID) -> None:
    deliver(START)

    assert postbox.letters == []


def test_a_reminder_waits_for_the_morning_whenever_the_worker_comes_to_it(
    deliver: Round, postbox: Postbox, appointment: Flask, maya: make.Person, doctor: make.Person
) -> None:
    start = datetime(2027, 3, 29, 5, 30, tzinfo=UTC)  # 06:30 on the clinic's clock, the day after it went forward
    early = visit(appointment, maya, doctor, start)
    with clock.set_to(NOW):
        change(appointment, early, "booked")
    deliver()
    postbox.taken.clear()

    deliver(start - timedelta(hours=24))
    (reminder,) = [one for one in messages(appointment, early) if one.kind == "reminder"]
    assert (postbox.letters, reminder.attempts) == ([], 0)
    assert reminder.due_at == datetime(2027, 3, 28, 7, tzinfo=UTC)  # 08:00 of a night of 23 hours
    deliver(reminder.due_at)

    assert len(postbox.letters) == 1


def test_a_reminder_that_would_come_too_late_to_be_of_use_is_dropped(
    deliver: Round, postbox: Postbox, appointment: Flask, booked: UUID
) -> None:
    deliver()
    deliver(START - timedelta(hours=1, minutes=59))

    assert len(postbox.letters) == 1
    assert [(one.state, one.note) for one in messages(appointment, booked)][1] == ("dropped", "too-late")


def test_a_sensitive_visit_hides_what_for_and_with_whom(
    deliver: Round, postbox: Postbox, appointment: Flask, maya: make.Person, doctor: make.Person
) -> None:
    private = visit(appointment, maya, doctor, START, sensitive=True, visit_type_name="Sexual health")
    with clock.set_to(NOW):
        change(appointment, private, "booked")
        deliver()
        move(appointment, private, START + timedelta(days=1))
        deliver()
        deliver(START)
        cancel(appointment, private, sequence=2)
        deliver()

    assert len(postbox.letters) == 4
    for letter in postbox.letters:
        whole = (
            words(letter)
            + letter["Subject"]
            + "".join(str(part.get_payload(decode=True)) for part in letter.iter_attachments())
        )
        assert not any(word in whole for word in ("Sexual", "health", "Okafor", "With:", "For:"))


def test_neither_letters_nor_logs_say_why_somebody_comes_or_who_they_are(
    deliver: Round, postbox: Postbox, booked: UUID, maya: make.Person, heard: list[logging.LogRecord]
) -> None:
    postbox.answers = [f"451 {maya.email} {NOTES}"]
    deliver()
    deliver(NOW + timedelta(minutes=1))
    deliver(START - timedelta(hours=24))

    assert len(postbox.letters) == 2
    whole = "".join(str(part.get_payload(decode=True)) for letter in postbox.letters for part in letter.walk())
    assert not any(word in whole for word in (NOTES, "Psychiatry", "Maya", "Lindqvist"))
    said = "".join(str(vars(record)) for record in heard)
    assert not any(word in said for word in (NOTES, maya.email, "Lindqvist", "Psychiatry"))


# What is out, and what does not reach


def test_a_mail_server_that_is_out_delays_a_letter_and_costs_none(
    deliver: Round, serve: Serve, postbox: Postbox, appointment: Flask, booked: UUID
) -> None:
    silent = socket.socket()  # listens to nobody, and keeps the port from others
    silent.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    silent.bind(("127.0.0.1", 0))
    port = silent.getsockname()[1]
    there = {"MAIL_URL": f"smtp://127.0.0.1:{port}"}
    pauses = []
    at = NOW
    for _ in range(4):
        deliver(at, **there)
        later = messages(appointment, booked)[0].due_at
        pauses.append((later - at).total_seconds())
        deliver(later - timedelta(seconds=1), **there)  # nobody tries before
        at = later
    assert pauses == [30, 60, 120, 240]

    silent.close()
    serve(port)
    deliver(at, **there)
    deliver(at, **there)

    assert len(postbox.letters) == 1
    assert states(appointment, booked)[("booked", 0)] == "sent"


def test_while_mail_is_out_a_round_tries_one_letter(
    deliver: Round, appointment: Flask, booked: UUID, maya: make.Person, doctor: make.Person
) -> None:
    with clock.set_to(NOW):
        change(appointment, visit(appointment, maya, doctor, START + timedelta(days=1)), "booked")

    deliver(MAIL_URL=f"smtp://127.0.0.1:{free_port()}")

    assert sorted(one.attempts for one in messages(appointment) if one.kind == "booked") == [0, 1]


def test_a_server_that_is_busy_with_one_reader_lets_the_others_through(
    deliver: Round, postbox: Postbox, appointment: Flask, booked: UUID, maya: make.Person, doctor: make.Person
) -> None:
    with clock.set_to(NOW):
        change(appointment, visit(appointment, maya, doctor, START + timedelta(days=1)), "booked")
    postbox.answers = ["451 later"]

    deliver()

    assert len(postbox.letters) == 1


def test_an_auth_service_that_is_out_delays_a_letter_and_costs_none(
    deliver: Round, postbox: Postbox, appointment: Flask, booked: UUID
) -> None:
    deliver(ask=ServiceClient("auth", f"http://127.0.0.1:{free_port()}", timeout=0.5))
    assert (postbox.letters, states(appointment, booked)[("booked", 0)]) == ([], "waiting")

    deliver(NOW + timedelta(seconds=30))

    assert len(postbox.letters) == 1


def test_another_key_than_the_auth_services_delays_letters_until_it_is_put_right(
    deliver: Round, postbox: Postbox, booked: UUID
) -> None:
    deliver(SERVICE_KEY="another-key-than-the-auth-service-has")
    assert postbox.letters == []

    deliver(NOW + timedelta(seconds=30))

    assert len(postbox.letters) == 1


def test_the_address_is_asked_for_when_the_letter_leaves(
    deliver: Round, postbox: Postbox, auth: Flask, booked: UUID, maya: make.Person
) -> None:
    from auth_service.models import Person, db

    with auth.app_context():
        db.session.get_one(Person, UUID(maya.id)).email = "moved@example.com"
        db.session.commit()

    deliver()

    assert postbox.letters[0]["To"] == "moved@example.com"


def closed(auth: Flask, person: make.Person) -> None:
    Api(auth, person.token).post("/auth/me/close", json={"password": make.PASSWORD}, expect=204)


def disabled(auth: Flask, person: make.Person) -> None:
    Api(auth, make.admin(auth).token).post(f"/people/{person.id}/disable")


@pytest.mark.usefixtures("fresh_list")
def test_a_closed_account_keeps_no_time_from_others_who_wait(
    deliver: Round, auth: Flask, appointment: Flask, doctor: make.Person, maya: make.Person
) -> None:
    later, span = make.person(auth), {"from": "2027-03-30", "to": "2027-03-31"}

    def offer() -> int:
        with appointment.app_context():
            return offering.offer_what_is_free(make.CLINIC_ZONE)

    with clock.set_to(NOW):
        mine = make.waiting(appointment, maya, doctor_id=doctor.id, **span)
        assert offer() == 1
        held = Api(appointment, maya.token).get(f"/waitlist/{mine['id']}")["offer"]
    closed(auth, maya)

    deliver()

    with clock.set_to(NOW):
        theirs = make.waiting(appointment, later, doctor_id=doctor.id, **span)
        assert offer() == 1
        found = Api(appointment, later.token).get(f"/waitlist/{theirs['id']}")["offer"]
    assert found["start"] == held["start"]


@pytest.mark.parametrize("gone", [closed, disabled])
def test_whoever_cannot_be_written_to_is_told_by_phone(
    deliver: Round, postbox: Postbox, auth: Flask, appointment: Flask, booked: UUID, maya: make.Person, gone: Any
) -> None:
    gone(auth, maya)

    deliver()

    assert postbox.letters == []
    first = messages(appointment, booked)[0]
    assert (first.state, first.note) == ("to-phone", "no-account")


@pytest.mark.parametrize(
    ("given", "answers", "why"),
    [
        ({}, ["550 no such mailbox"], "refused"),
        ({"MAIL_URL": ""}, [], "no-mail"),
        ({"SERVICE_KEY": ""}, [], "no-key"),
    ],
)
def test_a_letter_that_can_never_arrive_is_told_by_phone(
    deliver: Round, postbox: Postbox, appointment: Flask, booked: UUID, given: Any, answers: list[str], why: str
) -> None:
    postbox.answers = answers

    deliver(**given)

    first = messages(appointment, booked)[0]
    assert (first.state, first.note) == ("to-phone", why)


def test_what_the_mail_server_has_against_us_is_nothing_about_the_reader(
    deliver: Round, postbox: Postbox, appointment: Flask, booked: UUID
) -> None:
    postbox.refuses_us = True
    deliver()
    assert states(appointment, booked)[("booked", 0)] == "waiting"

    postbox.refuses_us = False
    deliver(NOW + timedelta(seconds=30))

    assert len(postbox.letters) == 1


def test_what_cannot_be_sent_for_hours_is_told_by_phone(deliver: Round, appointment: Flask, booked: UUID) -> None:
    out, at = {"MAIL_URL": f"smtp://127.0.0.1:{free_port()}"}, NOW
    for _ in range(20):
        deliver(at, **out)
        first = messages(appointment, booked)[0]
        if first.state != "waiting":
            break
        at = first.due_at

    assert (first.state, first.note, first.attempts) == ("to-phone", "given-up", 12)
    assert timedelta(hours=3) < at - NOW < timedelta(hours=5)


def test_what_would_be_tried_again_too_late_is_told_by_phone_at_once(
    deliver: Round, appointment: Flask, maya: make.Person, doctor: make.Person
) -> None:
    today = visit(appointment, maya, doctor, NOW + timedelta(hours=2))
    with clock.set_to(NOW):
        cancel(appointment, today)

    deliver(MAIL_URL=f"smtp://127.0.0.1:{free_port()}")

    assert [(one.state, one.note) for one in messages(appointment, today)] == [("to-phone", "given-up")]


def test_nothing_leaves_before_it_is_known_who_the_clinic_is(
    environment: dict[str, str], auth: Flask, appointment: Flask, booked: UUID
) -> None:
    from appointment_service.delivery import Delivery

    with clock.set_to(NOW), appointment.app_context():
        clocks = appointment.extensions["clocks"]
        Delivery(
            AppointmentSettings(**environment), in_process("auth", auth), KnownClinic(CLINIC), clocks
        ).deliver_due()

    assert set(states(appointment, booked).values()) == {"waiting"}


def test_what_an_admin_says_of_the_clinic_stands_in_the_next_letter(auth: Flask, appointment: Flask) -> None:
    Api(auth, make.admin(auth).token).patch("/clinic", json={"name": "Hillside Surgery", "phone": "01632 960 999"})

    with appointment.app_context():
        appointment.extensions["in_step"].follow()

    known = appointment.extensions["clinic"].now()
    assert (known.name, known.phone, known.address) == ("Hillside Surgery", "01632 960 999", known.address)


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/London", "Monday 1 March 2027, 12:00 (Europe/London, GMT)"),
        ("Asia/Kolkata", "Monday 1 March 2027, 17:30 (Asia/Kolkata, IST)"),
        ("America/Sao_Paulo", "Monday 1 March 2027, 09:00 (America/Sao_Paulo, UTC-03)"),
    ],
)
def test_a_time_says_its_zone(zone: str, shown: str) -> None:
    from zoneinfo import ZoneInfo

    from appointment_service.letters import moment

    assert moment(NOW, ZoneInfo(zone)) == shown
