"""What has ended is deleted, and not a minute before; the record stays; no table is without a word on its rows' end."""

import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg2
import pytest
from flask import Flask

from chassis import clock, purge
from tests import make
from tests.api import Api
from tests.journeys.load import rows, value

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LIVES = {
    "auth": {
        "refresh tokens": (timedelta(hours=12), MINUTE),
        "sessions": (30 * DAY, MINUTE),
        "revocations": (10 * MINUTE, MINUTE),
        "attempts": (DAY, MINUTE),
        "mailed links": (30 * DAY + 30 * MINUTE, MINUTE),
        "challenges": (5 * MINUTE, MINUTE),
        "authenticators that were never confirmed": (DAY, MINUTE),
    },
    "appointment": {
        "idempotency keys": (DAY, MINUTE),
        "messages": (365 * DAY + 7 * DAY, DAY),
        "offers of the waiting list": (365 * DAY + 28 * DAY, 2 * DAY),
        "entries of the waiting list": (365 * DAY + 28 * DAY, 2 * DAY),
        "words of running late": (2 * DAY, DAY),
    },
    "prescription": {
        "idempotency keys": (DAY, MINUTE),
        "drafts": (90 * DAY, MINUTE),
        "care relations": (30 * DAY + 7 * DAY, DAY),
        "tries of codes": (DAY, MINUTE),
        "comparisons of quantities": (DAY, MINUTE),
    },
}
"""How long each is kept, counted from the moment at which `lived_in` begins all of them, and how closely that is told:
some ends are local days, or hang on the hour of a visit."""
RECORD = (
    *("auth.person", "auth.audit_event", "appointment.appointment", "appointment.appointment_event"),
    *("appointment.audit_event", "prescription.prescription", "prescription.medicine", "prescription.status_event"),
    *("prescription.alert_event", "prescription.audit_event"),
)


@pytest.fixture
def services(auth: Flask, appointment: Flask, prescription: Flask) -> dict[str, Flask]:
    return {"auth": auth, "appointment": appointment, "prescription": prescription}


@pytest.fixture
def lived_in(services: dict[str, Flask]) -> datetime:
    """A clinic in which everything that ends has begun at one moment."""
    auth, appointment, prescription = services.values()
    patient, doctor = make.person(auth), make.doctor(auth, appointment)
    booked = make.appointment(appointment, patient, doctor, at=time(14))
    key = {"Idempotency-Key": uuid4().hex}
    Api(appointment, patient.token).post("/appointments", json=make.wish(doctor.id, time(15)), expect=201, headers=key)
    Api(appointment, doctor.token).put("/doctors/me/running-late", json={"minutes": 10})
    entry = make.waiting(appointment, patient, doctor.id)
    Api(appointment, patient.token).call("DELETE", f"/waitlist/{entry['id']}", 200)
    written = {"appointment_id": booked["id"], "medicines": [make.MEDICINE]}
    Api(prescription, doctor.token).post("/prescriptions", json={**written, "status": "draft"}, expect=201)
    signed = Api(prescription, doctor.token).post("/prescriptions", json=written, expect=201, headers=key)
    Api(prescription, doctor.token).put(f"/visits/{booked['id']}")
    Api(prescription).post("/verify", json={"code": "0000-0000-0000-0"})
    began = datetime.now(UTC)
    _begin_by_hand(services, patient, entry["id"], booked["id"], signed["id"], began)
    return began


def _begin_by_hand(
    services: dict[str, Flask], patient: make.Person, entry: str, booked: str, signed: str, now: datetime
) -> None:
    """What would take a second factor, letters and paper to begin."""
    from appointment_service import waiting_list_tables
    from auth_service import models
    from prescription_service import verification_tables

    auth, appointment, prescription = services.values()
    Api(auth).post("/auth/logout", json={"refresh_token": patient.refresh_token}, expect=204)
    Api(auth).post("/auth/login", json={"email": patient.email, "password": "wrong"}, expect=401)
    with auth.app_context():
        of = {"person_id": UUID(patient.id)}
        link = models.MailedLink(hash=b"1", purpose="password", email=patient.email, created_at=now, **of)
        link.expires_at = now + timedelta(minutes=30)
        challenge = models.Challenge(hash=b"2", proof=b"", expires_at=now + timedelta(minutes=5), **of)
        models.db.session.add_all([link, challenge, models.SecondFactor(secret=b"", created_at=now, **of)])
        models.db.session.commit()
    with appointment.app_context():
        offer = waiting_list_tables.WaitlistOffer(appointment_id=UUID(booked), entry_id=UUID(entry), offered_at=now)
        offer.outcome = "declined"
        waiting_list_tables.db.session.add(offer)
        waiting_list_tables.db.session.commit()
    with prescription.app_context():
        compared = verification_tables.BlindCheck(prescription_id=UUID(signed), checked_at=now)
        verification_tables.db.session.add(compared)
        verification_tables.db.session.commit()


def purged(service: Flask, at: datetime, *options: str) -> dict[str, int]:
    """What the command said went, by name."""
    with clock.set_to(at):
        done = service.test_cli_runner().invoke(args=["purge", *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    said = [re.fullmatch(r"(\d+) (.+) (?:were|would be) deleted\.", line) for line in done.output.splitlines()]
    return {one[2]: int(one[1]) for one in said if one}


@pytest.mark.parametrize("name", LIVES)
def test_each_kind_of_row_is_kept_as_long_as_it_says(services: dict[str, Flask], lived_in: datetime, name: str) -> None:
    for what, (life, about) in LIVES[name].items():
        assert purged(services[name], lived_in + life - about, "--dry-run")[what] == 0, what
        assert purged(services[name], lived_in + life + about, "--dry-run")[what] > 0, what


@pytest.mark.parametrize("name", LIVES)
def test_what_has_ended_goes_and_the_record_stays(
    services: dict[str, Flask], lived_in: datetime, environment: dict[str, str], name: str
) -> None:
    url, much_later = environment["ADMIN_URL"], lived_in + timedelta(days=800)
    record = {table: value(url, f"SELECT count(*) FROM {table}") for table in RECORD}
    expected = purged(services[name], much_later, "--dry-run")

    gone = purged(services[name], much_later)

    assert gone == expected
    assert gone.keys() == LIVES[name].keys()
    assert all(gone.values()), gone
    assert set(purged(services[name], much_later).values()) == {0}
    assert {table: value(url, f"SELECT count(*) FROM {table}") for table in RECORD} == record


def test_nothing_that_is_needed_today_goes(services: dict[str, Flask], lived_in: datetime) -> None:
    for name, service in services.items():
        assert not any(purged(service, lived_in).values()), name


def test_rows_go_in_batches_around_those_that_somebody_holds(auth: Flask, environment: dict[str, str]) -> None:
    from auth_service import retention
    from auth_service.models import db

    url = environment["ADMIN_URL"]
    rows(
        url,
        "INSERT INTO auth.attempt (kind, address, attempted_at, succeeded)"
        " SELECT 'password', '192.0.2.1', now() - interval '2 days', false FROM generate_series(1, 25)",
    )
    attempts = next(one for one in retention.ended() if one.what == "attempts")
    somebody = psycopg2.connect(url)
    with somebody.cursor() as cursor:
        cursor.execute("SELECT id FROM auth.attempt ORDER BY id LIMIT 3 FOR UPDATE")

        with auth.app_context():
            assert purge.delete_all(db, attempts, batch=10) == 22

        somebody.rollback()
    somebody.close()
    with auth.app_context():
        assert purge.delete_all(db, attempts, batch=10) == 3


def test_the_worker_purges_its_own_service_every_night(
    services: dict[str, Flask], lived_in: datetime, environment: dict[str, str]
) -> None:
    from appointment_service import retention, worker
    from appointment_service.settings import AppointmentSettings

    asked: list[str] = []
    made = worker.jobs(AppointmentSettings(**environment), *[lambda: None] * 2, lambda: asked.append("purge"))
    made.tasks["purge"].func(0)
    assert asked == ["purge"]
    assert ("purge", worker.EVERY_NIGHT) in {
        (one.task.name, one.cron) for one in made.periodic_registry.periodic_tasks.values()
    }

    with services["appointment"].app_context(), clock.set_to(lived_in + timedelta(days=800)):
        assert all(retention.purge_all().values())


def test_doctors_are_told_how_long_a_draft_is_kept(root: Path) -> None:
    from prescription_service import retention

    page = (root / "templates/drafts/index.html").read_text()
    assert f"What is not changed for {retention.DRAFTS.days} days is deleted." in page


def test_every_table_has_its_line(root: Path, services: dict[str, Flask], environment: dict[str, str]) -> None:
    text = (root / "docs/operations/retention.md").read_text()
    told = set(re.findall(r"`(\w+\.\w+)`", text))
    there = rows(
        environment["ADMIN_URL"],
        "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname = ANY(%s)"
        " AND tablename NOT LIKE 'procrastinate%%' AND tablename <> 'alembic_version'",
        list(services),
    )
    assert {table for (table,) in there} == told
