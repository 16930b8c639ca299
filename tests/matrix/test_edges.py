"""The edge of HTTP and JSON is the same at every endpoint of every service, whoever wrote it and whenever."""

import json
from typing import Any

import pytest
from flask import Flask

from tests import make, thorough
from tests.api import Api
from tests.chassis.conftest import outcome
from tests.chassis.test_json_edge import deep
from tests.matrix.policy import NOBODY, REFUSED, ROLES, policy
from tests.matrix.walk import Endpoint
from tests.matrix.world import MISSING

SERVICES = ("auth", "appointment", "prescription")
JSON = {"content_type": "application/json"}
MALFORMED, NOT_JSON, TOO_LARGE = (400, "malformed-json"), (415, "unsupported-media-type"), (413, "too-large")
INVALID = {(422, "validation-error"), (422, "unknown-field")}

BODIES: dict[str, tuple[dict[str, Any], set[tuple[int, str]]]] = {
    "half an object": ({"data": b'{"a":', **JSON}, {MALFORMED}),
    "only white space": ({"data": b" \n", **JSON}, {MALFORMED}),
    "a byte order mark": ({"data": b"\xef\xbb\xbf{}", **JSON}, {MALFORMED}),
    "UTF-16": ({"data": "{}".encode("utf-16"), **JSON}, {MALFORMED}),
    "NaN": ({"data": b'{"a":NaN}', **JSON}, {MALFORMED}),
    "1e999": ({"data": b'{"a":1e999}', **JSON}, {MALFORMED}),
    "one name twice": ({"data": b'{"a":1,"a":1}', **JSON}, {MALFORMED}),
    "5,000 digits": ({"data": b'{"a":' + b"9" * 5000 + b"}", **JSON}, {MALFORMED}),
    "30,000 levels": ({"data": deep(30_000), **JSON}, {MALFORMED}),
    "a comment": ({"data": b"{}//", **JSON}, {MALFORMED}),
    "a list": ({"data": b"[]", **JSON}, INVALID),
    "text": ({"data": b'"text"', **JSON}, INVALID),
    "null": ({"data": b"null", **JSON}, INVALID),
    "an unknown name": ({"data": b'{"__proto__":1}', **JSON}, INVALID),
    "a lone surrogate as name": ({"data": b'{"\\ud800":"\\ud800"}', **JSON}, INVALID),
    "5,000 unknown names": ({"data": json.dumps({f"{n:x}": 0 for n in range(5000)}), **JSON}, INVALID),
    "plain text": ({"data": b"{}", "content_type": "text/plain"}, {NOT_JSON}),
    "a form": ({"data": b"a=1", "content_type": "application/x-www-form-urlencoded"}, {NOT_JSON}),
    "parts": ({"data": b"--x--", "content_type": "multipart/form-data; boundary=x"}, {NOT_JSON}),
    "XML": ({"data": b"<a/>", "content_type": "application/xml"}, {NOT_JSON}),
    "JSON patch": ({"data": b"[]", "content_type": "application/json-patch+json"}, {NOT_JSON}),
    "gzip": ({"data": b"\x1f\x8b", **JSON, "headers": {"Content-Encoding": "gzip"}}, {NOT_JSON}),
    "70 kB": ({"data": b" " * 70_000, **JSON}, {TOO_LARGE}),
}


EVERY = thorough.times(4, 1)
"""Of the bodies one in so many is sent to an endpoint, and the next one to the next endpoint."""


PROGRAM = "program"
"""Whom a line lets in that refuses every person."""


def who_may(line: dict[str, str]) -> str:
    return next((who for who in (*ROLES, NOBODY) if line[who] != REFUSED), PROGRAM)


@pytest.fixture
def tokens(auth: Flask, environment: dict[str, str]) -> dict[str, str | None]:
    people = {role: make.person(auth, role).token for role in ("patient", "doctor", "admin")}
    unverified = make.person(auth, "doctor", verified=False).token
    return {**people, "unverified": unverified, NOBODY: None, PROGRAM: environment["SERVICE_KEY"]}


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> tuple[str, Flask]:
    return request.param, request.getfixturevalue(request.param)


def test_a_body_that_is_none_is_refused_at_every_endpoint(
    service: tuple[str, Flask], tokens: dict[str, str | None]
) -> None:
    name, app = service
    wrong = {}
    for n, (route, line) in enumerate(policy(name).items()):
        endpoint = Endpoint(app, route, line)
        api = Api(app, tokens[who_may(line)])
        for case, (given, expected) in list(BODIES.items())[n % EVERY :: EVERY]:
            found = outcome(api.send(endpoint.method, endpoint.path.replace("{}", MISSING), **given))
            if found not in expected:
                wrong[route, case] = found

    assert wrong == {}


def test_what_nobody_can_read_right_is_refused_at_every_endpoint(
    service: tuple[str, Flask], tokens: dict[str, str | None]
) -> None:
    name, app = service
    wrong = {}
    for route, line in policy(name).items():
        endpoint = Endpoint(app, route, line)
        path = endpoint.path.replace("{}", MISSING).split("?")[0]
        api = Api(app, tokens[who_may(line)])
        for case, asked, headers, expected in (
            ("a parameter twice", f"{path}?a=1&a=2", {}, (422, "validation-error")),
            ("an answer in no form", path, {"Accept": "*/*;q=0"}, (406, "not-acceptable")),
            ("another spelling", f"{path}/", {}, (404, "not-found")),
            ("another method", path, {}, (405, "method-not-allowed")),
        ):
            method = "PROPFIND" if case == "another method" else endpoint.method
            found = outcome(api.send(method, asked, headers=headers))
            if found != expected:
                wrong[route, case] = found

    assert wrong == {}


def test_no_token_but_the_one_in_the_header_counts_at_any_endpoint(
    service: tuple[str, Flask], tokens: dict[str, str | None]
) -> None:
    name, app = service
    for route, line in policy(name).items():
        if line[NOBODY] != REFUSED:
            continue
        endpoint = Endpoint(app, route, line)
        path, token = endpoint.path.replace("{}", MISSING).split("?")[0], tokens[who_may(line)]
        elsewhere = {"Cookie": f"access_token={token}; session={token}", "X-Authorization": f"Bearer {token}"}
        found = Api(app).send(endpoint.method, f"{path}?access_token={token}", headers=elsewhere)
        assert outcome(found) == (401, "token-missing"), route
        for spoiled in ("", "x", f"{token}x", f"{token[:-8]}AAAAAAAA" if token else ""):
            given = Api(app).send(endpoint.method, path, headers={"Authorization": f"Bearer {spoiled}"})
            assert outcome(given)[0] == 401, (route, spoiled)
