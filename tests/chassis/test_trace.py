"""A trace goes through all programs as W3C Trace Context (level 1) has it, and nobody outside chooses one."""

import pytest
from flask import Flask
from werkzeug.test import Client

from chassis import logs, trace, web
from chassis.identity import public
from chassis.settings import Settings

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = f"00-{TRACE}-{SPAN}-01"
STRANGER = "198.51.100.23"


def test_a_span_belongs_to_the_trace_of_whoever_asks() -> None:
    first, second = trace.begin(GIVEN), trace.begin(GIVEN)

    assert (first.trace_id, first.parent_id) == (TRACE, SPAN)
    assert first.span_id not in {SPAN, second.span_id}
    assert first.headers == {"traceparent": f"00-{TRACE}-{first.span_id}-01"}
    assert first.child().headers != first.headers
    assert first.child().parent_id == first.span_id


def test_without_a_trace_there_is_a_new_one() -> None:
    first, second = trace.begin(), trace.begin()

    assert first.parent_id is None
    assert len(first.trace_id) == 32
    assert len(first.span_id) == 16
    assert first.trace_id != second.trace_id


@pytest.mark.parametrize(
    "given",
    [
        *("", "00", TRACE, f"00-{TRACE}-{SPAN}", f"{GIVEN}-", f"{GIVEN}-more", f"{GIVEN} ", f" {GIVEN}", f"{GIVEN}\n"),
        *(GIVEN.upper(), GIVEN.replace("-", "_"), f"{GIVEN},{GIVEN}", f"0-{TRACE}-{SPAN}-01", f"ff-{TRACE}-{SPAN}-01"),
        *(f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE[1:]}-{SPAN}-01", f"00-{TRACE}-{SPAN}-1"),
        *(f"00-{TRACE}-{SPAN}-0x", f"00-{TRACE[:-1]}g-{SPAN}-01", f"00-{TRACE}-{SPAN}0-01", f"cc-{TRACE}-{SPAN}-01x"),
        *("００" + GIVEN[2:], f"00-{TRACE}-{SPAN}-٠١", "x" * 8000),
    ],
)
def test_what_is_malformed_begins_a_new_trace_and_its_state_is_dropped(given: str) -> None:
    begun = trace.begin(given, "vendor=1")

    assert begun.trace_id != TRACE
    assert (begun.parent_id, begun.state) == (None, "")


@pytest.mark.parametrize("given", [f"cc-{TRACE}-{SPAN}-01", f"cc-{TRACE}-{SPAN}-01-what-comes-later", GIVEN])
def test_a_later_version_is_read_as_far_as_it_is_known_and_sent_on_as_ours(given: str) -> None:
    begun = trace.begin(given)

    assert begun.headers["traceparent"] == f"00-{TRACE}-{begun.span_id}-01"


@pytest.mark.parametrize(("given", "sent"), [("00", "00"), ("01", "01"), ("ff", "01"), ("fe", "00")])
def test_of_the_flags_only_the_one_that_is_known_is_sent_on(given: str, sent: str) -> None:
    begun = trace.begin(f"00-{TRACE}-{SPAN}-{given}")

    assert begun.headers["traceparent"].endswith(f"-{sent}")


@pytest.mark.parametrize(
    "state",
    [
        *("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "a=1", "fw529a3039@dt=FfAz0NC5dDLtw4h1,1a@b= x!~"),
        *("a=1, ,\tb=2,", ",".join(f"k{n}=v" for n in range(32)), "k/*_-9=" + "v" * 256, f"{'k' * 256}=1"),
    ],
)
def test_a_state_in_order_is_passed_on_as_it_came(state: str) -> None:
    assert trace.begin(GIVEN, state).headers["tracestate"] == state


@pytest.mark.parametrize(
    "state",
    [
        *("", " ", "a", "a=", "=1", "A=1", "a=1,a=2", "a=1;b=2", "a=1=2", "1a=1", "a@1=1", "a=é", "a=\x00", "a=1\n"),
        *("k=" + "v" * 257, f"{'k' * 257}=1", ",".join(f"k{n}=v" for n in range(33)), "a=1," * 200, "a= "),
    ],
)
def test_any_other_state_is_dropped_and_the_trace_goes_on(state: str) -> None:
    begun = trace.begin(GIVEN, state)

    assert begun.trace_id == TRACE
    assert "tracestate" not in begun.headers


@pytest.fixture
def program() -> Flask:
    """A program that tells what it would tell the next one. It believes what comes from this machine."""
    app = Flask("telling")
    web.prepare(app, "telling", Settings(forwarded_allow_ips="127.0.0.1"))

    @app.get("/headers")
    @public
    def headers() -> dict[str, str]:
        return logs.outgoing_headers()

    return app


def told(app: Flask, peer: str) -> dict[str, str]:
    sent = {"traceparent": GIVEN, "tracestate": "vendor=1"}
    found: dict[str, str] = (
        Client(app).get("/headers", headers=sent, environ_overrides={"REMOTE_ADDR": peer}).get_json()
    )
    return found


def test_the_next_program_is_told_the_trace_of_this_request(program: Flask) -> None:
    found = told(program, "127.0.0.1")

    assert found["traceparent"].startswith(f"00-{TRACE}-")
    assert SPAN not in found["traceparent"]
    assert found["tracestate"] == "vendor=1"


def test_a_stranger_does_not_choose_in_which_trace_a_request_is(program: Flask) -> None:
    found = told(program, STRANGER)

    assert TRACE not in found["traceparent"]
    assert "tracestate" not in found
