"""Asks one endpoint as everybody, with every kind of id, and says where the answer is not what the table says."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests import make
from tests.api import Api, code_of
from tests.matrix.policy import MAY, NOBODY, OWN, Line
from tests.matrix.world import MISSING, World
from tests.prescription_service.structured import AMOXICILLIN

SAME_REQUEST = {"X-Request-Id": "the-same-for-both"}
"""So that what differs between two answers is not this."""
REFUSED = {"forbidden", "doctor-not-verified"}

_day = make.clinic_day().isoformat()
ELSEWHERE = {
    "GET /slots": ("doctor_id", f"?doctor_id={{}}&from={_day}&to={_day}", None),
    "POST /appointments": ("doctor_id", "", make.wish("{}", at=make.time(16))),
    "POST /doctors/me/appointments": (
        *("patient_id", ""),
        {"patient_id": "{}", "appointment_time": f"{_day}T16:20:00"},
    ),
    "GET /fhir/Slot": ("doctor_id", f"?schedule={{}}&start={_day}", None),
    "GET /fhir/AllergyIntolerance": ("patient_id", "?patient={}", None),
    "POST /fhir/MedicationRequest": ("appointment_id", "", make.medication_request("{}", MISSING)),
    "POST /prescriptions/check": ("appointment_id", "", {"appointment_id": "{}", "medicines": [make.MEDICINE]}),
    "POST /prescriptions": ("appointment_id", "", {"appointment_id": "{}", "medicines": [make.MEDICINE]}),
}
"""Where the id is not in the path: which id, the query and the body around it."""
BODIES: dict[str, Any] = {
    "PUT /people/<id:person_id>/role": {"role": "admin"},
    "POST /appointments/<id:appointment_id>/move": {"appointment_time": f"{_day}T15:00:00"},
    "POST /appointments/<id:appointment_id>/reopen": {"reason": "A slip of the mouse."},
    "POST /appointments/<id:appointment_id>/mark-error": {"reason": "Another patient's."},
    "PUT /doctors/<id:doctor_id>/hours": {"hours": make.WEEK},
    "PUT /doctors/<id:doctor_id>/overrides": {"overrides": []},
    "PUT /visit-types/<id:visit_type_id>": {"name": "Kind", "public_name": "Kind"},
    "POST /doctors/<id:doctor_id>/hours/preview": {"hours": make.WEEK},
    "POST /doctors/<id:doctor_id>/exceptions": {"from_date": _day, "to_date": _day, "on_conflict": "keep"},
    "POST /doctors/<id:doctor_id>/exceptions/preview": {"from_date": _day, "to_date": _day},
    "POST /patients/<id:patient_id>/allergies": {"kind": "class", "key": "penicillin"},
    "POST /patients/<id:patient_id>/medicines": {"name": "Ginkgo"},
    "POST /prescriptions/<id:prescription_id>/hold": {"reason": "The pharmacist asks."},
    "POST /prescriptions/<id:prescription_id>/resume": {"reason": "As it was written."},
    "POST /prescriptions/<id:prescription_id>/cancel": {"reason_code": "salg"},
    "POST /prescriptions/<id:prescription_id>/stop": {"reason_code": "salg"},
    "POST /prescriptions/<id:prescription_id>/enter-in-error": {"reason": "Another patient's."},
    "POST /repeat-requests/<id:request_id>/decline": {"reason": "See me first."},
    "POST /prescriptions/<id:prescription_id>/repeat-requests": {"note": "It helps."},
    "PUT /templates/<id:template_id>": {"name": "Sore throat", "medicines": [AMOXICILLIN]},
    "POST /drafts/<id:draft_id>/sign": {"overrides": []},
    "PUT /drafts/<id:draft_id>": {"appointment_id": MISSING, "medicines": [make.MEDICINE]},
    "POST /allergies/<id:allergy_id>/refute": {"reason": "Tolerated it since."},
    "POST /allergies/<id:allergy_id>/enter-in-error": {"reason": "Another patient's."},
    "POST /reported-medicines/<id:report_id>/enter-in-error": {"reason": "Another patient's."},
    "POST /people/<id:person_id>/licence/verify": {"number": "1234567", "register": "GMC", "checked_on": "2026-01-02"},
    "POST /people/<id:person_id>/licence/reject": {"reason": "Not on the register."},
    "POST /people/<id:person_id>/licence/suspend": {"reason": "Under investigation."},
}
"""What else to send to an endpoint with an id, so that it comes as far as to look for the record."""


@dataclass
class Endpoint:
    """One line of the table at one service."""

    app: Flask
    name: str
    line: Line

    def __post_init__(self) -> None:
        self.method, rule = self.name.split(" ", 1)
        in_path = re.search(r"<(?:id:)?(\w+)>", rule)
        self.parameter, query, self.body = ELSEWHERE.get(self.name, (in_path and in_path[1], "", BODIES.get(self.name)))
        self.path = re.sub(r"<(?:\w+:)?\w+>", "{}", re.sub(r"<int:\w+>", "1", rule)) + query
        self.malformed = 404 if in_path else 422

    def ask(self, token: str | None, record: str) -> TestResponse:
        body: dict[str, Any] = {}
        if self.body is not None:
            body = {"data": json.dumps(self.body).replace("{}", record), "content_type": "application/json"}
        path = self.path.replace("{}", record)
        answer = Api(self.app, token).send(self.method, path, headers=SAME_REQUEST, **body)
        answer.get_data()
        answer.close()
        return answer


def deviations(endpoint: Endpoint, world: World) -> list[str]:
    """Everything at this endpoint that is not as the table says, in words."""
    found = []
    for who, may in endpoint.line.items():
        for kind, problem in _ask_as(endpoint, world, who, may):
            found += [f"{endpoint.name} as {who} with {kind}: {problem}"] if problem else []
    return found


def _ask_as(endpoint: Endpoint, world: World, who: str, may: str) -> Iterator[tuple[str, str | None]]:
    parameter = endpoint.parameter
    if not parameter:
        yield "no id", _as_told(endpoint.ask(world.token(who) if who != NOBODY else None, ""), who, may != "–")
        return
    other, own = world.other(parameter), world.own(parameter, who) if who != NOBODY else None
    token = world.token(who) if who != NOBODY else None
    for spelling in {other.upper(), other.replace("-", ""), "1", "%00"} - {other}:
        status = endpoint.ask(token, spelling).status_code
        expected = endpoint.malformed if may != "–" or endpoint.malformed == 404 else {401, 403}
        yield f"a malformed id ({spelling})", _unless(status in (expected if isinstance(expected, set) else {expected}))
    absent, strangers = endpoint.ask(token, MISSING), endpoint.ask(token, other)
    if may == MAY:
        yield "no such id", _unless(absent.status_code == 404, absent)
        yield "another's id", _as_told(strangers, who, True)
    else:
        yield "another's id, not as with none", _unless(_all_of(strangers) == _all_of(absent), strangers)
        yield "another's id", _as_told(strangers, who, False, also_missing=may == OWN)
    if own:  # last, because it may end what the others need
        yield "their own id", _as_told(endpoint.ask(token, own), who, may in {MAY, OWN})


def _as_told(answer: TestResponse, who: str, let_in: bool, *, also_missing: bool = False) -> str | None:
    """None when the answer lets in, or refuses, as it should."""
    status, code = answer.status_code, code_of(answer)
    if let_in:
        return _unless(status not in {401, 403, 404, 405} and status < 500, answer)
    if who == NOBODY:
        return _unless((status, code) == (401, "token-missing"), answer)
    return _unless((status == 403 and code in REFUSED) or (also_missing and status == 404), answer)


def _unless(fine: bool, answer: TestResponse | None = None) -> str | None:
    if fine:
        return None
    return f"{answer.status_code} {answer.get_data(as_text=True)[:200]}" if answer else "not refused as malformed"


def _all_of(answer: TestResponse) -> tuple[int, list[tuple[str, str]], bytes]:
    return answer.status_code, list(answer.headers), answer.get_data()
