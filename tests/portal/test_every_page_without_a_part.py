"""Every page of every role while each of the services is out: it says which part that is, in time, and never breaks."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.routing import Rule

from chassis.breaker import Breaker
from chassis.client import ServiceClient
from portal import session
from portal.api import base, services
from portal.outages import SENTENCES, part
from portal.pages import page
from tests import make
from tests.matrix.world import World
from tests.portal.visitor import Page, Visitor
from tests.thorough import times

SERVICES = {"auth": "auth", "appointment": "appointments", "prescription": "prescriptions"}
"""Their names, and what the portal calls the clients of them."""
ROLES = ("nobody", "patient", "doctor", "admin")
OF_ROLE = {"visit_id": "appointment_id", "closing_id": "exception_id"}
QUERIES = {
    "/book/<doctor_or_any:doctor_id>": "?from={day}&day={day}",
    "/prescribing/medicines": "?q=amox",
    "/prescribing/understood": "?dosage=1-0-1",
}
OUTSIDE = {"/static/<path:filename>", "/metrics", "/calendar/<token>.ics", "/sign-out", "/account/data/download"}
"""What shows no page of a person, or is served without any service."""
PIECES = re.compile("/prescribing/|/health")
"""No whole pages: pieces for a script, which says nothing, and answers for balancers."""
SHOWS_ALL = re.compile("/waiting-list/join$|/schedule/doctors/[^/]+/time-off/new$")
"""Forms that need only a name of the service they ask, a doctor's or a kind of visit's, and show the one seen last."""
ELSEWHERE = {"doctor": ("/schedule",), "admin": ("/hours", "/time-off")}
"""Where the other role does the same at addresses of its own."""
BUDGET = 0.5
"""Seconds, in place of what a page may take when a service is silent: the walk is long."""
SLACK = 1.5


@dataclass
class Walk:
    """The pages of one person, and how they are opened."""

    visitor: Visitor
    portal: Flask
    paths: list[str] = field(default_factory=list)

    def open(self, path: str) -> tuple[int, Page | None]:
        """One page, on its own: a neighbour that was found silent by the one before is asked again."""
        for name in SERVICES:
            client = client_of(self.portal, name)
            client.breaker = Breaker(name)
        answer = self.visitor.client.get(path, headers={"Sec-Fetch-Site": "same-origin"}, follow_redirects=True)
        found = Page(answer, path) if answer.mimetype == "text/html" and not PIECES.match(path) else None
        answer.close()
        return answer.status_code, found


def client_of(portal: Flask, name: str) -> ServiceClient:
    client: ServiceClient = getattr(portal.extensions["services"], SERVICES[name]).client
    return client


@contextmanager
def at(client: ServiceClient, url: str) -> Iterator[None]:
    before, client.base_url = client.base_url, url
    try:
        yield
    finally:
        client.base_url, client.breaker = before, Breaker(client.name)


@pytest.fixture(params=ROLES)
def walk(request: pytest.FixtureRequest, portal: Flask, auth: Flask, appointment: Flask, prescription: Flask) -> Walk:
    world, role = World(auth, appointment, prescription), request.param
    visitor = Visitor(portal)
    ids = Ids(world, role)
    paths = [ids.path(rule) for rule in portal.url_map.iter_rules() if is_page(portal, rule, role)]
    if role != "nobody":
        visitor.sign_in(world._people[role].email)
    return Walk(visitor, portal, sorted({path for found in paths for path in found}))


def is_page(portal: Flask, rule: Rule, role: str) -> bool:
    access = getattr(portal.view_functions[rule.endpoint], "access", None)
    open_to = role == "nobody" if access == "public" else role != "nobody" and (access is None or role in access)
    theirs = rule.rule == "/" or (open_to and not rule.rule.startswith(ELSEWHERE.get(role, "-")))
    return "GET" in (rule.methods or ()) and rule.rule not in OUTSIDE and theirs


@dataclass
class Ids:
    """What stands in the paths of the pages of one role."""

    world: World
    role: str

    def path(self, rule: Rule) -> list[str]:
        choices = re.search(r"<any\((.*?)\):\w+>", rule.rule)
        spelled = [word.strip(" '") for word in choices[1].split(",")] if choices else [""]
        day = make.clinic_day().isoformat()
        query = QUERIES.get(rule.rule, "").format(day=day)
        filled = re.sub(r"<(?!any)(?:\w+:)?(\w+)>", lambda match: self._id(match[1]), rule.rule)
        return [re.sub(r"<any\(.*?\):\w+>", word, filled) + query for word in spelled]

    def _id(self, parameter: str) -> str:
        name = OF_ROLE.get(parameter, parameter)
        if self.role == "nobody":
            return self.world.other(name)
        return self.world.own(name, self.role) or self.world.other(name)


def parts(page: Page) -> set[str]:
    """Which services the page says are out."""
    return {name for name, sentence in SENTENCES.items() if sentence in page.source}


def what_is_wrong(status: int, page: Page | None, out: str, asked: bool) -> str | None:
    """None where the page is as it should be while `out` is."""
    if status >= 500 and status != 503:
        return f"{status}"
    if page is None:
        return None
    page.check()
    said = parts(page)
    if status == 503 and not page.response.headers.get("Retry-After"):
        return "503 without Retry-After"
    if said - {out}:
        return f"says that {said - {out}} is out"
    if asked and out not in said and not SHOWS_ALL.match(page.path):
        return f"{status}, and does not say what is out: {page.text[:150]}"
    return None


def problems(walk: Walk, out: str, paths: list[str], bound: float | None = None) -> list[str]:
    client, found = client_of(walk.portal, out), []
    for path in paths:
        before, began = client.retries.requests, time.monotonic()
        status, page = walk.open(path)
        took = time.monotonic() - began
        wrong = what_is_wrong(status, page, out, client.retries.requests > before)
        if not wrong and bound and took > bound:
            wrong = f"took {took:.1f} s"
        found += [f"{path}: {wrong}"] if wrong else []
    return found


def statuses(walk: Walk) -> dict[str, int]:
    return {path: walk.open(path)[0] for path in walk.paths}


def test_every_page_says_which_part_is_out_and_waits_for_none_beyond_its_budget(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = statuses(walk)  # the control: the walk goes to pages that are there
    assert {path: status for path, status in opened.items() if status not in {200, 404, 409, 422}} == {}
    assert sum(status == 200 for status in opened.values()) > max(len(opened) * 0.8, 5), opened

    for out in SERVICES:
        with at(client_of(walk.portal, out), "http://127.0.0.1:9"):
            assert problems(walk, out, walk.paths) == [], f"{out} is down"

    monkeypatch.setattr(base, "PAGE_BUDGET", BUDGET)
    monkeypatch.setattr(base, "CALL_BUDGET", BUDGET * 0.7)
    some = walk.paths[:: times(8, 1)]
    with black_hole() as url:
        for out in SERVICES:
            with at(client_of(walk.portal, out), url):
                assert problems(walk, out, some, bound=BUDGET + SLACK) == [], f"{out} is silent"


@contextmanager
def black_hole() -> Iterator[str]:
    """Connections are taken, and nothing is ever answered."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(500)
        yield f"http://127.0.0.1:{silent.getsockname()[1]}"


def test_a_page_that_kept_quiet_would_be_found(maya: Visitor, portal: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def quiet() -> ResponseReturnValue:
        part(services().prescriptions.listed)
        return page("home/visitor.html")

    monkeypatch.setitem(portal.view_functions, "prescriptions.index", session.only("patient")(quiet))
    with at(client_of(portal, "prescription"), "http://127.0.0.1:9"):
        (found,) = problems(Walk(maya, portal), "prescription", ["/prescriptions"])

    assert "does not say what is out" in found
