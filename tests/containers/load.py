"""Load over HTTPS: people who ask one after the other, each with a connection of their own, and what became of it."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle

import requests

from tests.containers.production import Production


@dataclass(frozen=True)
class Ask:
    """One request, and the status that it has to be answered with."""

    method: str
    path: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    json: object = None


@dataclass
class Load:
    """What was asked so far. `failed` holds each request that was not answered as it has to be, in words."""

    done: int = 0
    failed: list[str] = field(default_factory=list)
    slowest: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, said: str | None, seconds: float) -> None:
        """One more request, and what went wrong with it."""
        with self._lock:
            self.done += 1
            self.slowest = max(self.slowest, seconds)
            if said:
                self.failed.append(said)

    def __str__(self) -> str:
        return (
            f"{len(self.failed)} of {self.done} failed, the slowest took {self.slowest:.2f} s: {Counter(self.failed)}"
        )


def _ask(session: requests.Session, base: str, ask: Ask) -> str | None:
    try:
        answer = session.request(
            ask.method, base + ask.path, headers=ask.headers, json=ask.json, timeout=60, allow_redirects=False
        )
    except requests.RequestException as error:
        return f"{ask.method} {ask.path}: {type(error).__name__} {error}"[:300]
    if answer.status_code != ask.status:
        return f"{ask.method} {ask.path}: {answer.status_code} {answer.text[:200]}"
    return None


@contextmanager
def under_way(production: Production, asks: Callable[[], list[Ask]], people: int) -> Iterator[Load]:
    """So many people go on asking while the block runs. `asks` is called anew every three minutes: tokens end."""
    load, stop = Load(), threading.Event()
    wanted = [asks()]
    renewed = [time.monotonic()]

    def person(number: int) -> None:
        with requests.Session() as session:
            session.trust_env = False
            session.verify = production.http.verify
            for step in cycle(range(1_000_000)):
                if stop.is_set():
                    return
                ask = wanted[0][(number + step) % len(wanted[0])]
                began = time.monotonic()
                load.note(_ask(session, production.base, ask), time.monotonic() - began)
                if number == 0 and time.monotonic() - renewed[0] > 180:
                    wanted[0], renewed[0] = asks(), time.monotonic()

    with ThreadPoolExecutor(people) as pool:
        running = [pool.submit(person, number) for number in range(people)]
        try:
            yield load
        finally:
            stop.set()
    for each in running:
        each.result()
