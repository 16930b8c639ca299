"""Many people at one service at once, and what the database says of it afterwards."""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg2
import requests

TRIES = 60
"""Of one request while the service or its database is away, with a pause that grows to half a second."""
BLOCKING = "('pending', 'booked', 'arrived', 'checked-in')"


@dataclass
class Client:
    """One person's program: keeps its connection, and tries again with the same key when it hears nothing."""

    url: str
    token: str
    session: requests.Session = field(default_factory=requests.Session)
    retried: int = 0
    took: list[float] = field(default_factory=list)
    """Seconds that each answer took."""

    def ask(self, method: str, path: str, json: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Ask once."""
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        answer = self.session.request(method, self.url + path, json=json, headers=sent, timeout=20)
        self.took.append(answer.elapsed.total_seconds())
        return answer.status_code, answer.json()

    def patiently(self, method: str, path: str, json: Any, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Ask, and again where a machine that is busy with other tests let a wait run out (503: nothing was done)."""
        for n in range(TRIES):
            status, said = self.ask(method, path, json, headers)
            if status != 503:
                return status, said
            self.retried += 1
            time.sleep(0.05 * (n + 1))
        return status, said

    def insist(self, path: str, json: Any) -> tuple[int, Any]:
        """Ask until somebody answers something other than that they are out, always with the same key."""
        headers = {"Idempotency-Key": uuid4().hex}
        for n in range(TRIES):
            try:
                status, said = self.ask("POST", path, json, headers)
            except requests.RequestException:
                status, said = 0, None
            if status not in {0, 500, 502, 503} and said.get("code") != "request-in-progress":
                return status, said
            self.retried += 1
            time.sleep(min(0.02 * 2**n, 0.5) * random.uniform(0.5, 1))
        raise AssertionError(f"no answer in {TRIES} tries: {status} {said}")


def p99(people: Iterable[Client]) -> str:
    """The time within which 99 of 100 answers came, in words."""
    took = sorted(seconds for one in people for seconds in one.took)
    return f"p99 {took[len(took) * 99 // 100] * 1000:.0f} ms of {len(took)}"


@contextmanager
def at_it(threads: list[threading.Thread], over: threading.Event, patience: float) -> Iterator[None]:
    """Have these threads at work for the block; they end when `over` is set, within so many seconds."""
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(patience)


def all_at_once(work: Iterable[Callable[[], Any]]) -> list[Any]:
    """Do all of it at the same time; comes back with what each gave, or raises what one raised."""
    jobs = list(work)
    with ThreadPoolExecutor(len(jobs)) as pool:
        return [done.result() for done in [pool.submit(job) for job in jobs]]


def in_two_places(url: str) -> int:
    """How many pairs of appointments give one doctor, or one patient, two places at once."""
    return int(
        value(
            url,
            "SELECT count(*) FROM appointment.appointment a JOIN appointment.appointment b ON a.id < b.id"
            f" AND a.status IN {BLOCKING} AND b.status IN {BLOCKING}"
            " AND (a.doctor_id = b.doctor_id AND NOT a.overbook AND NOT b.overbook"
            "      AND tstzrange(coalesce(a.block_start, a.starts_at), coalesce(a.block_end, a.ends_at))"
            "       && tstzrange(coalesce(b.block_start, b.starts_at), coalesce(b.block_end, b.ends_at))"
            "   OR a.patient_id = b.patient_id"
            "      AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at))",
        )
    )


def value(url: str, query: str, *given: Any) -> Any:
    """The one value that a query gives."""
    return rows(url, query, *given)[0][0]


def rows(url: str, query: str, *given: Any) -> list[tuple[Any, ...]]:
    """What a query gives, by a connection of its own."""
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(query, given)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()
