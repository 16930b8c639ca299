"""One page of the portal is one trace, in the logs of every program that it touched."""

import json
from typing import Any

from flask import Flask

from tests import make
from tests.journeys.wire import VisitorOnTheWire
from tests.servers import Clinic, Program

HISTORY = "/account/history"
"""The one page that asks all three services: who has seen my record."""


def lines(program: Program) -> list[dict[str, Any]]:
    return [json.loads(line) for line in program.log.read_text().splitlines() if line.startswith("{")]


def test_one_page_is_one_trace_through_all_four_programs(clinic: Clinic, auth: Flask) -> None:
    maya = VisitorOnTheWire(clinic.portal.url)
    maya.sign_in(make.person(auth).email)

    maya.get(HISTORY)

    page = next(line for line in reversed(lines(clinic.portal)) if line.get("route") == HISTORY)
    assert "parent_id" not in page
    for service in (clinic.auth, clinic.appointment, clinic.prescription):
        (asked,) = [line for line in lines(service) if line["trace_id"] == page["trace_id"]]
        assert asked["route"] == "/audit-events"
        assert asked["parent_id"] == page["span_id"]
        assert asked["span_id"] != page["span_id"]
        assert asked["request_id"] == page["request_id"]


def test_every_line_of_every_program_says_its_trace(clinic: Clinic) -> None:
    for program in (clinic.portal, clinic.auth, clinic.appointment, clinic.prescription):
        said = lines(program)
        assert said
        assert all({"trace_id", "span_id", "request_id"} <= line.keys() for line in said)
