"""The faults that the other tests rely on are what they are called."""

import socket
import time
from collections.abc import Iterator

import pytest
import requests

from tests.chassis.network import answer, neighbour, says
from tests.faults.proxy import Proxy, proxy

BODY = b'{"words": "%s"}' % (b"x" * 4000)
PATIENCE = 0.5


@pytest.fixture
def wire() -> Iterator[Proxy]:
    """A proxy before a server that answers everything with four thousand bytes."""
    with neighbour(says(answer(BODY))) as server, proxy(int(server.url.rsplit(":", 1)[1])) as running:
        yield running


def ask(wire: Proxy, method: str = "GET", path: str = "/words") -> bytes:
    headers = {"X-Request-Id": "one"}
    return requests.request(method, wire.url + path, headers=headers, timeout=PATIENCE).content


def test_a_wire_carries_and_counts(wire: Proxy) -> None:
    assert ask(wire) == ask(wire, "POST", "/more") == BODY
    assert wire.requests == [(b"one", b"GET /words HTTP/1.1"), (b"one", b"POST /more HTTP/1.1")]


def test_nobody_listens_and_later_somebody_does(wire: Proxy) -> None:
    kept = requests.Session()
    kept.get(wire.url)
    wire.refuse()

    for asked in (kept.get, requests.get):
        with pytest.raises(requests.ConnectionError):
            asked(wire.url, timeout=PATIENCE)

    wire.restore()
    assert ask(wire) == BODY


def test_a_hole_takes_what_it_is_given_and_lets_it_go_afterwards(wire: Proxy) -> None:
    wire.hole()
    with pytest.raises(requests.ReadTimeout):
        ask(wire)

    with socket.create_connection(("127.0.0.1", wire.port), timeout=5) as one:
        one.sendall(b"GET / HTTP/1.1\r\n\r\n")
        wire.restore()
        assert one.recv(12) == b"HTTP/1.1 200"


def test_an_answer_is_late(wire: Proxy) -> None:
    wire.delay(0.2)
    began = time.monotonic()
    assert ask(wire) == BODY
    assert time.monotonic() - began >= 0.2

    wire.delay(60)
    with pytest.raises(requests.ReadTimeout):
        ask(wire)


def test_an_answer_drips(wire: Proxy) -> None:
    wire.throttle(20_000)
    began = time.monotonic()
    assert ask(wire) == BODY
    assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize(("limit", "arrives"), [({"up": 0}, False), ({"down": 0}, True), ({"down": 2000}, True)])
def test_a_connection_is_cut(limit: dict[str, int], arrives: bool) -> None:
    with neighbour(says(answer(BODY))) as server, proxy(int(server.url.rsplit(":", 1)[1])) as wire:
        wire.cut(**limit)

        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            ask(wire)

        assert len(wire.requests) == 1
        assert bool(server.requests) is arrives


def test_only_what_is_meant_is_cut_and_only_so_often(wire: Proxy) -> None:
    wire.cut(down=0, of=b"POST /more", times=1)

    assert ask(wire) == BODY
    with pytest.raises(requests.ConnectionError):
        ask(wire, "POST", "/more")
    assert ask(wire, "POST", "/more") == BODY


def test_one_in_three_is_cut(wire: Proxy) -> None:
    wire.cut(up=0, of=b"GET", every=3)

    with requests.Session() as kept:
        for n in range(1, 10):
            if n % 3:
                assert kept.get(wire.url).content == BODY
                assert kept.post(wire.url).content == BODY
            else:
                with pytest.raises(requests.ConnectionError):
                    kept.get(wire.url)


def test_several_servers_take_turns_and_one_that_is_away_is_passed_over() -> None:
    with (
        neighbour(says(answer(b"1"))) as one,
        neighbour(says(answer(b"2"))) as two,
        proxy(*(int(server.url.rsplit(":", 1)[1]) for server in (one, two))) as wire,
    ):
        assert {ask(wire) for _ in range(4)} == {b"1", b"2"}
        two.close()
        assert {ask(wire) for _ in range(4)} == {b"1"}


def test_a_server_that_is_away_is_no_end_of_the_wire(wire: Proxy) -> None:
    with proxy(9) as nowhere:
        for _ in range(2):
            with pytest.raises(requests.ConnectionError):
                ask(nowhere)
