"""Several workers send each letter once, and one that is killed loses none. Real processes, a real mail server."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest
from flask import Flask

from appointment_service import heartbeat
from appointment_service.settings import AppointmentSettings
from tests import make
from tests.appointment_service.telling import change, messages, visit
from tests.postbox import Postbox, Serve, mail_servers
from tests.servers import ROOT, Program

LETTERS = 12
SECONDS = 30
ROUND = """
import sys
from datetime import UTC, datetime
from sqlalchemy import select
from appointment_service import app, delivery, models, outbox_tables
from appointment_service.settings import AppointmentSettings
{mistake}
settings = AppointmentSettings.from_environment()
program = app.create_app(settings)
parts = program.extensions
with program.app_context():
    parts["in_step"].follow()
    print("ready", flush=True)
    sys.stdin.readline()
    delivery.Delivery(settings, parts["in_step"].auth, parts["clinic"], parts["clocks"]).deliver_due()
"""
WITHOUT_TAKING = """
def look(now):
    row, session = outbox_tables.OutboxMessage, models.db.session
    due = select(row).where(row.state == "waiting", row.due_at <= now).order_by(row.due_at, row.id).limit(1)
    found = session.scalars(due).first()
    if found:
        about = session.get_one(models.Appointment, found.appointment_id)
        session.commit()
        return delivery.Taken(found.id, found.person_id, found.kind, found.attempts, about, True)
delivery.take = look
"""


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def serve(postbox: Postbox) -> Iterator[Serve]:
    with mail_servers(postbox) as start:
        yield start


@pytest.fixture(scope="module")
def asked(environment: dict[str, str], auth: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The auth service as a process, whom workers ask for addresses."""
    program = Program("auth_service", environment, tmp_path_factory.mktemp("logs") / "auth.log")
    program.start()
    program.wait()
    yield program
    program.stop()


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(environment: dict[str, str], asked: Program, serve: Serve, tmp_path: Path) -> Iterator[Start]:
    """Starts a Python process with the settings of a worker."""
    there = {"MAIL_URL": f"smtp://127.0.0.1:{serve()}", "MAIL_FROM": "Clinic <noreply@larkfield.example>"}
    running: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> "subprocess.Popen[str]":
        with (tmp_path / "worker.log").open("a") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**os.environ, **environment, **there, "AUTH_URL": asked.url},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()


def soon() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=3)


def to_send(auth: Flask, appointment: Flask, number: int) -> None:
    """So many bookings to confirm."""
    doctor = make.doctor(auth, appointment)
    for n in range(number):
        found = visit(appointment, make.person(auth), doctor, soon() + timedelta(minutes=20 * n))
        change(appointment, found, "booked")


def confirmations(appointment: Flask) -> Counter[str]:
    return Counter(one.state for one in messages(appointment) if one.kind == "booked")


def until(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def sent_by_three(start: Start, postbox: Postbox, mistake: str = "") -> Counter[str]:
    """How often each letter came, when three processes begin to send at the same moment."""
    postbox.pause = 0.1
    workers = [start("-c", ROUND.format(mistake=mistake)) for _ in range(3)]
    for worker in workers:
        assert worker.stdout
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("\n")
        worker.stdin.flush()
    assert [worker.wait(SECONDS) for worker in workers] == [0] * 3
    return Counter(letter["Message-ID"] for letter in postbox.letters)


def test_workers_that_send_at_the_same_time_send_each_letter_once(
    auth: Flask, appointment: Flask, start: Start, postbox: Postbox
) -> None:
    to_send(auth, appointment, LETTERS)

    came = sent_by_three(start, postbox)

    assert len(came) == LETTERS
    assert set(came.values()) == {1}
    assert confirmations(appointment) == {"sent": LETTERS}


def test_workers_that_look_and_do_not_take_would_send_a_letter_twice(
    auth: Flask, appointment: Flask, start: Start, postbox: Postbox
) -> None:
    to_send(auth, appointment, LETTERS)

    came = sent_by_three(start, postbox, WITHOUT_TAKING)

    assert max(came.values()) > 1


def test_a_worker_that_is_killed_while_it_sends_loses_nothing(
    environment: dict[str, str], auth: Flask, appointment: Flask, start: Start, postbox: Postbox
) -> None:
    to_send(auth, appointment, 1)
    postbox.pause = 2.0
    killed = start("-m", "appointment_service.worker")
    assert postbox.begun.wait(SECONDS)
    killed.send_signal(signal.SIGKILL)
    killed.wait(SECONDS)
    assert confirmations(appointment) == {"waiting": 1}

    postbox.pause = 0.0
    with closing(psycopg2.connect(environment["APPOINTMENT_DATABASE_URL"])) as database, database.cursor() as cursor:
        # as five minutes later: what was taken is free again
        cursor.execute("UPDATE outbox_message SET due_at = now() WHERE kind = 'booked'")
        database.commit()
    second = start("-m", "appointment_service.worker")
    until(lambda: confirmations(appointment) == {"sent": 1})
    second.send_signal(signal.SIGTERM)

    assert second.wait(SECONDS) == 0
    assert 1 <= len(postbox.letters) <= 2  # at least once, and known by its id
    assert len({letter["Message-ID"] for letter in postbox.letters}) == 1


def test_a_worker_that_is_told_to_stop_while_it_sends_ends_the_letter_and_then_itself(
    auth: Flask, appointment: Flask, start: Start, postbox: Postbox
) -> None:
    to_send(auth, appointment, 1)
    postbox.pause = 2.0
    worker = start("-m", "appointment_service.worker")
    assert postbox.begun.wait(SECONDS)

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(SECONDS) == 0
    assert confirmations(appointment) == {"sent": 1}
    assert len(postbox.letters) == 1


def checked() -> int:
    """What a health check beside the worker says: 0 is well."""
    return subprocess.run([sys.executable, "appointment_service/heartbeat.py"], cwd=ROOT, check=False).returncode


def test_a_worker_that_works_is_seen_to_and_one_that_hangs_or_has_ended_is_not(
    appointment: Flask, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    heartbeat.place().unlink(missing_ok=True)
    assert checked() == 1

    worker = start("-m", "appointment_service.worker")
    until(lambda: checked() == 0)
    worker.send_signal(signal.SIGTERM)
    worker.wait(SECONDS)

    long_ago = time.time() - heartbeat.FRESH_FOR
    os.utime(heartbeat.place(), (long_ago, long_ago))
    assert checked() == 1
    monkeypatch.setattr(heartbeat, "LONGEST_JOB", 0.0)
    heart = heartbeat.Heartbeat()
    with heart.job():
        heart.beat()
        assert checked() == 1
    heart.beat()
    assert checked() == 0


def test_what_killed_workers_were_at_is_taken_away(environment: dict[str, str], appointment: Flask) -> None:
    from appointment_service.worker import jobs

    with closing(psycopg2.connect(environment["APPOINTMENT_DATABASE_URL"])) as database, database.cursor() as cursor:
        left = "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('default', 'deliver', 'doing')"
        cursor.execute(left)
        database.commit()

        async def tidy() -> None:
            async with jobs(
                AppointmentSettings(**environment), lambda: None, lambda: None, lambda: None
            ).open_async() as app:
                await app.tasks["tidy"](timestamp=0)

        with ThreadPoolExecutor(1) as pool:  # this thread may have a browser's loop already
            pool.submit(lambda: asyncio.run(tidy())).result()
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        assert cursor.fetchone() == (0,)


def test_the_service_itself_needs_no_second_database_driver(root: Path) -> None:
    script = "import sys, appointment_service; print('psycopg' in sys.modules, 'procrastinate' in sys.modules)"

    said = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True).stdout

    assert said == "False False\n"


def test_a_letter_is_one_trace_in_the_logs_of_worker_and_auth_service(
    auth: Flask, appointment: Flask, asked: Program, start: Start, tmp_path: Path
) -> None:
    to_send(auth, appointment, 1)

    worker = start("-m", "appointment_service.worker")
    until(lambda: confirmations(appointment) == {"sent": 1})
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(SECONDS) == 0

    said, asked_for = (
        [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
        for log in (tmp_path / "worker.log", asked.log)
    )
    (sent,) = [line for line in said if line["message"] == "message dealt with"]
    address = [line for line in asked_for if line.get("route") == "/auth/contacts/<id:person_id>"][-1]
    assert address["trace_id"] == sent["trace_id"] != "-"
    assert address["parent_id"] == sent["span_id"]
