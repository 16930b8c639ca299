"""Copies of a database in tests: the script that makes them, a clinic at work meanwhile, what must hold of a copy."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import time as clock_time
from functools import partial
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from chassis.provision import provision
from development.installation import choose
from tests import make
from tests.journeys.load import Client, all_at_once, in_two_places, rows, value
from tests.servers import ROOT, Clinic

SCRIPT = ROOT / "deploy" / "backup" / "clinic-backup"
SCHEMAS = ("auth", "appointment", "prescription")
SECONDS = 60

CONTRADICTIONS = {
    "appointments without history": "SELECT count(*) FROM appointment.appointment a WHERE NOT EXISTS"
    " (SELECT FROM appointment.appointment_event e WHERE e.appointment_id = a.id)",
    "steps of no appointment": "SELECT count(*) FROM appointment.appointment_event e WHERE NOT EXISTS"
    " (SELECT FROM appointment.appointment a WHERE e.appointment_id = a.id)",
    "appointments that are not what their last step says": "SELECT count(*) FROM appointment.appointment a WHERE"
    " (a.status, a.starts_at) IS DISTINCT FROM (SELECT (e.to_status, e.to_start) FROM appointment.appointment_event e"
    " WHERE e.appointment_id = a.id ORDER BY e.sequence DESC LIMIT 1)",
    "steps that the record of access does not know": "SELECT abs((SELECT count(*) FROM appointment.appointment_event)"
    " - (SELECT count(*) FROM appointment.audit_event WHERE outcome = 'done' AND action IN"
    " ('appointment.book', 'appointment.move', 'appointment.cancel')))",
    "appointments that nobody is told of": "SELECT count(*) FROM appointment.appointment a WHERE NOT EXISTS"
    " (SELECT FROM appointment.outbox_message m WHERE m.appointment_id = a.id AND m.kind = 'booked')",
    "prescriptions of no appointment": "SELECT count(*) FROM prescription.prescription p WHERE NOT EXISTS"
    " (SELECT FROM appointment.appointment a WHERE (a.id, a.patient_id) = (p.appointment_id, p.patient_id))",
    "prescriptions without their medicines": "SELECT count(*) FROM prescription.prescription p WHERE p.medicine_count"
    " <> (SELECT count(*) FROM prescription.medicine m WHERE m.prescription_id = p.id)",
    "prescriptions without a signature": "SELECT count(*) FROM prescription.prescription p WHERE NOT EXISTS"
    " (SELECT FROM prescription.status_event e WHERE e.prescription_id = p.id AND e.from_status IS NULL)",
    "prescriptions that the record of access does not know": "SELECT count(*) FROM prescription.prescription p WHERE"
    " NOT EXISTS (SELECT FROM prescription.audit_event e WHERE (e.record_id, e.action) = (p.id, 'prescription.write'))",
}
"""What no moment of a clinic looks like, however busy it is."""


def contradictions(url: str) -> dict[str, int]:
    """What does not fit together in a database, by name."""
    found = {name: int(value(url, query)) for name, query in CONTRADICTIONS.items()}
    found["people in two places"] = in_two_places(url)
    return {name: number for name, number in found.items() if number}


@dataclass
class Copier:
    """Runs the script against one database of a server, with a folder of its own for the copies."""

    url: str
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, database: str | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
        parts = urlsplit(self.url)
        given = {
            "PATH": f"{choose().bin}{os.pathsep}{os.environ['PATH']}",
            "PGHOST": parts.hostname or "",
            "PGPORT": str(parts.port),
            "PGUSER": parts.username or "",
            "PGPASSWORD": parts.password or "",
            "PGDATABASE": database or parts.path.lstrip("/"),
            "BACKUP_DIRECTORY": str(self.folder),
        }
        environment = given | self.settings | settings
        command = [str(SCRIPT), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)

    def must(self, *arguments: str, database: str | None = None, **settings: str) -> str:
        """What it said; it had to succeed."""
        done = self.run(*arguments, database=database, **settings)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def newest(self) -> Path:
        return max(one for one in (self.folder / "daily").iterdir() if one.suffix != ".sha256")


def empty_database(environment: dict[str, str], name: str) -> dict[str, str]:
    """A database beside the one of all tests, as `chassis.provision` leaves it: the settings that lead there."""
    admin_url = environment["ADMIN_URL"]
    rows_outside_a_transaction(admin_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    urls = {key: _to(url, name) for key, url in environment.items() if key.endswith("_DATABASE_URL")}
    provision(admin_url, urls.values())
    return {**environment, **urls, "ADMIN_URL": _to(admin_url, name)}


def rows_outside_a_transaction(url: str, statement: str) -> None:
    import psycopg2

    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def _to(url: str, database: str) -> str:
    return f"{url.rsplit('/', 1)[0]}/{database}"


def tables(url: str) -> list[str]:
    """Every table of the three services."""
    query = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname = ANY(%s) ORDER BY 1"
    return [name for (name,) in rows(url, query, list(SCHEMAS))]


def digest_of(table: str) -> str:
    """The query for the number of rows of a table, and a hash of all they say."""
    return f"SELECT count(*), md5(coalesce(string_agg(t::text, '' ORDER BY t::text COLLATE \"C\"), '')) FROM {table} t"


@dataclass
class Work:
    """A clinic at work: what people were told, in the order in which they heard it."""

    told: list[tuple[str, str]] = field(default_factory=list)
    """What became of which record: `booked`, `moved`, `cancelled` or `signed`, and its id."""
    done: threading.Event = field(default_factory=threading.Event)

    def wait_for(self, more: int) -> None:
        """Until so many more things have been done."""
        enough, deadline = len(self.told) + more, time.monotonic() + SECONDS
        while len(self.told) < enough:
            assert time.monotonic() < deadline, "nobody works"
            time.sleep(0.02)

    def hear(self, what: str, record: str) -> None:
        self.told.append((what, record))


def at_work(clinic: Clinic, tokens: list[str], doctor: make.Person, during: Callable[[Work], None]) -> Work:
    """People book, move and cancel and their doctor signs for them, while something happens."""
    work, numbers = Work(), count()

    def happen() -> None:
        try:
            during(work)
        finally:
            work.done.set()

    people = [partial(_visit, work, clinic, token, doctor, numbers) for token in tokens]
    all_at_once([happen, *people])
    return work


def _visit(work: Work, clinic: Clinic, token: str, doctor: make.Person, numbers: Iterator[int]) -> None:
    patient, signer = Client(clinic.appointment.url, token), Client(clinic.prescription.url, doctor.token)
    ahead: list[str] = []
    while not work.done.is_set():
        n = next(numbers)
        at, days = clock_time(9 + n % 3, 20 * (n // 3 % 3)), 4 + n // 9 % 80
        status, booked = patient.patiently("POST", "/appointments", make.wish(doctor.id, at, days=days))
        if status != 201:
            assert booked["code"] in {"slot-taken", "limit-reached", "patient-busy"}, booked
            if booked["code"] == "limit-reached":
                _cancel(work, patient, ahead.pop(0))
            continue
        work.hear("booked", booked["id"])
        if n % 3 == 0:
            elsewhere = make.wish(doctor.id, clock_time(14 + n % 3, 20 * (n // 3 % 3)), days=days)
            del elsewhere["notes"]
            tag = {"If-Match": f'"{booked["version"]}"'}
            status, _ = patient.patiently("POST", f"/appointments/{booked['id']}/move", elsewhere, tag)
            if status == 200:
                work.hear("moved", booked["id"])
        if n % 3 == 1:
            wish = {"appointment_id": booked["id"], "medicines": [make.MEDICINE]}
            status, signed = signer.patiently("POST", "/prescriptions", wish)
            assert status == 201, signed
            work.hear("signed", signed["id"])
            ahead.append(booked["id"])
        else:
            _cancel(work, patient, booked["id"])


def _cancel(work: Work, patient: Client, appointment: str) -> None:
    status, said = patient.patiently("POST", f"/appointments/{appointment}/cancel", {})
    assert status == 200, said
    work.hear("cancelled", appointment)
