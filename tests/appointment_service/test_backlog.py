"""What those who watch over the clinic learn of its letters and workers."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from appointment_service import backlog
from appointment_service.backlog import Backlog
from appointment_service.models import db
from chassis import clock
from tests import make
from tests.appointment_service.telling import change, visit
from tests.scraped import scrape


def look(appointment: Flask) -> Backlog:
    with appointment.app_context():
        return backlog.look()


def run(appointment: Flask, statement: str) -> None:
    with appointment.app_context():
        db.session.execute(text(statement))
        db.session.commit()


@pytest.fixture
def announced(auth: Flask, appointment: Flask) -> datetime:
    """When a letter was due. Its reminder is not due for days."""
    now = datetime.now(UTC)
    booked = visit(appointment, make.person(auth), make.doctor(auth, appointment), now + timedelta(days=9))
    change(appointment, booked, "booked")
    return now


def test_nothing_waits_where_nothing_is_due(appointment: Flask, migrated: None) -> None:
    assert look(appointment) == Backlog(0, 0, 0)


def test_a_letter_that_is_due_waits_and_a_reminder_for_later_does_not(appointment: Flask, announced: datetime) -> None:
    with clock.set_to(announced + timedelta(minutes=10)):
        found = look(appointment)

    assert found.letters == 1
    assert found.oldest == pytest.approx(600, abs=30)


def test_a_letter_that_was_tried_and_put_off_is_as_old_as_it_was(appointment: Flask, announced: datetime) -> None:
    run(appointment, "UPDATE outbox_message SET attempts = 3, due_at = now() + interval '14 min' WHERE kind = 'booked'")

    with clock.set_to(announced + timedelta(minutes=10)):
        found = look(appointment)

    assert found.letters == 1
    assert found.oldest == pytest.approx(600, abs=30)


def test_a_letter_that_has_left_waits_no_longer(appointment: Flask, announced: datetime) -> None:
    run(appointment, "UPDATE outbox_message SET state = 'sent', sent_at = now() WHERE kind = 'booked'")

    assert look(appointment).letters == 0


def test_a_worker_that_has_been_silent_is_not_there(appointment: Flask, migrated: None) -> None:
    run(appointment, "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()), (now() - interval '2 min')")

    assert look(appointment).workers == 1


def test_prometheus_is_told(appointment: Flask, migrated: None) -> None:
    assert {"clinic_outbox_letters", "clinic_outbox_oldest_seconds", "clinic_workers"} <= scrape(appointment).names
