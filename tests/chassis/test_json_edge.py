"""Bodies that are not what the contract says, at a view of every service that takes JSON."""

import gzip
import json

import pytest
from flask import Flask

from tests import make
from tests.api import Api
from tests.chassis.conftest import Service, outcome

JSON = "application/json"
MALFORMED = (400, "malformed-json")
INVALID = (422, "validation-error")
UNKNOWN = (422, "unknown-field")
NOT_JSON = (415, "unsupported-media-type")


def deep(levels: int, around: bytes = b"1") -> bytes:
    return b"[" * levels + around + b"]" * levels


BODIES = {
    "empty": (b"", MALFORMED),
    "only white space": (b" \n", MALFORMED),
    "a list": (b"[]", INVALID),
    "text": (b'"text"', INVALID),
    "true": (b"true", INVALID),
    "null": (b"null", INVALID),
    "a number": (b"1", INVALID),
    "Infinity": (b'{"a":Infinity}', MALFORMED),
    "-Infinity": (b'{"a":-Infinity}', MALFORMED),
    "NaN": (b'{"a":NaN}', MALFORMED),
    "1e999": (b'{"a":1e999}', MALFORMED),
    "a byte order mark": (b'\xef\xbb\xbf{"a":1}', MALFORMED),
    "UTF-16": ('{"a":1}'.encode("utf-16"), MALFORMED),
    "UTF-32": ('{"a":1}'.encode("utf-32"), MALFORMED),
    "UTF-32 without mark": ('{"a":1}'.encode("utf-32-le"), MALFORMED),
    "Latin-1": ('{"a":"é"}'.encode("latin-1"), MALFORMED),
    "overlong UTF-8": (b'{"a":"\xc0\xaf"}', MALFORMED),
    "a surrogate in raw UTF-8": (b'{"a":"\xed\xa0\x80"}', MALFORMED),
    "nothing but opening": (b"[" * 60_000, MALFORMED),
    "30,000 levels": (deep(30_000), MALFORMED),
    "30,000 levels of objects": (b'{"a":' * 9_000 + b"1" + b"}" * 9_000, MALFORMED),
    "21 levels": (deep(21), MALFORMED),
    "20 levels": (deep(20), INVALID),
    "an integer of 5,000 digits": (b'{"a":' + b"9" * 5_000 + b"}", MALFORMED),
    "an integer of 4,000 digits": (b'{"a":' + b"9" * 4_000 + b"}", UNKNOWN),
    "a trailing comma": (b'{"a":1,}', MALFORMED),
    "single quotes": (b"{'a':1}", MALFORMED),
    "a comment": (b'{"a":1/*x*/}', MALFORMED),
    "two values": (b"{}{}", MALFORMED),
    "one name twice": (b'{"a":1,"a":2}', MALFORMED),
    "one name twice, spelled differently": (b'{"a":1,"\\u0061":2}', MALFORMED),
    "one name twice, deep": (b'{"a":[{"b":1,"b":2}]}', MALFORMED),
    "a control character": (b'{"a":"\x01"}', MALFORMED),
    "an unknown name": (b'{"a":1}', UNKNOWN),
    "a lone surrogate as name": (b'{"\\ud800":1}', UNKNOWN),
    "an unknown __proto__": (b'{"__proto__":{"role":"admin"}}', UNKNOWN),
}


def test_a_body_that_is_not_plain_json_of_the_right_shape_is_refused(
    services: list[Service], doctor: make.Person
) -> None:
    wrong = {}
    for service in services:
        for case, (body, expected) in BODIES.items():
            found = outcome(service.write(doctor.token, data=body, content_type=JSON))
            # a missing required field beside the unknown one makes it a plain validation error
            if found not in ({expected, INVALID} if expected == UNKNOWN else {expected}):
                wrong[service.name, case] = found

    assert wrong == {}


def test_a_proper_body_is_taken(services: list[Service], doctor: make.Person) -> None:
    found = {s.name: outcome(s.write(doctor.token, json=s.valid)) for s in services}

    assert found == {"auth": (200, "-"), "appointment": (200, "-"), "prescription": (404, "appointment-not-found")}


@pytest.mark.parametrize("text", ["\ud800", "nul \0", "\u202e", "\u200b\u200b"])
def test_text_that_nobody_can_store_or_read_is_refused_by_name(
    services: list[Service], doctor: make.Person, text: str
) -> None:
    fields = {"auth": "first_name", "appointment": "specialty", "prescription": "notes"}

    for service in services:
        field = fields[service.name]
        answer = service.write(doctor.token, json=service.valid | {field: text})
        assert outcome(answer) == INVALID, service.name
        assert [error["pointer"] for error in answer.get_json()["errors"]] == [f"/{field}"]


def test_a_pointer_escapes_what_a_pointer_must(services: list[Service], doctor: make.Person) -> None:
    for service in services:
        answer = service.write(doctor.token, json=service.valid | {"a/b~c": 1})
        assert outcome(answer) == UNKNOWN
        assert answer.get_json()["errors"][0]["pointer"] == "/a~1b~0c"


def test_thousands_of_unknown_names_are_refused_in_few_words(services: list[Service], doctor: make.Person) -> None:
    body = json.dumps({f"{n:x}": 0 for n in range(6_000)}, separators=(",", ":"))

    for service in services:
        service.read(doctor.token)  # so that the token is known
        answer = service.write(doctor.token, data=body, content_type=JSON)
        assert outcome(answer) in {INVALID, UNKNOWN}
        assert len(answer.get_data()) < 20_000


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/xml",
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/problem+json",
        "application/json; charset=utf-16",
        "application/json,text/plain",
        "APPLICATION/JSONP",
        "",
    ],
)
def test_only_application_json_is_taken(services: list[Service], doctor: make.Person, content_type: str) -> None:
    for service in services:
        answer = service.write(doctor.token, data=json.dumps(service.valid), content_type=content_type)
        assert outcome(answer) == NOT_JSON, service.name


def test_an_external_entity_is_never_read(services: list[Service], doctor: make.Person) -> None:
    xml = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'

    for service in services:
        answer = service.write(doctor.token, data=xml, content_type="application/xml")
        assert outcome(answer) == NOT_JSON
        assert "root:" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "br", "identity, gzip"])
def test_a_compressed_body_is_not_unpacked(services: list[Service], doctor: make.Person, encoding: str) -> None:
    bomb = gzip.compress(b" " * 10_000_000)

    for service in services:
        answer = service.write(doctor.token, data=bomb, content_type=JSON, headers={"Content-Encoding": encoding})
        assert outcome(answer) == NOT_JSON, service.name


@pytest.mark.parametrize("spelling", ["application/json", "application/json; charset=UTF-8", "Application/JSON"])
def test_every_spelling_of_plain_json_is_taken(services: list[Service], doctor: make.Person, spelling: str) -> None:
    for service in services:
        answer = service.write(doctor.token, data=json.dumps(service.valid), content_type=spelling)
        assert answer.status_code in {200, 404}, (service.name, answer.get_data())


def test_a_body_over_the_limit_is_refused_and_one_at_the_limit_is_read(
    services: list[Service], doctor: make.Person
) -> None:
    limit = 64 * 1024
    for service in services:
        at_limit = json.dumps(service.valid).encode().ljust(limit)
        assert service.write(doctor.token, data=at_limit, content_type=JSON).status_code in {200, 404}
        assert outcome(service.write(doctor.token, data=at_limit + b" ", content_type=JSON)) == (413, "too-large")


def test_a_view_without_input_takes_no_other_content_either(auth: Flask, appointment: Flask) -> None:
    patient = make.person(auth)
    doctor = make.doctor(auth, appointment)
    entry = make.waiting(appointment, patient, doctor.id)["id"]
    leave = Service("appointment", appointment, "", ("DELETE", f"/waitlist/{entry}"), {})

    assert outcome(leave.write(patient.token, data="x=1", content_type="text/plain")) == NOT_JSON
    assert outcome(leave.write(patient.token, data="{", content_type=JSON)) == MALFORMED
    assert outcome(leave.write(patient.token, data=b" " * 70_000, content_type=JSON)) == (413, "too-large")
    assert outcome(leave.write(patient.token, json={"reason": "ill"})) == UNKNOWN
    assert outcome(leave.write(patient.token, json=["ill"])) == INVALID
    assert Api(appointment, patient.token).get(f"/waitlist/{entry}")["state"] == "waiting"
    assert outcome(leave.write(patient.token, json={})) == (200, "-")
    assert outcome(leave.write(patient.token)) == (200, "-")
