"""What free times and lists of appointments cost, as ratios: `python -m benchmarks.appointments`.

A PostgreSQL of its own with ten doctors. Free times are compared with a list of twenty, and lists over a million
appointments with the same lists over ten thousand, each measured in turns with a bare `SELECT 1`.
"""

import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from datetime import time as wall
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event, text

from appointment_service import appointments, availability, create_app, visit_types
from appointment_service.models import Doctor, db
from appointment_service.schedule_tables import WeeklyHours
from appointment_service.schemas.appointments import AppointmentOut
from appointment_service.schemas.doctors import SlotsOut
from appointment_service.settings import AppointmentSettings
from chassis import clock, logs
from chassis.identity import Principal
from chassis.provision import provision
from development.postgres import ensure_server

ROUNDS = 200
FEW, MANY = 10_000, 1_000_000
PATIENTS = 20_000
ZONE = ZoneInfo("Europe/London")
SOMEBODY = UUID(int=7)
DOCTORS = [uuid5(SOMEBODY, f"doctor {n}") for n in range(10)]
FILL = """
    INSERT INTO appointment (id, reference, doctor_id, doctor_name, doctor_specialty, room, patient_id, patient_name,
                             starts_at, ends_at, status, notes)
    SELECT gen_random_uuid(), upper(lpad(to_hex(n), 8, '0')), (:doctors)[1 + n % 10], 'Dr Name', 'General practice', '',
           ('00000000-0000-4000-8000-' || lpad((n % :patients)::text, 12, '0'))::uuid, 'Some Body',
           now() - n / 10 * interval '20 minutes', now() - n / 10 * interval '20 minutes' + interval '20 minutes',
           'fulfilled', 'Sore throat'
      FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n
"""
"""Every ten of them begin at the same time, back into the past."""


def main() -> None:
    """Print one line a figure."""
    with tempfile.TemporaryDirectory() as place:
        server = ensure_server(Path(place), unused_port())
        try:
            app = service(server.admin_url)
            with app.app_context():
                measure()
                db.session.remove()
                db.engine.dispose()
        finally:
            server.stop()


def unused_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def service(admin_url: str) -> Flask:
    """An appointment service with ten doctors who work on five days."""
    host = admin_url.rsplit("@", 1)[1].split("/")[0]
    url = f"postgresql://appointment:appointment-pw@{host}/clinic"
    provision(admin_url, [url])
    given = {"APPOINTMENT_DATABASE_URL": url, "APPOINTMENT_SECRET_KEY": "-" * 32, "ENVIRONMENT": "demo"}
    app = create_app(AppointmentSettings(**given))
    logs.logger.disabled = True
    with app.app_context():
        upgrade()
        for number, one in enumerate(DOCTORS):
            db.session.add(Doctor(id=one, name=f"Dr {number}", specialty="", room="", about="", bookable=True))
        db.session.flush()
        for one in DOCTORS:
            for weekday in range(1, 6):
                db.session.add(WeeklyHours(doctor_id=one, weekday=weekday, starts=wall(9), ends=wall(17)))
        db.session.commit()
    return app


def measure() -> None:
    """All figures, over more and more appointments."""
    kind = visit_types.standard()
    fill(0, FEW - 1)
    one, ten = statements(lambda: free(kind, DOCTORS[:1], 1)), statements(lambda: free(kind, DOCTORS, 31))
    say(f"statements for free times: 1 doctor and day {one}, 10 doctors and 31 days {ten}")
    listed, month = in_turns(lambda: listing(doctor()), lambda: free(kind, DOCTORS[:1], 28))
    say(f"free times of a doctor for 28 days, against a list of 20: {month / listed:.2f}")
    before = {name: against_nothing(run) for name, run in LISTS.items()}
    fill(FEW, MANY - 1)
    for name, run in LISTS.items():
        say(f"{name}, {MANY:,} appointments against {FEW:,}: {against_nothing(run) / before[name]:.2f}")


def fill(first: int, last: int) -> None:
    """Make appointments that are over, numbered from `first` to `last`."""
    db.session.rollback()  # nothing waits in a transaction meanwhile
    given = {"doctors": DOCTORS, "patients": PATIENTS, "first": first, "last": last}
    with db.engine.connect() as connection:
        connection.connection.driver_connection.patience = None  # type: ignore[union-attr]
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text(FILL.replace(":doctors", "CAST(:doctors AS uuid[])")), given)
        connection.commit()
        connection.connection.driver_connection.autocommit = True  # type: ignore[union-attr]
        connection.execute(text("VACUUM ANALYZE appointment"))
        connection.detach()


def free(kind: UUID, doctors: list[UUID], days: int) -> object:
    """The free times of so many days from the next Monday on, as they are sent."""
    who = availability.asker(ZONE, staff=False)
    first = clock.now().astimezone(ZONE).date() + timedelta(days=1)
    first += timedelta(days=-first.weekday() % 7)  # a day that has some: where there are none, the next is looked for
    found = availability.free_times(doctors, kind, first, first + timedelta(days=days - 1), who)
    sent = SlotsOut.of_free(None, kind, found, [], ZONE).model_dump_json()
    db.session.rollback()
    return sent


def doctor() -> Principal:
    """One of the ten."""
    return Principal(DOCTORS[3], "doctor", "Dr 3", SOMEBODY, licence_state="verified")


def patient() -> Principal:
    """One of the patients."""
    return Principal(UUID("00000000-0000-4000-8000-000000000017"), "patient", "Some Body", SOMEBODY)


def listing(who: Principal, **wanted: Any) -> object:
    """A page of twenty, as it is sent."""
    found = appointments.list_visible(who, appointments.Filter(newest_first=True, **wanted), 20, None, ZONE)
    sent = [AppointmentOut.of_appointment(one, who, ZONE).model_dump_json() for one in found]
    db.session.rollback()
    return sent


def last_week() -> dict[str, Any]:
    """The days of a filter."""
    today = datetime.now(UTC).date()
    return {"first": today - timedelta(days=7), "last": today}


LISTS: dict[str, Callable[[], object]] = {
    "a doctor's newest twenty": lambda: listing(doctor()),
    "a doctor's last week": lambda: listing(doctor(), **last_week()),
    "a patient's newest twenty": lambda: listing(patient()),
}


def statements(run: Callable[[], object]) -> int:
    """How many statements it takes."""
    ran: list[str] = []

    def heard(*given: Any) -> None:
        ran.append(given[2])

    event.listen(db.engine, "before_cursor_execute", heard)
    run()
    event.remove(db.engine, "before_cursor_execute", heard)
    return len(ran)


def in_turns(*runs: Callable[[], object]) -> list[float]:
    """The median seconds of each, measured one after the other again and again."""
    took: list[list[float]] = [[] for _ in runs]
    for _ in range(ROUNDS):
        for place, run in enumerate(runs):
            began = time.perf_counter()
            run()
            took[place].append(time.perf_counter() - began)
    return [statistics.median(some[ROUNDS // 10 :]) for some in took]


def against_nothing(run: Callable[[], object]) -> float:
    """How often a bare question fits into it."""
    took, nothing = in_turns(run, lambda: db.session.execute(text("SELECT 1")).scalar())
    return took / nothing


def say(line: str) -> None:
    """Print it at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
