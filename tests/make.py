"""Valid things in one call, made through the services' own rules and APIs."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import count
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from flask import Flask

from tests.api import Api

PASSWORD = "TestPass123"
CLINIC_ZONE = ZoneInfo("Europe/London")
_number = count(1)


def next_number() -> int:
    """A number that nothing else in this test run has."""
    return next(_number)


@dataclass(frozen=True)
class Person:
    """Somebody with an account, signed in."""

    id: str
    email: str
    token: str
    refresh_token: str


@cache
def _password_hash() -> str:
    """Worked out once: hashing is slow on purpose, and most tests are about something else."""
    from auth_service import passwords

    return passwords.hash_password(PASSWORD)


def person(auth: Flask, role: str = "patient", *, verified: bool = True, **given: Any) -> Person:
    """Somebody with an account and a session. Signing up and signing in have tests of their own."""
    from auth_service import models, signing_in

    n = next(_number)
    fields = {"email": f"{role}{n}@example.com", "first_name": f"First{'abcdefghij'[n % 10]}", "last_name": f"Last{n}"}
    fields |= given
    if isinstance(fields.get("birth_date"), str):
        fields["birth_date"] = date.fromisoformat(fields["birth_date"])
    if role == "doctor":
        fields |= {"licence_state": "verified" if verified else "unverified"}
        checked = {"licence_number": f"7{n:06}", "licence_register": "GMC"} if verified else {}
        fields = checked | fields
    with auth.app_context():
        row = models.Person(role=role, password_hash=_password_hash(), **fields)
        models.db.session.add(row)
        models.db.session.flush()
        signed_in = signing_in.begin_session(row, auth.config["AUTH_SECRET_KEY"])
        return Person(str(row.id), row.email, signed_in.access_token, signed_in.refresh_token)


def admin(auth: Flask) -> Person:
    return person(auth, "admin", first_name="Ada", last_name="Admin")


def verify(auth: Flask, email: str) -> None:
    from auth_service import commands, licences

    with auth.app_context():
        commands.verify(email, licences.Licence(f"7{next(_number):06}", "GMC", date(2026, 11, 2)))


def from_somewhere() -> dict[str, str]:
    """The header of a request from an address of its own: limits count addresses, and tests ask often."""
    return {"X-Forwarded-For": f"2001:db8:{next(_number):x}::1"}


def sign_in(auth: Flask, email: str, password: str = PASSWORD) -> Person:
    answer = Api(auth).post("/auth/login", json={"email": email, "password": password}, headers=from_somewhere())
    return Person(answer["user"]["id"], email, answer["access_token"], answer["refresh_token"])


WEEK = [
    {"weekday": weekday, "starts": starts, "ends": ends}
    for weekday in range(1, 8)
    for starts, ends in (("09:00", "12:00"), ("14:00", "17:00"))
]


def doctor(auth: Flask, appointment: Flask, hours: list[dict[str, Any]] = WEEK, **given: Any) -> Person:
    """A verified doctor in the directory, at work every day from 9 to 12 and 14 to 17."""
    found = person(auth, "doctor", **given)
    api = Api(appointment, found.token)
    api.put("/doctors/me", json={"specialty": "General practice", "room": "Room 4", "about": "Listens."})
    api.put("/doctors/me/hours", json={"hours": hours})
    return found


def clinic_day(days: int = 7) -> date:
    """A date some days ahead of today."""
    return datetime.now(CLINIC_ZONE).date() + timedelta(days=days)


def wish(doctor_id: str, at: time = time(10), days: int = 7, notes: str = "Sore throat") -> dict[str, Any]:
    """The body of a booking."""
    when = datetime.combine(clinic_day(days), at).isoformat()
    return {"doctor_id": doctor_id, "appointment_time": when, "notes": notes}


def appointment(appointments: Flask, patient: Person, doctor: Person, **given: Any) -> dict[str, Any]:
    answer: dict[str, Any] = Api(appointments, patient.token).post(
        "/appointments", json=wish(doctor.id, **given), expect=201
    )
    return answer


MEDICINE = {
    "name": "Amoxicillin 500 mg capsules",
    "dosage": "1 capsule 3 times a day",
    "duration": "7 days",
    "instructions": "Finish the course, even if you feel better.",
}


def medication_request(appointment_id: str, patient_id: str) -> dict[str, Any]:
    """A FHIR *MedicationRequest* from elsewhere."""
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": "Amoxicillin 500 mg capsules"},
        "subject": {"reference": f"Patient/{patient_id}"},
        "supportingInformation": [{"reference": f"Appointment/{appointment_id}"}],
        "dosageInstruction": [
            {
                "text": "1 capsule 3 times a day",
                "timing": {"repeat": {"boundsDuration": {"value": 7, "unit": "days"}}},
            }
        ],
    }


def prescription(prescriptions: Flask, doctor: Person, appointment_id: str, **given: Any) -> dict[str, Any]:
    body = {"appointment_id": appointment_id, "notes": "Rest well.", "medicines": [MEDICINE], **given}
    answer: dict[str, Any] = Api(prescriptions, doctor.token).post("/prescriptions", json=body, expect=201)
    return answer


def allergy(prescriptions: Flask, patient: Person, **given: Any) -> dict[str, Any]:
    body = {"kind": "class", "key": "penicillin", "reaction": "rash", **given}
    answer: dict[str, Any] = Api(prescriptions, patient.token).post(
        f"/patients/{patient.id}/allergies", json=body, expect=201
    )
    return answer


def reported_medicine(prescriptions: Flask, patient: Person, **given: Any) -> dict[str, Any]:
    body = given or {"name": "Ginkgo capsules", "dosage": "1 in the morning"}
    answer: dict[str, Any] = Api(prescriptions, patient.token).post(
        f"/patients/{patient.id}/medicines", json=body, expect=201
    )
    return answer


def signed_in_patients(auth: Flask, number: int) -> list[str]:
    """Access tokens of so many patients, signed without the cost of their passwords."""
    from auth_service import access_tokens
    from auth_service.models import Person as Row
    from auth_service.models import Session, db

    with auth.app_context():
        fields = {"role": "patient", "password_hash": "-", "version": 0, "first_name": "Racing"}
        rows = [Row(id=uuid4(), email=f"{uuid4()}@example.com", last_name=f"{n}", **fields) for n in range(number)]
        now = datetime.now(UTC)
        sessions = [
            Session(id=uuid4(), person_id=row.id, created_at=now, proved_at=now, expires_at=now + timedelta(hours=1))
            for row in rows
        ]
        db.session.add_all(rows)
        db.session.flush()
        db.session.add_all(sessions)
        secret = auth.config["AUTH_SECRET_KEY"]
        tokens = [access_tokens.sign(row, one, secret) for row, one in zip(rows, sessions, strict=True)]
        db.session.commit()
    return tokens


def exception(appointments: Flask, who: Person, days: int = 7, doctor_id: str | None = None, **given: Any) -> Any:
    """A schedule exception of a doctor on one day; closed all day unless told otherwise."""
    day = clinic_day(days).isoformat()
    path = f"/doctors/{doctor_id or who.id}/exceptions"
    return Api(appointments, who.token).post(path, json={"from_date": day, "to_date": day, **given}, expect=201)


def visit_type(appointments: Flask, who: Person, **given: Any) -> Any:
    """A kind of visit, made by an admin."""
    name = f"Kind {next(_number)}"
    return Api(appointments, who.token).post(
        "/visit-types", json={"name": name, "public_name": name, **given}, expect=201
    )


def waiting(appointments: Flask, patient: Person, doctor_id: str = "any", **given: Any) -> Any:
    """An entry of the waiting list, for the next four weeks unless told otherwise."""
    days = {"from": clinic_day(0).isoformat(), "to": clinic_day(28).isoformat()}
    body = {"doctor_id": doctor_id, **days, **given}
    return Api(appointments, patient.token).post("/waitlist", json=body, expect=201)
