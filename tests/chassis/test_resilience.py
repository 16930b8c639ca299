"""A neighbour in need: nobody waits longer than their caller, no neighbour gets all threads, and retries stay few."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from flask import Flask

from chassis import time_left
from chassis.breaker import Breaker
from chassis.bulkhead import Bulkhead
from chassis.client import ServiceClient
from chassis.errors import Conflict, Unavailable
from chassis.gunicorn import threads
from chassis.retries import Retries
from chassis.time_left import HEADER, DeadlinePassed
from tests.api import Api
from tests.chassis.conftest import Start, outcome
from tests.chassis.network import Script, answer, client_of, hangs_up, is_silent, neighbour, says
from tests.chassis.test_client import problem, within
from tests.chassis.test_drain import HALF, connect
from tests.chassis.test_real_server import read_all, request, status
from tests.figures import Figure
from tests.servers import free_port

SOON = 10.0


@pytest.fixture(autouse=True)
def _nobody_waits() -> Iterator[None]:
    yield
    time_left.begin(None)


def told(asked: bytes) -> int:
    """How many milliseconds a neighbour was given."""
    found = re.search(rb"^" + HEADER.encode() + rb": (\d+)\r$", asked, re.MULTILINE)
    assert found
    return int(found[1])


def asks(client: ServiceClient, times: int = 1, method: str = "GET", **given: object) -> list[str]:
    """What became of so many calls."""
    said = []
    for _ in range(times):
        try:
            client.request(method, "/", **given)  # type: ignore[arg-type]
            said.append("answer")
        except Unavailable as refusal:
            said.append(type(refusal).__name__)
    return said


# How long is left


def test_a_neighbour_is_told_how_long_it_is_waited_for() -> None:
    with neighbour(says(answer())) as there:
        client_of("auth", there.url, timeout=0.7).request("GET", "/")

    assert 0 < told(there.requests[0]) <= 700


def test_what_is_left_shrinks_from_program_to_program() -> None:
    with neighbour(says(answer())) as there:
        time_left.begin("500")
        client_of("auth", there.url).request("GET", "/")
        assert told(there.requests[0]) <= 500 - 1000 * time_left.TO_ANSWER

        time_left.begin(None)
        client_of("auth", there.url).request("GET", "/")
        assert 1_000 < told(there.requests[1]) <= 2_000, "the control: the client's own limit"


def test_a_second_try_has_less_time_than_the_first() -> None:
    with neighbour(hangs_up) as there:
        asks(client_of("auth", there.url))

    first, second = (told(asked) for asked in there.requests)
    assert second < first


def test_no_call_outlives_whoever_waits_for_it() -> None:
    with neighbour(is_silent) as there:
        time_left.begin("400")
        with within(0.4):
            assert asks(client_of("auth", there.url, timeout=30)) == ["Silent"]


def test_no_call_is_made_when_there_is_no_time_left() -> None:
    with neighbour(says(answer())) as there:
        time_left.begin("40")
        assert asks(client_of("auth", there.url)) == ["DeadlinePassed"]

        assert there.requests == []


@pytest.mark.parametrize("said", ["", "-1", "soon", "1.5", "1e3", "²", "60001", "9999999", "10m", "500, 500"])
def test_what_is_no_sensible_span_says_nothing(said: str) -> None:
    time_left.begin(said)

    assert time_left.limit(2.0) == 2.0


def test_work_whose_caller_has_gone_is_not_begun(appointment: Flask) -> None:
    headers = {HEADER: "0"}
    assert outcome(Api(appointment).send("GET", "/health", headers=headers)) == (503, "deadline-passed")
    assert outcome(Api(appointment).send("GET", "/health", headers={HEADER: "500"})) == (200, "-")

    def from_outside(path: str) -> tuple[int, str]:
        answer = appointment.test_client().get(path, headers=headers, environ_base={"REMOTE_ADDR": "203.0.113.9"})
        return outcome(answer)

    assert from_outside("/health") == (200, "-"), "only our own programs are believed"


def test_work_whose_caller_has_gone_while_it_waited_for_a_thread_is_not_begun(start: Start) -> None:
    program = start(workers=1)
    slow = [connect(program) for _ in range(threads)]
    for one in slow:
        one.sendall(HALF)
    time.sleep(0.5)  # each has a thread to itself
    callers = {}
    for said in ("200", "30000", "-"):
        callers[said] = connect(program)
        callers[said].sendall(request("GET /health/live HTTP/1.1", f"{HEADER}: {said}"))
    time.sleep(0.5)

    for one in slow:
        one.sendall(b"email=x")

    assert {said: status(read_all(caller)) for said, caller in callers.items()} == {"200": 503, "30000": 200, "-": 200}
    for one in (*slow, *callers.values()):
        one.close()


def test_a_limit_ends_with_its_request(appointment: Flask) -> None:
    Api(appointment).send("GET", "/health", headers={HEADER: "500"})
    Api(appointment).send("GET", "/health")

    assert time_left.limit(2.0) == 2.0


# A neighbour that is left alone


@pytest.fixture
def left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a while, as one that hung; those here fail at once."""
    monkeypatch.setattr(Breaker, "SHORTEST", Breaker.PAUSE)


@pytest.mark.usefixtures("left_alone")
def test_a_neighbour_that_does_not_answer_is_left_alone() -> None:
    with neighbour(hangs_up) as there:
        client = client_of("auth", there.url)
        asks(client, Breaker.FAILURES, "POST")
        seen = there.connections

        assert asks(client, 20) == ["Unavailable"] * 20
        assert there.connections == seen
        assert client.breaker.state == "open"


def test_a_neighbour_that_is_back_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Breaker, "SHORTEST", 0.2)
    with neighbour(hangs_up) as there:
        client = client_of("auth", there.url)
        asks(client, Breaker.FAILURES, "POST")
        there.script = says(answer())
        assert asks(client) == ["Unavailable"]
        deadline = time.monotonic() + SOON
        while asks(client) != ["answer"]:
            assert time.monotonic() < deadline
        assert client.breaker.state == "closed"


@pytest.mark.parametrize("bad", [502, 504])
def test_a_proxy_that_finds_nobody_counts_like_nobody(bad: int) -> None:
    with neighbour(says(answer(b"<html>", f"{bad} X", "text/html"))) as there:
        asks(client := client_of("auth", there.url), Breaker.FAILURES)

        assert client.breaker.state == "open"


@pytest.mark.parametrize("said", [problem(503, "unavailable"), problem(500, "internal-error"), problem(409, "x")])
def test_a_neighbour_that_says_no_is_not_left_alone(said: bytes) -> None:
    with neighbour(says(said)) as there:
        client = client_of("auth", there.url)
        for _ in range(Breaker.FAILURES * 3):
            with pytest.raises((Unavailable, Conflict)):
                client.request("GET", "/")

        assert len(there.requests) == Breaker.FAILURES * 3


def test_who_was_given_no_time_is_not_taken_for_silent() -> None:
    with neighbour(is_silent) as there:
        client = client_of("auth", there.url, timeout=0.1)
        assert asks(client, Breaker.FAILURES) == ["Unavailable"] * Breaker.FAILURES

        assert client.breaker.state == "closed"


@pytest.mark.usefixtures("left_alone")
def test_what_goes_on_aside_minds_no_breaker() -> None:
    with neighbour(hangs_up) as there:
        client = client_of("auth", there.url)
        asks(client, Breaker.FAILURES, "POST")
        there.script = says(answer())

        assert client.request("GET", "/auth/revocations", aside=True) == {}


def test_how_long_a_neighbour_asks_to_wait_is_passed_on() -> None:
    busy = answer(b"{}", "503 X", "application/problem+json", "Retry-After: 42")
    with neighbour(says(busy)) as there, pytest.raises(Unavailable) as refused:
        client_of("auth", there.url).request("GET", "/")

    assert refused.value.headers["Retry-After"] == "42"


# A neighbour that is slow


@contextmanager
def busy_with(client: ServiceClient, calls: int) -> Iterator[None]:
    """So many threads that wait for this neighbour."""
    with ThreadPoolExecutor(calls) as pool:
        waiting = [pool.submit(asks, client) for _ in range(calls)]
        yield
        for one in waiting:
            one.result(SOON)


def until(so: Callable[[], object]) -> None:
    deadline = time.monotonic() + SOON
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_slow_neighbour_does_not_get_all_threads() -> None:
    assert threads > Bulkhead.PLACES
    with neighbour(is_silent) as slow, neighbour(says(answer())) as well:
        client = client_of("auth", slow.url, timeout=2.0)
        with busy_with(client, Bulkhead.PLACES):
            until(lambda: len(slow.requests) == Bulkhead.PLACES)
            assert client.bulkhead.taken == Bulkhead.PLACES

            with within(Bulkhead.WAIT):
                assert asks(client) == ["Unavailable"]

            assert len(slow.requests) == Bulkhead.PLACES
            assert asks(client_of("appointment", well.url)) == ["answer"]
        assert client.bulkhead.taken == 0


def test_without_a_bulkhead_it_would_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bulkhead, "PLACES", threads)
    with neighbour(is_silent) as slow:
        client = client_of("auth", slow.url, timeout=1.0)
        with busy_with(client, threads):
            until(lambda: len(slow.requests) == threads)


def test_a_rush_alone_refuses_nobody() -> None:
    def soon(connection: socket.socket, _: bytes) -> None:
        time.sleep(0.005)
        connection.sendall(answer())

    with neighbour(soon) as there, ThreadPoolExecutor(threads) as pool:
        client = client_of("auth", there.url, timeout=SOON)
        said = [done.result() for done in [pool.submit(asks, client, 10) for _ in range(threads)]]

    assert said == [["answer"] * 10] * threads


# Trying again


def flaky(every: int) -> Script:
    """Hangs up on one request of so many."""
    seen = 0
    lock = threading.Lock()

    def script(connection: socket.socket, request: bytes) -> None:
        nonlocal seen
        with lock:
            seen += 1
            fails = seen % every == 0
        (hangs_up if fails else says(answer()))(connection, request)

    return script


def ratio(every: int, calls: int = 200) -> float:
    """Attempts for each request to a neighbour that hangs up on one of so many."""
    with neighbour(flaky(every)) as there:
        client = client_of("auth", there.url, timeout=SOON)
        said = asks(client, calls)
        assert len(there.requests) == client.retries.requests + client.retries.retries
        assert "answer" in said
        return len(there.requests) / calls


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause before a retry: what is counted here does not depend on it."""
    monkeypatch.setattr(Retries, "pause", lambda _: 0.0)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("every", [2, 3, 20])
def test_retries_are_a_tenth_at_most_however_often_a_neighbour_fails(every: int) -> None:
    assert 1 < ratio(every) <= 1.10


@pytest.mark.fault
@pytest.mark.usefixtures("at_once")
def test_retries_without_a_budget_would_be_many_more(monkeypatch: pytest.MonkeyPatch, figure: Figure) -> None:
    monkeypatch.setattr(Retries, "EARNED", 1.0)

    found = ratio(3)
    assert found > 1.3
    figure("retries", control=f"without a budget, one call of three failing: {found:.2f}")


@pytest.mark.usefixtures("at_once")
def test_a_few_that_fail_by_chance_are_all_answered() -> None:
    with neighbour(flaky(20)) as there:
        assert asks(client_of("auth", there.url), 200) == ["answer"] * 200


def test_a_dead_neighbour_is_not_tried_twice() -> None:
    client = client_of("auth", f"http://127.0.0.1:{free_port()}")

    asks(client, 50)

    assert client.retries.retries <= Retries.FIRST


def test_pauses_before_a_retry_differ() -> None:
    retries = Retries()

    drawn = {retries.pause() for _ in range(50)}
    assert len(drawn) > 10
    assert 0.01 <= min(drawn) <= max(drawn) <= 0.1


def test_a_deadline_that_has_passed_is_told_to_people_like_any_outage() -> None:
    assert issubclass(DeadlinePassed, Unavailable)
    assert DeadlinePassed().headers["Retry-After"]
