"""Programs are told to stop or to reload while people use them, and no request is lost. Real processes and sockets."""

import http.client
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest

from tests import thorough
from tests.chassis.conftest import Start
from tests.chassis.test_real_server import read_all, read_one, request, status
from tests.figures import Figure
from tests.journeys.load import at_it
from tests.servers import Program

SOON = 20.0 * thorough.times(1, 30)
KEEP = "Connection: keep-alive"
REQUESTS = thorough.times(300, 7_000)
"""So many are answered before and after whatever happens; a tenth around each of many reloads."""
LIVE = request("GET /health/live HTTP/1.1").replace(b"Connection: close\r\n", b"")
HALF = request("POST /sign-in HTTP/1.1", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 7")
NONE_FAILS = "no request fails"
GUNICORNS_OWN = ("-k", "gthread")


def tell(program: Program, what: signal.Signals) -> None:
    """As an engine does: the master only."""
    assert program.process
    os.kill(program.process.pid, what)


def workers_of(program: Program) -> list[int]:
    assert program.process
    assert program.process.poll() is None, program.log.read_text()[-3000:]
    return [child.pid for child in psutil.Process(program.process.pid).children()]


def until(so: Callable[[], object]) -> None:
    deadline = time.monotonic() + SOON
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def connect(program: Program) -> socket.socket:
    return socket.create_connection(("127.0.0.1", program.port), timeout=SOON)


def refuses(program: Program) -> bool:
    """Whether nobody listens any more: a connection that is refused costs nothing, and goes elsewhere."""
    with suppress(OSError), connect(program):
        return False
    return True


def ready(program: Program) -> int:
    with connect(program) as one:
        one.sendall(request("GET /health/ready HTTP/1.1"))
        return status(read_all(one))


class Load:
    """Callers that go round a few programs: some keep their connection, some make a new one for each request.

    One that is refused the connection asks the next program, as a balancer does. Whatever fails after a connection was
    made is counted.
    """

    def __init__(self, *programs: Program) -> None:
        self.programs = programs
        self.answered: Counter[int] = Counter()
        self.failed: list[str] = []
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._go_round, args=(kept, n)) for n in range(3) for kept in (True, False)
        ]

    @contextmanager
    def going_on(self) -> Iterator["Load"]:
        with at_it(self._threads, self._over, SOON):
            yield self

    def wait_for(self, more: int) -> None:
        """Until so many more requests were answered."""
        goal = self.answered.total() + more
        until(lambda: self.answered.total() >= goal)

    def _go_round(self, keeps: bool, turn: int) -> None:
        kept: http.client.HTTPConnection | None = None
        while not self._over.wait(0.002):
            if kept is None:
                kept, turn = self._connected(turn), turn + 1
            if kept and not self._ask(kept, keeps):
                kept.close()
                kept = None
        if kept:
            kept.close()

    def _ask(self, kept: http.client.HTTPConnection, keeps: bool) -> bool:
        """Send one request. Whether the connection stays."""
        try:
            kept.request("GET", "/health/live", headers={} if keeps else {"Connection": "close"})
            answer = kept.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.failed.append(repr(error))
            return False
        self.answered[answer.status] += 1
        return not answer.will_close

    def _connected(self, turn: int) -> http.client.HTTPConnection | None:
        program = self.programs[turn % len(self.programs)]
        one = http.client.HTTPConnection("127.0.0.1", program.port, timeout=SOON)
        try:
            one.connect()
        except ConnectionRefusedError:
            one.close()
            return None
        return one


def test_a_program_that_is_told_to_stop_says_so_and_answers_on(start: Start) -> None:
    program = start(drain=60)
    with connect(program) as kept:
        kept.sendall(LIVE)
        assert b"Connection: keep-alive" in read_one(kept)
        assert ready(program) == 200

        tell(program, signal.SIGTERM)

        until(lambda: ready(program) == 503)
        kept.sendall(LIVE)
        last = read_all(kept)
        assert status(last) == 200
        assert b"Connection: close" in last

    tell(program, signal.SIGTERM)  # a second time: now

    assert program.process
    assert program.process.wait(SOON) == 0


@pytest.mark.fault
def test_a_rolling_restart_under_load_fails_no_request(start: Start, figure: Figure) -> None:
    programs = [start(drain=1), start(drain=1)]

    with Load(*programs).going_on() as load:
        for program in programs:
            load.wait_for(REQUESTS)
            tell(program, signal.SIGTERM)
            assert program.process
            assert program.process.wait(SOON) == 0
            program.start()
            program.wait()
        load.wait_for(REQUESTS)

    assert load.failed == []
    assert load.answered.keys() == {200}
    figure("two portals restarted in turn", must=NONE_FAILS, measured=f"0 of {load.answered.total()} failed")


@pytest.mark.fault
def test_a_program_that_is_killed_under_the_same_load_fails_some(start: Start, figure: Figure) -> None:
    programs = [start(), start()]

    with Load(*programs).going_on() as load:
        load.wait_for(REQUESTS)
        programs[0].kill()
        load.wait_for(REQUESTS)

    assert load.failed
    figure("two portals restarted in turn", control=f"one killed instead: {len(load.failed)} failed")


@pytest.mark.fault
def test_a_reload_under_load_fails_no_request(start: Start, figure: Figure) -> None:
    program = start()

    with Load(program).going_on() as load:
        for _ in range(thorough.times(2, 30)):
            load.wait_for(REQUESTS // 10)
            before = workers_of(program)
            tell(program, signal.SIGHUP)
            until(lambda: not set(before) & set(workers_of(program)))  # noqa: B023
        load.wait_for(REQUESTS)

    assert load.failed == []
    assert load.answered.keys() == {200}
    assert ready(program) == 200
    figure("a portal reloaded again and again", must=NONE_FAILS, measured=f"0 of {load.answered.total()} failed")


def test_a_request_under_way_is_answered_and_a_new_one_refused_at_once(start: Start) -> None:
    program = start()
    with connect(program) as slow:
        slow.sendall(HALF)
        time.sleep(0.5)  # a thread has taken it

        tell(program, signal.SIGTERM)

        until(lambda: refuses(program))
        slow.sendall(b"email=x")
        assert status(read_all(slow)) in {200, 400, 422}


def test_gunicorn_alone_would_take_a_new_connection_and_hang_up_on_it(start: Start) -> None:
    """The control: it stays open for as long as the request under way lasts."""
    program = start(*GUNICORNS_OWN)
    with connect(program) as slow:
        slow.sendall(HALF)
        time.sleep(0.5)
        tell(program, signal.SIGTERM)
        time.sleep(1)

        with connect(program) as late:
            late.sendall(LIVE)
            slow.sendall(b"email=x")
            answer = b""
            with suppress(ConnectionResetError):
                answer = read_all(late)
            assert answer == b""


def answered_of_those_who_wait(program: Program) -> int:
    """How many of ten are answered who have connected, and were not yet accepted when the program is told to stop."""
    for worker in workers_of(program):
        os.kill(worker, signal.SIGSTOP)
    waiting = [connect(program) for _ in range(10)]
    for one in waiting:
        one.sendall(LIVE)
    tell(program, signal.SIGTERM)
    time.sleep(0.5)  # until the workers' signal waits for them
    for worker in workers_of(program):
        os.kill(worker, signal.SIGCONT)
    answers = 0
    for one in waiting:
        with suppress(OSError):
            answers += status(read_all(one)) == 200
        one.close()
    return answers


def test_those_who_have_connected_are_answered_though_nobody_has_accepted_them_yet(start: Start) -> None:
    assert answered_of_those_who_wait(start(workers=1)) == 10
    assert answered_of_those_who_wait(start(workers=2)) == 10


def test_gunicorn_alone_would_hang_up_on_them(start: Start) -> None:
    assert answered_of_those_who_wait(start(*GUNICORNS_OWN, workers=1)) < 10
