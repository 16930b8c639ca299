"""A thousand connections that are slow in every way stay with the gateway, and everybody else goes on."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.containers.compose import until
from tests.containers.load import Ask, under_way
from tests.containers.production import Production
from tests.figures import Figure

pytestmark = pytest.mark.timeout(900)  # the first test here waits for the images

COUNT = 1000
SLOW = f"{COUNT:,} slow connections at the gateway"
HEAD = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
KINDS = (b"", HEAD, HEAD + b"Content-Length: 5000\r\n\r\nemail=")
"""Nothing after the handshake, a head that does not end, a body that does not end."""


def connect(production: Production, trust: ssl.SSLContext, kind: bytes) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", production.port), 60)
    secured = trust.wrap_socket(plain, server_hostname="localhost")
    secured.sendall(kind)
    return secured


@contextmanager
def slow(production: Production) -> Iterator[list[socket.socket]]:
    """So many slow connections, each of which sends a byte now and then, and is opened again when it is cut off."""
    trust = ssl.create_default_context(cafile=str(production.http.verify))
    held = [connect(production, trust, KINDS[n % len(KINDS)]) for n in range(COUNT)]
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(1):
            for n, each in enumerate(held):
                try:
                    each.sendall(b"x" if n % len(KINDS) else b"")
                except OSError:
                    with suppress(OSError):
                        held[n] = connect(production, trust, KINDS[n % len(KINDS)])

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        yield held
    finally:
        stop.set()
        dripping.join()
        for each in held:
            each.close()


@pytest.mark.fault
def test_a_thousand_slow_connections_keep_nobody_waiting(production: Production, figure: Figure) -> None:
    asks = [Ask("GET", "/sign-in", 200), Ask("GET", "/api/appointment/doctors", 200)]

    with slow(production) as held, under_way(production, lambda: asks, people=4) as load:
        until(lambda: load.done >= 150, 240)

    assert len(held) == COUNT
    assert load.failed == [], str(load)
    measured = f"0 of {load.done} failed, the slowest took {load.slowest:.2f} s"
    figure(SLOW, must="others are unaffected", measured=measured)


SILENCE = """
import http.client, json, socket, sys
address, head, count = sys.argv[1], sys.argv[2].encode(), int(sys.argv[3])
def answers():
    try:
        asked = http.client.HTTPConnection(address, 8000, timeout=5)
        asked.request("GET", "/health/live", headers={"Host": "127.0.0.1"})
        return asked.getresponse().status == 200
    except OSError:
        return False
before = answers()
held = [socket.create_connection((address, 8000), 5) for _ in range(count)]
for each in held:
    each.sendall(head)
answers()  # whoever is quick is served before they are
print(json.dumps([before, answers()]))
"""


@pytest.mark.fault
def test_fifty_of_them_silence_a_program_that_stands_alone(production: Production, figure: Figure) -> None:
    portal = production.containers("portal")[0]
    address = portal["NetworkSettings"]["Networks"][f"{production.project}_clinic"]["IPAddress"]

    told = production.beside("clinic", "-c", SILENCE, address, HEAD.decode(), "50")

    assert json.loads(told) == [True, False]
    figure(SLOW, control="50 of them silence a program without the gateway")
    until(lambda: production.get("/sign-in").status_code == 200)
