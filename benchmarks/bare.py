"""The rival: a bare Flask over psycopg2 and the standard library's json, with the same questions and answers.

No token check, no validation, no request id, no log line, no time limits: what somebody writes in an afternoon. It is
served as our programs are (`-c python:benchmarks.bare`), and reads the database of the appointment service.
"""

import gc
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from flask import Flask, Response, request
from psycopg2.extensions import cursor
from psycopg2.pool import ThreadedConnectionPool

from benchmarks import bare_sql as sql
from chassis.gunicorn import keepalive, preload_app, threads, worker_class, workers  # noqa: F401 - read by gunicorn

gc.enable()  # which our programs leave to the end of their start
ZONE = ZoneInfo("Europe/London")
NAMES = sql.COLUMNS.split(", ")
DAY = timedelta(days=1)


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
            found.execute(sql.LIST, (patient,))
            rows = [dict(zip(NAMES, row, strict=True)) for row in found.fetchall()[:20]]
            found.execute(
                sql.NOTE, (now, patient, "Somebody", "appointment.list", None, patient, "-", request.remote_addr)
            )
        items = [told(row, now) for row in rows]
        return Response(json.dumps({"items": items, "next_cursor": None}), mimetype="application/json")

    @app.post("/appointments")
    def book() -> tuple[Response, int]:
        wish: dict[str, Any] = json.loads(request.get_data())
        with pool.cursor() as found:
            row = booked(found, request.headers["X-Patient"], wish, request.remote_addr)
        return Response(json.dumps(told(row, datetime.now(UTC))), mimetype="application/json"), 201

    return app


def booked(found: cursor, patient: str, wish: dict[str, Any], address: str | None) -> dict[str, Any]:
    """The new row. Of what it reads it looks at the least: whether the time is free."""
    doctor, start, now = wish["doctor_id"], datetime.fromisoformat(wish["appointment_time"]), datetime.now(UTC)
    day = start.date()
    found.execute(sql.TERMS, ([doctor],))
    terms = found.fetchone()
    assert terms  # noqa: S101
    look = sql.SOMEBODY, (doctor, start - timedelta(hours=8), start, start)
    found.execute(*look)
    taken = found.fetchall()
    found.execute(sql.TURN, (int(patient[:8], 16),))
    found.execute(sql.DOCTORS, ([doctor],))
    _, name, specialty, room, *_ = found.fetchall()[0]
    found.execute(sql.DEAD, (now, [doctor], patient))
    found.execute(sql.TO_COME, (patient, now))
    to_come = found.fetchall()
    found.execute(*look)
    taken += found.fetchall()
    found.execute(sql.WEEKS, ([doctor], day - DAY))
    week = found.fetchall()
    found.execute(sql.EXCEPTIONS, ([doctor], day - DAY, day))
    found.execute(sql.SPANS, ([doctor], start - 3 * DAY, start + 3 * DAY, now))
    end = start + timedelta(minutes=terms[4])
    taken += [span for span in found.fetchall() if span[1] < end and span[2] > start]
    if taken or len(to_come) > 4 or not week:
        raise ValueError("not free")
    whose = (doctor, name, specialty, room, patient, "First Last")
    kind = (terms[1], terms[2], terms[3], start - timedelta(minutes=terms[5]), end + timedelta(minutes=terms[6]))
    values = (str(uuid4()), secrets.token_hex(4).upper(), *whose, start, end, wish["notes"], *kind, *terms[10:13])
    found.execute(sql.BOOK, values)
    row = dict(zip(NAMES, found.fetchall()[0], strict=True))
    found.execute(sql.HISTORY, (row["id"], now, patient, "First Last", start))
    found.execute(sql.WAITS, (patient, terms[1]))
    due = [now, start - DAY]
    found.execute(sql.TELL, (row["id"], patient, row["ical_sequence"], ["booked", "reminder"], due))
    found.execute(sql.NOTE, (now, patient, "First Last", "appointment.book", row["id"], patient, "-", address))
    return row


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
