"""A neighbour that is out is left alone, tried by one, and back at once; nobody waits for somebody else's call."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from chassis.breaker import Breaker
from chassis.errors import Conflict, Unavailable

SOON = 10.0


@pytest.fixture(autouse=True)
def _long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a neighbour that hung."""
    monkeypatch.setattr(Breaker, "SHORTEST", Breaker.PAUSE)


class Neighbour:
    """Counts who asks, and is out as long as it is told to be."""

    def __init__(self) -> None:
        self.asked = 0
        self.out = False

    def __call__(self) -> str:
        self.asked += 1
        if self.out:
            raise Unavailable(service="auth")
        return "here"


def opened(neighbour: Neighbour) -> Breaker:
    """A breaker that has seen enough failures."""
    breaker = Breaker("auth")
    neighbour.out = True
    for _ in range(Breaker.FAILURES):
        with pytest.raises(Unavailable):
            breaker.call(neighbour)
    return breaker


def call_until(breaker: Breaker, neighbour: Callable[[], str]) -> str:
    deadline = time.monotonic() + SOON
    while True:
        try:
            return breaker.call(neighbour)
        except Unavailable:
            assert time.monotonic() < deadline


def test_a_neighbour_that_answers_is_always_asked() -> None:
    neighbour = Neighbour()
    breaker = Breaker("auth")

    assert [breaker.call(neighbour) for _ in range(20)] == ["here"] * 20
    assert neighbour.asked == 20


def test_a_few_failures_open_it_and_then_nobody_asks() -> None:
    neighbour = Neighbour()
    breaker = opened(neighbour)

    for _ in range(50):
        with pytest.raises(Unavailable) as refused:
            breaker.call(neighbour)
        assert refused.value.service == "auth"

    assert neighbour.asked == Breaker.FAILURES


def test_failures_count_only_in_a_row() -> None:
    neighbour = Neighbour()
    breaker = Breaker("auth")
    for _ in range(Breaker.FAILURES * 3):
        neighbour.out = True
        with pytest.raises(Unavailable):
            breaker.call(neighbour)
        neighbour.out = False
        assert breaker.call(neighbour) == "here"


def test_a_refusal_is_an_answer() -> None:
    def refuses() -> str:
        raise Conflict

    breaker = Breaker("auth")
    for _ in range(Breaker.FAILURES * 2):
        with pytest.raises(Conflict):
            breaker.call(refuses)


def test_one_alone_probes_and_the_others_do_not_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Breaker, "PAUSE", 0.0)
    breaker = opened(Neighbour())
    asked, may_answer = threading.Semaphore(0), threading.Event()
    probes: list[int] = []

    def hangs() -> str:
        probes.append(1)
        asked.release()
        may_answer.wait(SOON)
        return "back"

    with ThreadPoolExecutor(9) as pool:
        probe = pool.submit(breaker.call, hangs)
        assert asked.acquire(timeout=SOON)
        others = [pool.submit(breaker.call, hangs) for _ in range(40)]
        assert {type(other.exception(SOON)) for other in others} == {Unavailable}, "they are told while it hangs"
        assert not probe.done()
        may_answer.set()
        assert probe.result(SOON) == "back"

    assert probes == [1]
    assert breaker.call(lambda: "here") == "here"


def test_a_probe_that_fails_leaves_it_open_and_the_next_one_may_try() -> None:
    neighbour = Neighbour()
    breaker = opened(neighbour)
    deadline = time.monotonic() + SOON
    while neighbour.asked < Breaker.FAILURES + 2:
        with pytest.raises(Unavailable):
            breaker.call(neighbour)
        assert time.monotonic() < deadline

    neighbour.out = False

    assert call_until(breaker, neighbour) == "here"
    asked = neighbour.asked
    assert [breaker.call(neighbour) for _ in range(10)] == ["here"] * 10
    assert neighbour.asked == asked + 10


def test_a_neighbour_that_costs_no_time_is_tried_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Breaker, "SHORTEST", 0.0)
    neighbour = Neighbour()
    breaker = opened(neighbour)

    neighbour.out = False

    assert breaker.call(neighbour) == "here"


def test_it_says_how_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Breaker, "PAUSE", 0.0)
    assert Breaker("auth").state == "closed"
    breaker = opened(Neighbour())
    assert breaker.state == "open"

    assert breaker.call(lambda: breaker.state) == "half-open"

    assert breaker.state == "closed"


def test_only_the_failures_that_are_meant_count() -> None:
    class Silent(Unavailable):
        pass

    neighbour = Neighbour()
    breaker = Breaker("auth")
    neighbour.out = True
    for _ in range(Breaker.FAILURES * 2):
        with pytest.raises(Unavailable):
            breaker.call(neighbour, Silent)

    assert breaker.state == "closed"


def test_a_probe_that_breaks_down_does_not_block_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Breaker, "PAUSE", 0.0)
    breaker = opened(Neighbour())

    def breaks() -> str:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        breaker.call(breaks)

    assert breaker.call(lambda: "here") == "here"
