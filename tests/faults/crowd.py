"""People who ask again and again while something happens; what each was answered, how fast and when."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests

from tests.journeys.load import at_it

Ask = Callable[[requests.Session], requests.Response]
PATIENCE = 20.0


@dataclass(frozen=True)
class Answered:
    """One answer: its status (0 for a connection that broke), what is said to be out, and when it came, in seconds."""

    status: int
    out: str
    took: float
    at: float


class Crowd:
    """Each asks over a connection of their own, with a breath between two requests."""

    def __init__(self, asks: Iterable[Ask], breath: float = 0.02) -> None:
        self.answers: list[Answered] = []
        self._breath = breath
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._go_on, args=(ask,), daemon=True) for ask in asks]

    @contextmanager
    def going_on(self) -> Iterator["Crowd"]:
        with at_it(self._threads, self._over, 2 * PATIENCE):
            yield self

    def wait_for(self, more: int, within: float = 600) -> None:
        """Until so many more requests were answered."""
        goal, deadline = len(self.answers) + more, time.monotonic() + within
        while len(self.answers) < goal:
            assert time.monotonic() < deadline, f"only {len(self.answers)} of {goal} answers"
            time.sleep(0.02)

    def statuses(self) -> Counter[int]:
        return Counter(one.status for one in self.answers)

    def failed(self) -> list[Answered]:
        return [one for one in self.answers if not 200 <= one.status < 400]

    def _go_on(self, ask: Ask) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self._over.wait(self._breath):
                self.answers.append(_answered(session, ask))


def _answered(session: requests.Session, ask: Ask) -> Answered:
    began = time.monotonic()
    try:
        answer = ask(session)
    except requests.RequestException as error:
        return Answered(0, type(error).__name__, time.monotonic() - began, time.monotonic())
    problem = answer.json() if answer.headers.get("Content-Type") == "application/problem+json" else {}
    return Answered(answer.status_code, problem.get("service", ""), time.monotonic() - began, time.monotonic())


def reading(url: str, token: str) -> Ask:
    """Somebody who opens the same address again and again."""
    return lambda session: session.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE)
