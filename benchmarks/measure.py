"""What a request costs: processor time of a program's processes over many requests, in rounds that take turns.

Processor time and not time on the clock, because other work on the machine makes that long; rounds in turns and the
median of their ratios, because other work also makes processors slow, for a while and for both sides.
"""

import statistics
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import islice

import psutil

from tests.servers import Program

CONNECTIONS = 4
REQUESTS, ROUNDS = 160, 9


@dataclass(frozen=True)
class Request:
    """What is asked, and the status that the answer must have."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    status: int = 200


@dataclass
class Side:
    """One of those compared: a program that runs, and its requests, as many as are wanted.

    `before` is called before each round and is not counted. What programs `beside` it spend is counted as its own.
    """

    program: Program
    requests: Iterator[Request]
    before: Callable[[], None] = lambda: None
    beside: tuple[Program, ...] = ()

    @property
    def pids(self) -> list[int]:
        """The first process of each program."""
        return [one.process.pid for one in (self.program, *self.beside) if one.process]


@dataclass(frozen=True)
class Cost:
    """Milliseconds of processor time a request, in the program and in PostgreSQL."""

    program: float
    database: float

    @property
    def together(self) -> float:
        """Both."""
        return self.program + self.database


@dataclass(frozen=True)
class Comparison:
    """The costs of two sides, round by round."""

    ours: list[Cost]
    theirs: list[Cost]

    def ratio(self, part: Callable[[Cost], float] = lambda cost: cost.program) -> float:
        """How many times theirs ours is: the median of the rounds."""
        return statistics.median(part(a) / part(b) for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def how(self) -> str:
        """Medians in milliseconds, with PostgreSQL's behind the plus."""
        ours, theirs = (
            f"{statistics.median(c.program for c in side):.2f}+{statistics.median(c.database for c in side):.2f}"
            for side in (self.ours, self.theirs)
        )
        return f"{ours} against {theirs} ms"


def compare(ours: Side, theirs: Side, database: int, requests: int = REQUESTS, rounds: int = ROUNDS) -> Comparison:
    """Cost of two sides in rounds that take turns, after one that warms up. `database` is PostgreSQL's process."""
    found: list[tuple[Cost, Cost]] = []
    for n in range(rounds + 1):
        pair = (ours, theirs) if n % 2 else (theirs, ours)  # who begins changes: what ran before leaves its traces
        costs = [_cost(side, database, requests) for side in pair]
        found.append((costs[0], costs[1]) if n % 2 else (costs[1], costs[0]))
    return Comparison([a for a, _ in found[1:]], [b for _, b in found[1:]])


def _cost(side: Side, database: int, requests: int) -> Cost:
    side.before()
    asked = list(islice(side.requests, requests))
    pids = database, *side.pids
    before = [cpu_seconds(pid) for pid in pids]
    send(side.program.port, asked)
    after = [cpu_seconds(pid) for pid in pids]
    postgres, *programs = ((b - a) * 1000 / len(asked) for a, b in zip(before, after, strict=True))
    return Cost(sum(programs), postgres)


def cpu_seconds(pid: int) -> float:
    """Processor time that a process and all its living descendants have used."""
    first = psutil.Process(pid)
    times = [process.cpu_times() for process in (first, *first.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def send(port: int, requests: list[Request]) -> None:
    """Ask all of it over a few connections that are kept. Raises `AssertionError` for an answer of another status."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for _ in pool.map(lambda n: _send_one_by_one(port, requests[n::CONNECTIONS]), range(CONNECTIONS)):
            pass


def _send_one_by_one(port: int, requests: Iterable[Request]) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    for request in requests:
        ask(connection, request)
    connection.close()


def ask(connection: HTTPConnection, request: Request) -> bytes:
    """The body of one answer."""
    connection.request(request.method, request.path, request.body, request.headers)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != request.status:
        raise AssertionError(f"{request.method} {request.path}: {answer.status} {said[:500]!r}")
    return said
