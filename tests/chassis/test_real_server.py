"""What only a real server shows: bytes on a socket, to each of the three services as it is served."""

import json
import socket
import struct
import time
from contextlib import suppress

import pytest

from tests import make
from tests.chassis.conftest import Service
from tests.servers import Clinic, Program

SECONDS = 5
CHUNKED = "Transfer-Encoding: chunked"


@pytest.fixture(params=["auth", "appointment", "prescription"])
def program(request: pytest.FixtureRequest, clinic: Clinic) -> Program:
    found: Program = getattr(clinic, request.param)
    return found


def connect(program: Program) -> socket.socket:
    return socket.create_connection(("127.0.0.1", program.port), timeout=SECONDS)


def exchange(program: Program, data: bytes) -> bytes:
    """Send these bytes and read until the server hangs up or has answered what it wants to answer."""
    with connect(program) as one:
        one.sendall(data)
        with suppress(OSError):  # a refusal may come, and the server be gone, before we are done
            one.shutdown(socket.SHUT_WR)
        return read_all(one)


def read_all(one: socket.socket) -> bytes:
    found = b""
    while piece := one.recv(65536):
        found += piece
    return found


def read_one(one: socket.socket) -> bytes:
    """One answer of a connection that stays open."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += one.recv(65536)
    head, _, body = found.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += one.recv(65536)
    return head + b"\r\n\r\n" + body


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([line, "Host: clinic.test", "Connection: close", *headers, "", ""]).encode("latin-1") + body


def test_a_plain_request_is_answered(program: Program) -> None:
    """The control: every refusal below is due to the one thing that is odd there."""
    answer = exchange(program, request("GET /health HTTP/1.1"))

    assert status(answer) == 200
    assert b'"status": "ok"' in answer or b'"status":"ok"' in answer


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (request("get /health HTTP/1.1"), {400, 405}),
        (request("Get /health HTTP/1.1"), {400, 405}),
        (request("TRACE /health HTTP/1.1"), {405}),
        (request("CONNECT clinic.test:443 HTTP/1.1"), {400, 404, 405}),
        (request("PROPFIND /health HTTP/1.1"), {405}),
        (request("GET /health HTTP/1.1", *(f"X-{n}: 1" for n in range(99))), {400, 431}),
        (request("GET /health HTTP/1.1", "X-Long: " + "x" * 17_000), {400, 431}),
        (request("GET /" + "x" * 5_000 + " HTTP/1.1"), {400, 414}),
        (request("POST /auth/login HTTP/1.1", "Content-Length: 5", CHUNKED, body=b"0\r\n\r\n"), {400}),
        (request("POST /auth/login HTTP/1.1", CHUNKED, "Content-Length: 5", body=b"0\r\n\r\n"), {400}),
        (request("POST /auth/login HTTP/1.1", "Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), {400, 501}),
        (request("POST /auth/login HTTP/1.1", "Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"), {400, 501}),
        (request("POST /auth/login HTTP/1.1", "Transfer-Encoding : chunked", body=b"0\r\n\r\n"), {400}),
        (request("POST /auth/login HTTP/1.1", "Content-Length: 1", "Content-Length: 2", body=b"{}"), {400}),
        (request("POST /auth/login HTTP/1.1", "Content-Length: -1"), {400}),
        (request("POST /auth/login HTTP/1.1", "Content-Length: +2", body=b"{}"), {400}),
        (request("POST /auth/login HTTP/1.1", "Content-Length: 1e3"), {400}),
        (request("POST /auth/login HTTP/1.1", "Content-Length: " + "9" * 40), {400, 404, 413, 415}),
        (request("GET /health HTTP/1.1", "X-A: a\0b"), {400}),
        (request("GET /health HTTP/1.1", "X-A: a\rb"), {400}),
        (request("GET /health HTTP/1.1", "X A: b"), {400}),
        (request("GET /health HTTP/1.1", " folded: b"), {400}),
        (request("GET /health HTTP/3.7"), {400, 505, 0}),
        (request("GET  /health HTTP/1.1"), {400}),
        (request("GET /health\tx HTTP/1.1"), {400, 404}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200, {400, 0}),
        (b"nonsense\r\n\r\n", {400}),
    ],
    ids=str,
)  # fmt: skip
def test_what_two_servers_could_read_in_two_ways_is_read_in_none(
    program: Program, data: bytes, expected: set[int]
) -> None:
    answer = exchange(program, data)

    assert status(answer) in expected, answer[:300]
    assert answer.count(b"HTTP/1.1 ") <= 1


def test_an_answer_is_never_smuggled(program: Program) -> None:
    """A second request hidden in the body of the first is body, not request."""
    hidden = request("GET /health HTTP/1.1")
    answer = exchange(program, request("POST /auth/login HTTP/1.1", f"Content-Length: {len(hidden)}", body=hidden))

    assert answer.count(b"HTTP/1.1 ") == 1
    assert status(answer) in {404, 415}


def test_two_authorization_headers_contradict_each_other(
    program: Program, services: list[Service], doctor: make.Person
) -> None:
    service = next(s for s in services if program.package == f"{s.name}_service")
    line, bearer = f"GET {service.reads} HTTP/1.1", f"Authorization: Bearer {doctor.token}"

    assert status(exchange(program, request(line, bearer))) == 200
    twice = exchange(program, request(line, bearer, bearer))
    assert status(twice) == 400
    assert b'"code": "invalid-request"' in twice
    assert status(exchange(program, request(line, f"X_Authorization: {bearer}", bearer))) == 200
    assert status(exchange(program, request(line, bearer.replace("Authorization", "authorization")))) == 200
    assert status(exchange(program, request(line, "Authorization: Bearer \x80\xff"))) == 401


def test_a_chunked_body_counts_and_one_without_end_does_not(
    program: Program, services: list[Service], doctor: make.Person
) -> None:
    service = next(s for s in services if program.package == f"{s.name}_service")
    method, path = service.writes
    body = json.dumps(service.valid).encode()
    chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n"
    head = [f"{method} {path} HTTP/1.1", f"Authorization: Bearer {doctor.token}", "Content-Type: application/json"]
    head.append(CHUNKED)

    assert status(exchange(program, request(*head, body=chunk + b"0\r\n\r\n"))) in {200, 404}
    assert status(exchange(program, request(*head, body=chunk))) in {400, 0}
    hidden = b"xyz\r\n" + request("GET /health HTTP/1.1")
    for line in (request(*head), request(*head).replace(b"Connection: close\r\n", b"")):
        broken = exchange(program, line + hidden)
        assert status(broken) in {400, 0}
        assert broken.count(b"HTTP/1.1 ") <= 1
    big = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    assert status(exchange(program, request(*head, body=big + big + b"0\r\n\r\n"))) == 413


def test_a_body_too_large_is_refused_before_it_is_sent(
    program: Program, services: list[Service], doctor: make.Person
) -> None:
    service = next(s for s in services if program.package == f"{s.name}_service")
    method, path = service.writes
    head = [f"{method} {path} HTTP/1.1", f"Authorization: Bearer {doctor.token}", "Content-Type: application/json"]
    with connect(program) as one:
        one.sendall(request(*head, "Content-Length: 104857600", body=b"{"))
        answer = read_one(one)

    assert status(answer) == 413
    assert b"too-large" in answer


def test_people_who_send_slowly_or_leave_early_keep_nobody_waiting(program: Program) -> None:
    """A few of them at a time: against hundreds, and those who never hang up, there is the proxy in front."""
    slow = [connect(program) for _ in range(6)]
    for one in slow[:3]:
        one.sendall(b"GET /health HTTP/1.1\r\nHost: cl")
    for one in slow[3:]:
        one.sendall(b"POST /auth/login HTTP/1.1\r\nHost: clinic.test\r\nContent-Length: 10\r\n\r\n")

    began = time.monotonic()
    assert [status(exchange(program, request("GET /health HTTP/1.1"))) for _ in range(10)] == [200] * 10
    assert time.monotonic() - began < SECONDS

    for one in slow:  # with a reset, as a phone out of reach does
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()
    assert status(exchange(program, request("GET /health HTTP/1.1"))) == 200


def test_a_connection_is_kept_for_the_next_request(program: Program) -> None:
    asked = request("GET /health HTTP/1.1").replace(b"Connection: close\r\n", b"")
    with connect(program) as one:
        for _ in range(3):
            one.sendall(asked)
            assert status(read_one(one)) == 200


def test_a_refused_request_does_not_harm_the_next_on_its_connection(program: Program) -> None:
    """The body nobody read is not taken for a request."""
    with connect(program) as one:
        unread = request("POST /nothing HTTP/1.1", "Content-Length: 12", body=b"GET / HTTP/1").replace(
            b"Connection: close\r\n", b""
        )
        one.sendall(unread)
        assert status(read_one(one)) == 404
        one.sendall(request("GET /health HTTP/1.1"))
        assert status(read_all(one)) == 200


def test_a_request_id_with_a_line_break_leaves_one_line_in_the_log(program: Program) -> None:
    for odd in ("abc\x1b[31mdefgh", "a\x0bbcdefghi", "a" * 4_000):
        exchange(program, request("GET /nothing HTTP/1.1", f"X-Request-Id: {odd}"))
    exchange(program, request("GET /nothing HTTP/1.1", "X-Request-Id: the-last-one-of-all"))

    said = program.log.read_text()
    assert "the-last-one-of-all" in said
    assert all(json.loads(line)["program"] for line in said.splitlines() if line.startswith("{"))
    assert "\x1b" not in said
    assert "a" * 65 not in said
