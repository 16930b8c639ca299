"""The portal's rival: one program that reads the rows of a patient's first page itself and renders the same template.

The portal with nothing left but its templates and the words for them: no guard, no token, no call, no header. It reads
the schemas of all services by one connection, and keeps the same record of access. Served as `benchmarks.bare` is.
"""

import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, render_template, session
from psycopg2.extensions import cursor

from benchmarks.bare import Pool, actions
from portal import create_app as create_portal

ZONE = ZoneInfo("Europe/London")
UPCOMING = """
    SELECT id::text, doctor_name, doctor_specialty, room, status, starts_at, displaced, ical_sequence, move_cutoff_min,
           cancel_cutoff_min, cancellation_code
      FROM appointment.appointment
     WHERE patient_id = %s AND status IN ('booked', 'arrived', 'checked-in') AND ends_at > %s
     ORDER BY starts_at, id LIMIT 6
"""
WAITING = """
    SELECT id::text FROM appointment.waitlist_entry WHERE patient_id = %s AND state = 'waiting' ORDER BY created_at, id
"""
PRESCRIPTIONS = """
    SELECT id::text, doctor_name, issued_at FROM prescription.prescription
     WHERE patient_id = %s ORDER BY issued_at DESC, id DESC LIMIT 3
"""
MEDICINES = """
    SELECT prescription_id::text, name FROM prescription.medicine
     WHERE prescription_id = ANY(%s::uuid[]) ORDER BY position
"""
NOTE = """
    INSERT INTO {}.audit_event (recorded_at, actor_id, actor_role, actor_name, action, patient_id, outcome, request_id,
                                address)
    VALUES (%s, %s, 'patient', %s, %s, %s, 'done', '-', '127.0.0.1')
"""


def create_app() -> Flask:
    """The rival as a WSGI application. Whose page it is, is in the portal's own cookie."""
    app = create_portal()
    for hooks in (app.before_request_funcs, app.after_request_funcs):
        hooks.clear()
    pool = Pool(os.environ["CLINIC_DATABASE_URL"])
    app.view_functions["home.index"] = lambda: home(pool)
    return app


def home(pool: Pool) -> str:
    """A patient's first page."""
    person = session["person"]
    patient, now = person["id"], datetime.now(UTC)
    with pool.cursor() as found:
        upcoming = [appointment(row, now) for row in rows(found, UPCOMING, patient, now)]
        waiting = rows(found, WAITING, patient)
        prescriptions = [SimpleNamespace(medicines=[], **row) for row in rows(found, PRESCRIPTIONS, patient)]
        by_id = {one.id: one for one in prescriptions}
        for row in rows(found, MEDICINES, list(by_id)):
            by_id[row["prescription_id"]].medicines.append(row)
        for schema in ("appointment", "prescription"):
            found.execute(NOTE.format(schema), (now, patient, person["name"], f"{schema}.list", patient))
    overview = SimpleNamespace(appointments=upcoming, waiting=waiting, running_late_minutes=0)
    shown = {"overview": part(overview), "prescriptions": part({"items": prescriptions})}
    return render_template("home/patient.html", form=None, errors=[], notice=None, unconfirmed=False, **shown)


def rows(found: cursor, query: str, *given: Any) -> list[dict[str, Any]]:
    """What a query gives, by the names of its columns."""
    found.execute(query, given)
    names = [column.name for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def appointment(row: dict[str, Any], now: datetime) -> SimpleNamespace:
    """A row as the template reads it."""
    start = row["starts_at"]
    row["start"], row["local_date"], row["upcoming"] = start, start.astimezone(ZONE).date(), True
    row["moved"] = row["ical_sequence"] > 0
    row["move_until"] = start - timedelta(minutes=row["move_cutoff_min"])
    row["cancel_until"] = start - timedelta(minutes=row["cancel_cutoff_min"])
    row["actions"] = actions(row["status"], now, row["move_until"], row["cancel_until"])
    return SimpleNamespace(**row)


def part(content: Any) -> SimpleNamespace:
    """What the template takes for a part of the page that is there."""
    return SimpleNamespace(content=content, out=None)
