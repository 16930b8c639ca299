"""The rival: a bare Flask over psycopg2 and the standard library's json, with the same SQL and the same answers.

No token check, no validation, no request id, no log line, no time limits: what somebody writes in an afternoon. It is
served as our programs are (`-c python:benchmarks.bare`), and reads the database of the appointment service.
"""

import gc
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, request
from psycopg2.extensions import cursor
from psycopg2.pool import ThreadedConnectionPool

from chassis.gunicorn import keepalive, preload_app, threads, worker_class, workers  # noqa: F401 - read by gunicorn

gc.enable()  # which our programs leave to the end of their start
ZONE = ZoneInfo("Europe/London")
COLUMNS = (
    "id, reference, doctor_id, doctor_name, doctor_specialty, room, patient_id, patient_name, patient_birth_date,"
    " starts_at, ends_at, status, notes, created_at, cancelled_at, visit_type_id, visit_type_name, move_cutoff_min,"
    " cancel_cutoff_min, late_cancel_min, overbook, displaced, version, ical_sequence, arrived_at, cancellation_code,"
    " cancellation_note, late"
)
NAMES = COLUMNS.split(", ")
LIST = (
    f"SELECT {COLUMNS} FROM appointment WHERE patient_id = %s AND status <> 'entered-in-error'"  # noqa: S608
    " AND (cancellation_code IS NULL OR cancellation_code NOT IN ('hold-released', 'hold-expired'))"
    " AND status <> 'pending' ORDER BY starts_at, id LIMIT 21"
)
NOTE = (
    "INSERT INTO audit_event (recorded_at, actor_id, actor_role, actor_name, action, record_id, patient_id, outcome,"
    " request_id, address) VALUES (%s, %s, 'patient', %s, %s, %s, %s, 'done', %s, %s)"
)


class Pool:
    """Connections of one worker process, made when it first needs one."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: ThreadedConnectionPool | None = None
        self._lock = Lock()

    @contextmanager
    def cursor(self) -> Iterator[cursor]:
        """A cursor in a transaction that is committed at the end."""
        with self._lock:
            if self._pool is None:
                self._pool = ThreadedConnectionPool(threads, threads, self._url)
        connection = self._pool.getconn()
        try:
            with connection, connection.cursor() as found:
                yield found
        finally:
            self._pool.putconn(connection)


def create_app() -> Flask:
    """The rival as a WSGI application. Whose request it is, is written in its header."""
    app = Flask(__name__)
    pool = Pool(os.environ["APPOINTMENT_DATABASE_URL"])

    @app.get("/health")
    def health() -> Response:
        return Response("{}", mimetype="application/json")

    @app.get("/appointments")
    def appointments() -> Response:
        patient = request.headers["X-Patient"]
        now = datetime.now(UTC)
        with pool.cursor() as found:
            found.execute(LIST, (patient,))
            rows = [dict(zip(NAMES, row, strict=True)) for row in found.fetchall()[:20]]
            found.execute(NOTE, (now, patient, "Somebody", "appointment.list", None, patient, "-", request.remote_addr))
        items = [told(row, now) for row in rows]
        return Response(json.dumps({"items": items, "next_cursor": None}), mimetype="application/json")

    return app


def told(row: Any, now: datetime) -> dict[str, Any]:
    """An appointment as it is sent to its patient."""
    starts, ends = row["starts_at"], row["ends_at"]
    local = starts.astimezone(ZONE)
    told = {name: value for name, value in row.items() if name not in LEFT_OUT}
    for name, value in told.items():
        if isinstance(value, datetime | date):
            told[name] = value.isoformat()
    until = starts - timedelta(minutes=row["move_cutoff_min"])
    told["reference"] = f"{row['reference'][:4]}-{row['reference'][4:]}"
    told["appointment_time"] = local.isoformat(timespec="seconds")
    told["start"], told["end"] = starts.isoformat(), ends.isoformat()
    told["local_date"], told["local_time"] = local.date().isoformat(), local.isoformat()[11:16]
    told["time_zone"], told["duration_minutes"] = ZONE.key, (ends - starts).seconds // 60
    told["moved"] = row["ical_sequence"] > (row["status"] == "cancelled")
    told["move_until"] = until.isoformat()
    told["cancel_until"] = (starts - timedelta(minutes=row["cancel_cutoff_min"])).isoformat()
    told["late_from"] = (starts - timedelta(minutes=row["late_cancel_min"])).isoformat()
    told["actions"] = actions(row["status"], now, until, starts - timedelta(minutes=row["cancel_cutoff_min"]))
    return told


LEFT_OUT = {"starts_at", "ends_at", "move_cutoff_min", "cancel_cutoff_min", "late_cancel_min", "ical_sequence"}


def actions(status: str, now: datetime, move_until: datetime, cancel_until: datetime) -> list[str]:
    """What a patient may do with it, days ahead."""
    if status != "booked":
        return []
    return ["move"] * (now < move_until) + ["cancel"] * (now < cancel_until)
