"""Calls to a neighbour that is out, slow or strange: a typed refusal, within the time that was promised."""

import contextlib
import io
import json
import logging
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER

from chassis.client import MAX_BODY
from chassis.deadline import _Pool
from chassis.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Refusal,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from chassis.gunicorn import keepalive
from tests.chassis.network import answer, client_of, drips, hangs_up, is_silent, neighbour, says
from tests.servers import free_port

TIMEOUT = 0.8
SLACK = 0.7
"""For a busy machine. What has no bound at all takes many times as long in every test here."""


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds + SLACK


def out(url: str, method: str = "GET", **given: Any) -> Unavailable:
    """The one way in which a neighbour may be out."""
    with within(TIMEOUT), pytest.raises(Unavailable) as refused:
        client_of("appointment", url, timeout=TIMEOUT).request(method, "/appointments", **given)
    assert refused.value.service == "appointment"
    return refused.value


def problem(status: int, code: str, **extras: Any) -> bytes:
    body = {"type": f"urn:x:{code}", "title": "T", "status": status, "detail": "D", "code": code, "request_id": "r"}
    return answer(json.dumps(body | extras).encode(), f"{status} X", "application/problem+json")


def test_an_answer_comes_back_parsed_and_the_request_says_who_asks() -> None:
    with neighbour(says(answer(b'{"items":[1]}'))) as there:
        found = client_of("appointment", there.url + "/").request(
            "GET", "/appointments", token="a.b.c", params={"x": "ä b"}
        )

    assert found == {"items": [1]}
    head = there.requests[0].decode()
    assert head.startswith("GET /appointments?x=%C3%A4+b HTTP/1.1\r\n")
    assert "Authorization: Bearer a.b.c\r\n" in head


def test_an_empty_answer_is_none() -> None:
    with neighbour(says(b"HTTP/1.1 204 No Content\r\n\r\n")) as there:
        assert client_of("auth", there.url).request("POST", "/auth/logout", json={}) is None


def test_a_dead_neighbour_is_out_at_once() -> None:
    out(f"http://127.0.0.1:{free_port()}")


def test_a_neighbour_with_no_address_is_out() -> None:
    out("http://nowhere.invalid")


def test_a_neighbour_that_takes_no_connection_is_out_in_time() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(8)]  # they fill the queue of connections nobody accepts
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        out(f"http://127.0.0.1:{address[1]}")
        for one in waiting:
            one.close()


def test_a_black_hole_is_out_in_time() -> None:
    with neighbour(is_silent) as there:
        out(there.url)
        out(there.url, "POST", json={})


BODY = b'{"items":[' + b"1," * 200 + b"1]}"


@pytest.mark.parametrize(
    "slow",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-Header: " + b"x" * 400,
        b"HTTP/1.1 " + b"2" * 400,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 40,
        answer(BODY),
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n1\r\n" * 80,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 400,
    ],
    ids=["header", "status", "continue", "body", "body without length", "chunks", "chunk size"],
)
def test_a_neighbour_that_drips_is_out_in_time(slow: bytes) -> None:
    """Each byte comes in time for a limit on one reading, so only a limit on the whole call can end this."""
    with neighbour(drips(slow)) as there:
        out(there.url)


def test_a_slow_start_is_no_outage() -> None:
    with neighbour(drips(answer(b"[]")[:-2], 0.001)) as there:
        there.script = drips(answer(b"[]"), 0.001)
        assert client_of("auth", there.url).request("GET", "/") == []


@pytest.mark.parametrize(
    "strange",
    [
        answer(b"x" * (MAX_BODY + 1)),
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b"[" * (MAX_BODY + 70_000),
        answer(b"<html>", content_type="text/html"),
        answer(b'{"items":'),
        answer(b'{"a":NaN}'),
        answer(b"\xff\xfe{}"),
        answer(b"[" * 50_000),
        answer(b"{}", "302 Found", "text/html", "Location: http://127.0.0.1:9/"),
        answer(b"{}", "301 Moved", "text/html", "Location: /elsewhere"),
        answer(b"", "304 Not Modified"),
        answer(b"{}", "500 Oops"),
        answer(b"<html>", "502 Bad Gateway", "text/html"),
        problem(503, "unavailable"),
        problem(500, "internal-error", errors="x"),
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\nConnection: close\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        *(f"HTTP/1.1 {status}\r\nServer: gunic".encode() for status in (200, 201, 401, 403, 404, 409)),
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 2",
        b"SSH-2.0-OpenSSH\r\n",
        b"\x00" * 100,
    ],
)
def test_a_strange_answer_is_an_outage_and_not_an_accident(strange: bytes) -> None:
    def script(connection: socket.socket, request: bytes) -> None:
        connection.sendall(strange)
        connection.shutdown(socket.SHUT_RDWR)

    with neighbour(script) as there:
        out(there.url)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b'{"code": 7}',
        b'{"code": ["x"], "detail": {}}',
        b'{"code": "x", "errors": "none"}',
        b'{"code": "x", "errors": [{"pointer": "/a"}]}',
        b'{"code": "x", "errors": [1]}',
        b'{"code": "x", "errors": null, "detail": null, "title": 5}',
        b'{"code": "x", "self": 1, "detail": "d"}',
    ],
)
@pytest.mark.parametrize("status", [401, 409, 418])
def test_a_refusal_in_strange_words_is_still_a_refusal_or_an_outage(status: int, body: bytes) -> None:
    strange = answer(body, f"{status} X", "application/problem+json")
    with neighbour(says(strange)) as there, pytest.raises(Refusal) as refused:
        client_of("auth", there.url).request("GET", "/auth/me")

    assert refused.value.status in {status, 503, 400}
    assert isinstance(refused.value.detail, str)
    assert isinstance(refused.value.code, str)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, Unauthenticated),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (422, Invalid),
        (429, TooManyRequests),
    ],
)
def test_a_refusal_is_raised_again_as_what_it_was(status: int, kind: type[Refusal]) -> None:
    errors = [{"pointer": "/a", "code": "too-long", "message": "Shorter."}]
    told = problem(status, "never-heard-of", errors=errors, alternatives=[1])
    with neighbour(says(told)) as there, pytest.raises(kind) as refused:
        client_of("auth", there.url).request("GET", "/auth/me")

    assert type(refused.value) is kind
    assert refused.value.code == "never-heard-of"
    assert refused.value.detail == "D"
    assert refused.value.extras == {"alternatives": [1]}
    assert [vars(error) for error in refused.value.errors] == errors


@pytest.mark.parametrize(("said", "seconds"), [("240", 240), ("soon", 10), ("-5", 10), ("9" * 40, 10), ("\u00b2", 10)])
def test_how_long_to_wait_comes_along_where_it_makes_sense(said: str, seconds: int) -> None:
    told = answer(b"{}", "429 Too Many Requests", "application/problem+json", f"Retry-After: {said}")
    with neighbour(says(told)) as there, pytest.raises(TooManyRequests) as refused:
        client_of("auth", there.url).request("GET", "/auth/me")

    assert refused.value.seconds == seconds


def test_a_web_page_as_refusal_is_a_refusal_of_its_status() -> None:
    with neighbour(says(answer(b"<html>", "404 Not Found", "text/html"))) as there, pytest.raises(NotFound):
        client_of("auth", there.url).request("GET", "/auth/me")


@pytest.mark.parametrize(
    ("method", "headers", "tries"),
    [("GET", {}, 2), ("PUT", {}, 2), ("POST", {}, 1), ("PATCH", {}, 1), ("POST", {"Idempotency-Key": "k-1"}, 2)],
)
def test_only_what_may_happen_twice_is_tried_twice(method: str, headers: dict[str, str], tries: int) -> None:
    with neighbour(hangs_up) as there:
        out(there.url, method, json={"a": 1}, headers=headers)

    assert len(there.requests) == tries
    assert len({request.rpartition(b"\r\n")[2] for request in there.requests}) == 1


def test_nothing_is_tried_again_once_the_time_is_up_or_an_answer_came() -> None:
    with neighbour(is_silent) as there:
        out(there.url)
        assert len(there.requests) == 1
    with neighbour(says(answer(b"{}", "500 Oops"))) as there:
        out(there.url)
        assert len(there.requests) == 1


def test_a_kept_connection_that_died_in_between_is_no_outage_for_a_read() -> None:
    with neighbour(says(answer())) as there:
        caller = client_of("auth", there.url, timeout=TIMEOUT)
        caller.request("GET", "/1")
        caller.request("GET", "/2")
        assert there.connections == 1
        there.script = lambda connection, request: (hangs_up if request.startswith(b"GET /3") else says(answer()))(
            connection, request
        )
        seen = there.connections
        with contextlib.suppress(Unavailable):
            caller.request("GET", "/3")
        assert caller.request("GET", "/4") == {}
        assert there.connections > seen


def test_a_connection_that_nobody_used_for_a_while_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its other end may be closing it at this moment, and a request that is no read is not sent twice."""
    with neighbour(says(answer())) as there:
        caller = client_of("auth", there.url)
        caller.request("POST", "/1")
        caller.request("POST", "/2")
        assert there.connections == 1

        monkeypatch.setattr(_Pool, "KEPT_FOR", 0.0)
        caller.request("POST", "/3")
        assert there.connections == 2


def test_a_connection_is_left_before_its_other_end_closes_it() -> None:
    assert _Pool.KEPT_FOR < STOP_KEEPALIVE_LINGER
    assert keepalive > _Pool.KEPT_FOR


def test_no_cookie_is_kept_and_none_is_sent() -> None:
    with neighbour(says(answer(b"{}", "200 OK", "application/json", "Set-Cookie: session=maya; Path=/"))) as there:
        caller = client_of("auth", there.url)
        caller.request("GET", "/auth/me", token="a.b.c")
        caller.request("GET", "/auth/me", token="d.e.f")

    assert b"maya" not in there.requests[1]
    assert b"cookie" not in there.requests[1].lower()
    assert len(caller.session.cookies) == 0


def test_neither_a_netrc_file_nor_a_proxy_setting_has_a_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login evil password evil\ndefault login evil password evil\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    with neighbour(says(answer())) as there:
        client_of("auth", there.url).request("GET", "/auth/me", token="a.b.c")
        client_of("auth", there.url).request("GET", "/doctors")

    assert b"Authorization: Bearer a.b.c\r\n" in there.requests[0]
    assert b"Authorization" not in there.requests[1]


@pytest.mark.parametrize(
    "token", ["a\r\nX-Role: admin", "a\nb", "a\0b", "ünïcödé-Ł", "a.b.c\r\n\r\nGET / HTTP/1.1\r\n\r\n"]
)
def test_no_header_is_smuggled_in_a_token_and_no_token_is_logged(token: str) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s %(why)s"))
    logging.getLogger("chassis").addHandler(handler)
    with neighbour(says(answer())) as there, contextlib.suppress(Refusal):
        client_of("auth", there.url).request("GET", "/auth/me", token=token)
    logging.getLogger("chassis").removeHandler(handler)

    assert not [request for request in there.requests if b"X-Role" in request or request.count(b"HTTP/1.1") > 1]
    assert token not in stream.getvalue()
    assert "X-Role" not in stream.getvalue()
