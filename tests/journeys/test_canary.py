"""Words that must not leave: a password, tokens and what is wrong with somebody go through everything the programs can
be asked, right, wrong and failing, and stand in no log afterwards."""

import base64
import contextlib
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
import pyotp
import pytest
import requests
from flask import Flask

from chassis import logs
from tests import make, servers
from tests.journeys.wire import VisitorOnTheWire
from tests.mailbox import Mailbox
from tests.servers import Clinic

PASSWORD, WRONG, NEW = "Kanarienvogel-4711", "Wellensittich-4711", "Nymphensittich-4711"
REASON, NOTES = "Zebrafinkausschlag juckt", "Papageiruhe halten"
MEDICINE, DOSAGE, INSTRUCTIONS = "Kakadumycin 500 mg tablets", "1 Kakadutablette", "Mit Graupapagei-Tee"
EMAIL, SURNAME = "beo.rotkehlchen@example.com", "Rotkehlchen"
SAID = [PASSWORD, WRONG, NEW, REASON, NOTES, MEDICINE, DOSAGE, INSTRUCTIONS, EMAIL, SURNAME]


def spellings(secret: str) -> set[str]:
    """How a word may look in a log."""
    raw = secret.encode()
    plain = {secret, quote(secret), quote(secret).replace("%20", "+"), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    # base64 of the middle is the same at every position within three bytes
    shifted = {base64.b64encode(raw[skip : len(raw) - (len(raw) - skip) % 3]).decode() for skip in range(3)}
    words = {word for word in secret.split() if len(word) > 8}
    return plain | shifted | words | {raw.hex()}


def found_in(text: str, secrets: list[str]) -> set[str]:
    return {secret for secret in secrets if any(spelling in text for spelling in spellings(secret))}


@dataclass
class Run:
    """Four programs with the wordiest log, and every secret that came up."""

    clinic: Clinic
    environment: dict[str, str]
    secrets: list[str] = field(default_factory=lambda: list(SAID))

    def ask(self, program: str, method: str, path: str, token: str | None = None, **given: Any) -> Any:
        """One request; every token in its answer is a secret from now on."""
        headers = {"X-Request-Id": "canary-run-0001", **given.pop("headers", {})}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        session = requests.Session()
        session.trust_env = False
        url = getattr(self.clinic, program).url + path
        with session, session.request(method, url, headers=headers, timeout=20, **given) as answer:
            found = answer.json() if "json" in answer.headers.get("Content-Type", "") and answer.content else {}
        for name in ("access_token", "refresh_token", "challenge", "secret"):
            self.secrets += [found[name]] if name in found else []
        self.secrets += found.get("recovery_codes", [])
        return {**found, "status": answer.status_code}

    def logs(self) -> dict[str, str]:
        programs = {name: getattr(self.clinic, name).log.read_text() for name in self.clinic.__dataclass_fields__}
        return {**programs, "postgresql": Path(self.environment["SERVER_LOG"]).read_text()}


@pytest.fixture
def run(environment: dict[str, str], migrated: None, tmp_path: Path) -> Iterator[Run]:
    running = servers.start_clinic({**environment, "LOG_LEVEL": "DEBUG"}, tmp_path)
    yield Run(running, environment)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: getattr(running, name).stop(), running.__dataclass_fields__))


@contextlib.contextmanager
def database(environment: dict[str, str], do: str, undo: str = "SELECT 1") -> Iterator[None]:
    """Do something to the database behind the programs' back, for the block."""
    with contextlib.closing(psycopg2.connect(environment["ADMIN_URL"])) as admin, admin.cursor() as cursor:
        cursor.execute(do)
        if not do.startswith("LOCK"):
            admin.commit()
        yield
        cursor.execute(undo)
        admin.commit()


def sign_up_and_in(run: Run, mailbox: Mailbox) -> str:
    """Everything about a password and the tokens that follow it; an access token in the end."""
    account = {"email": EMAIL, "password": PASSWORD, "role": "patient", "first_name": "Beo", "last_name": SURNAME}
    assert run.ask("auth", "POST", "/auth/register", json=account)["status"] == 201
    for wrong in (account, account | {"password": [PASSWORD]}, account | {PASSWORD: 1}, {"password": PASSWORD}):
        assert run.ask("auth", "POST", "/auth/register", json=wrong)["status"] in {409, 422}
    login = {"email": EMAIL, "password": PASSWORD}
    for body in (b'{"password": "' + PASSWORD.encode(), f"password={PASSWORD}".encode(), b"\xff" + PASSWORD.encode()):
        for kind in ("application/json", "application/x-www-form-urlencoded"):
            headers = {"Content-Type": kind}
            assert run.ask("auth", "POST", "/auth/login", data=body, headers=headers)["status"] in {400, 415}
    assert run.ask("auth", "POST", "/auth/login", json=login | {"password": WRONG})["status"] == 401
    assert run.ask("auth", "POST", f"/auth/login?password={PASSWORD}", json=login | {"a": WRONG})["status"] == 422
    assert run.ask("auth", "GET", f"/{PASSWORD}/{EMAIL}")["status"] == 404
    tokens = run.ask("auth", "POST", "/auth/login", json=login)
    for _ in range(2):
        run.ask("auth", "POST", "/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    for odd in (tokens["access_token"], tokens["refresh_token"] + "x"):
        assert run.ask("auth", "POST", "/auth/refresh", json={"refresh_token": odd})["status"] == 401
    reset(run, mailbox)
    signed_in: str = second_factor(run, run.ask("auth", "POST", "/auth/login", json=login | {"password": NEW}))
    return signed_in


def reset(run: Run, mailbox: Mailbox) -> None:
    """A forgotten password, by the mailed link, through the portal's page and past it."""
    assert run.ask("auth", "POST", "/auth/password-resets", json={"email": EMAIL})["status"] == 202
    link = mailbox.token(EMAIL)
    run.secrets.append(link)
    VisitorOnTheWire(run.clinic.portal.url).get(f"/reset-password?token={link}")
    VisitorOnTheWire(run.clinic.portal.url).get(f"/confirm-email?token={link}")
    for password, expected in (("short", 422), (NEW, 204), (NEW, 409)):
        body = {"token": link, "password": password}
        assert run.ask("auth", "POST", "/auth/links/password", json=body)["status"] == expected


def second_factor(run: Run, tokens: Any) -> str:
    """An authenticator, and a sign-in with it."""
    token = tokens["access_token"]
    secret = run.ask("auth", "POST", "/auth/me/second-factor", token, json={"password": NEW})["secret"]
    code = pyotp.TOTP(secret).now()
    confirm = "/auth/me/second-factor/confirm"
    assert run.ask("auth", "POST", confirm, token, json={"code": "000000"})["status"] == 401
    recovery = run.ask("auth", "POST", confirm, token, json={"code": code})["recovery_codes"]
    asked = run.ask("auth", "POST", "/auth/login", json={"email": EMAIL, "password": NEW})
    assert asked["code"] == "second-factor-required"
    answer = {"challenge": asked["challenge"]}
    for wrong in (code, "123456", WRONG):
        run.ask("auth", "POST", "/auth/login/second-factor", json=answer | {"code": wrong})
    signed_in = run.ask("auth", "POST", "/auth/login/second-factor", json=answer | {"code": recovery[0]})
    return str(signed_in["access_token"])


def carry_tokens_everywhere(run: Run, token: str) -> None:
    """In the places a token belongs to and in those it does not."""
    for program, path in (("auth", "/auth/me"), ("appointment", "/appointments"), ("prescription", "/prescriptions")):
        assert run.ask(program, "GET", path, token)["status"] == 200
        for given in (f"{path}?access_token={token}", f"{path}/{token}", f"{path}?cursor={token[:400]}"):
            run.ask(program, "GET", given, token)
        for header in ("X-Request-Id", "Cookie", "User-Agent", "Referer", "X-Forwarded-For", "Idempotency-Key"):
            run.ask(program, "GET", path, token[:-3] + "AAA", headers={header: token})
        for spoiled in (token[:-3] + "AAA", token[3:], f"{token}, Bearer {token}"):
            assert run.ask(program, "GET", path, spoiled)["status"] in {400, 401}
    run.ask("auth", "POST", "/auth/validate-token", json={"token": token})
    run.ask("auth", "POST", "/auth/validate-token", json={"token": token, token: 1})


def visit(run: Run, patient: str, doctor: make.Person) -> None:
    """A visit and its prescription, with every way in which either can fail."""
    wish = make.wish(doctor.id, notes=REASON)
    book = ("appointment", "POST", "/appointments", patient)
    for wrong in (wish | {"notes": REASON * 200}, wish | {REASON: REASON}, wish | {"doctor_id": REASON}):
        assert run.ask(*book, json=wrong)["status"] == 422
    for closed, expected in (("LOCK TABLE appointment.audit_event", 503), ("LOCK TABLE appointment.appointment", 503)):
        with database(run.environment, closed):
            assert run.ask(*book, json=wish)["status"] == expected
    renamed = "ALTER TABLE appointment.appointment RENAME COLUMN {} TO {}"
    with database(run.environment, renamed.format("notes", "words"), renamed.format("words", "notes")):
        assert run.ask(*book, json=wish)["status"] == 500
    check = "ALTER TABLE appointment.appointment {} CONSTRAINT no_birds {}"
    with database(run.environment, check.format("ADD", "CHECK (notes = '')"), check.format("DROP", "")):
        assert run.ask(*book, json=wish)["status"] == 500
    booked = run.ask(*book, json=wish, headers={"Idempotency-Key": "canary"})
    assert run.ask(*book, json=wish | {"notes": NOTES}, headers={"Idempotency-Key": "canary"})["status"] == 422
    cancel = f"/appointments/{booked['id']}/cancel"
    assert run.ask("appointment", "POST", cancel, patient, json={"why": REASON})["status"] == 422
    prescribe(run, doctor, booked["id"])


def prescribe(run: Run, doctor: make.Person, appointment_id: str) -> None:
    medicine = {"name": MEDICINE, "dosage": DOSAGE, "duration": "7 days", "instructions": INSTRUCTIONS}
    wish = {"appointment_id": appointment_id, "notes": NOTES, "medicines": [medicine]}
    write = ("prescription", "POST", "/prescriptions", doctor.token)
    for wrong in (wish | {"notes": NOTES * 300}, wish | {"medicines": [{MEDICINE: DOSAGE}]}, wish | {NOTES: 1}):
        assert run.ask(*write, json=wrong)["status"] == 422
    for table in ("audit_event", "medicine"):
        with database(run.environment, f"LOCK TABLE prescription.{table}"):
            assert run.ask(*write, json=wish)["status"] == 503
    renamed = "ALTER TABLE prescription.medicine RENAME COLUMN {} TO {}"
    with database(run.environment, renamed.format("dosage", "amount"), renamed.format("amount", "dosage")):
        assert run.ask(*write, json=wish)["status"] == 500
    written = run.ask(*write, json=wish)
    assert written["status"] == 201
    assert run.ask("prescription", "GET", f"/prescriptions/{written['id']}", doctor.token)["notes"] == NOTES


def through_the_portal(run: Run, auth: Flask, doctor: make.Person) -> None:
    """The same words typed into pages, right and wrong."""
    patient = make.person(auth)
    somebody = VisitorOnTheWire(run.clinic.portal.url)
    page = somebody.get("/sign-in")
    assert somebody.press(page, "Sign in", email=patient.email, password=WRONG).path.startswith("/sign-in")
    somebody.post("/sign-in", {"email": EMAIL, "password": PASSWORD})  # without the form's own token
    somebody.press(somebody.get("/sign-in"), "Sign in", email=patient.email, password=make.PASSWORD)
    day = make.clinic_day(8)
    times = somebody.get(f"/book/{doctor.id}?from={day}&day={day}")
    start = next(box.get("value", "") for box in times.all("input[@name='start']"))
    reason = somebody.press(times, "Continue", start=start)
    assert somebody.press(reason, "Continue", notes=REASON * 200).status == 422
    check = somebody.press(reason, "Continue", notes=REASON)
    with database(run.environment, "LOCK TABLE appointment.audit_event"):
        assert REASON in somebody.press(check, "Book this appointment").source
    assert somebody.press(check, "Book this appointment").heading == "Your appointment is booked"
    somebody.get(f"/{REASON}?{quote(NOTES)}={quote(MEDICINE)}")


def test_what_must_not_leave_is_in_no_log(
    run: Run, mailbox: Mailbox, auth: Flask, appointment: Flask, prescription: Flask
) -> None:
    doctor = make.doctor(auth, appointment, last_name=SURNAME)
    run.secrets.append(doctor.token)
    patient = sign_up_and_in(run, mailbox)
    carry_tokens_everywhere(run, patient)
    visit(run, patient, doctor)
    through_the_portal(run, auth, doctor)

    said = run.logs()

    assert len(run.secrets) > len(SAID) + 15
    assert {program: found for program, text in said.items() if (found := found_in(text, run.secrets))} == {}
    # it was said what happened, just not with which words
    assert all("canary-run-0001" in said[name] for name in ("auth", "appointment", "prescription"))
    assert "unexpected failure" in said["appointment"]
    assert "violates check constraint" in said["postgresql"]
    assert "canceling statement due to lock timeout" in said["postgresql"]


def test_the_search_would_find_them(environment: dict[str, str], migrated: None, tmp_path: Path) -> None:
    """The control: a program that writes down what it was sent, and a database role that nobody told to be quiet."""
    for n, spelling in enumerate(sorted(spellings(REASON))):
        file = tmp_path / f"{n}.log"
        careless = logging.StreamHandler(file.open("w"))
        careless.setFormatter(logs.logger.handlers[0].formatter)
        logs.logger.addHandler(careless)
        logs.logger.warning("booking refused", extra={"body": f"notes={spelling}&x=1"})
        logs.logger.removeHandler(careless)
        careless.stream.close()
        assert found_in(file.read_text(), [REASON]) == {REASON}, spelling

    loud = "Sperlingsgeschwätz"
    with (
        contextlib.closing(psycopg2.connect(environment["ADMIN_URL"])) as admin,
        admin.cursor() as cursor,
        pytest.raises(psycopg2.Error),
    ):
        cursor.execute("INSERT INTO appointment.appointment (notes) VALUES (%s)", (loud,))
    assert found_in(Path(environment["SERVER_LOG"]).read_text(), [loud]) == {loud}
