"""One person of each role, with records of their own and records of strangers, made anew for each line of the table."""

from functools import cached_property
from uuid import UUID

import jwt
from flask import Flask

from tests import make
from tests.api import Api
from tests.appointment_service.telling import unreached
from tests.matrix.policy import ROLES
from tests.prescription_service.structured import AMOXICILLIN

MISSING = "00000000-0000-4000-8000-000000000000"
Pair = tuple[make.Person, make.Person]
"""A patient and their doctor."""


class World:
    """Who asks, and the ids they ask for."""

    def __init__(self, auth: Flask, appointment: Flask, prescription: Flask) -> None:
        self.auth, self.appointment, self.prescription = auth, appointment, prescription
        self._tokens: dict[str, str] = {}

    def token(self, role: str) -> str:
        """An access token of the person of this role. Ask for ids first: a suspended doctor's records are older."""
        if role == "suspended":
            return self._suspended_token
        return self._people[role].token

    def own(self, parameter: str, role: str) -> str | None:
        """The id of something of theirs; None where this role can have nothing of the kind."""
        person = self._people[role]
        if parameter in {"person_id", "doctor_id"}:
            return person.id if parameter == "person_id" or role == "doctor" else None
        if parameter == "session_id":
            return session_of(person)
        if parameter == "visit_type_id":
            return None
        pair = {"patient": self._pairs[0], "doctor": self._pairs[1], "suspended": self._pairs[2]}.get(role)
        return self._records[parameter, pair] if pair else None

    def other(self, parameter: str) -> str:
        """The id of something of a stranger's."""
        patient, doctor = self._pairs[3]
        if parameter == "visit_type_id":
            return make.visit_type(self.appointment, self._people["admin"])["id"]
        if parameter in {"person_id", "doctor_id"}:
            return patient.id if parameter == "person_id" else doctor.id
        return session_of(patient) if parameter == "session_id" else self._records[parameter, self._pairs[3]]

    @cached_property
    def _people(self) -> dict[str, make.Person]:
        auth = self.auth
        people = {
            "patient": make.person(auth),
            "unverified": make.person(auth, "doctor", verified=False),
            "suspended": make.doctor(auth, self.appointment),
            "doctor": make.doctor(auth, self.appointment),
            "admin": make.admin(auth),
        }
        make.admin(auth)  # no admin here is the last one
        assert people.keys() == set(ROLES)
        return people

    @cached_property
    def _pairs(self) -> list[Pair]:
        people = self._people
        strangers = make.person(self.auth), make.doctor(self.auth, self.appointment)
        return [
            (people["patient"], strangers[1]),
            (strangers[0], people["doctor"]),
            (strangers[0], people["suspended"]),
            (make.person(self.auth), strangers[1]),
        ]

    @cached_property
    def _records(self) -> dict[tuple[str, Pair], str]:
        found = {}
        feeds = {patient.id: _feed(self.appointment, patient) for patient, _ in self._pairs}
        for hour, pair in enumerate(self._pairs):
            at = make.time(9 + hour % 3, 20 * (hour // 3))
            visit = make.appointment(self.appointment, *pair, at=at)["id"]
            found["appointment_id", pair] = visit
            found["prescription_id", pair] = make.prescription(self.prescription, pair[1], visit)["id"]
            found["draft_id", pair] = make.prescription(self.prescription, pair[1], visit, status="draft")["id"]
            found["message_id", pair] = unreached(self.appointment, UUID(visit))
            found["patient_id", pair] = pair[0].id
            found["feed_token", pair] = feeds[pair[0].id]
            found["exception_id", pair] = make.exception(self.appointment, pair[1], days=60)["exception"]["id"]
            found["entry_id", pair] = make.waiting(self.appointment, pair[0])["id"]
            found["allergy_id", pair] = make.allergy(self.prescription, pair[0])["id"]
            found["request_id", pair] = _repeat_request(self.prescription, pair[0], found["prescription_id", pair])
            found["template_id", pair] = _template(self.prescription, pair[1], f"Set {hour}")
            found["report_id", pair] = make.reported_medicine(self.prescription, pair[0])["id"]
        return found

    @cached_property
    def _suspended_token(self) -> str:
        """Of a doctor whose licence held when the records were made, and holds no longer."""
        from auth_service import models, signing_in

        with self.auth.app_context():
            row = models.db.session.get_one(models.Person, UUID(self._people["suspended"].id))
            row.licence_state = "suspended"
            models.db.session.commit()
            return signing_in.begin_session(row, self.auth.config["AUTH_SECRET_KEY"]).access_token


def _repeat_request(prescription: Flask, patient: make.Person, prescription_id: str) -> str:
    path = f"/prescriptions/{prescription_id}/repeat-requests"
    return str(Api(prescription, patient.token).post(path, json={}, expect=201)["id"])


def _template(prescription: Flask, doctor: make.Person, name: str) -> str:
    body = {"name": name, "medicines": [AMOXICILLIN]}
    return str(Api(prescription, doctor.token).post("/templates", json=body, expect=201)["id"])


def _feed(appointment: Flask, patient: make.Person) -> str:
    return str(Api(appointment, patient.token).post("/calendar-feed", expect=201)["token"])


def session_of(person: make.Person) -> str:
    return str(jwt.decode(person.token, options={"verify_signature": False})["sid"])
