"""A patient's first page: the portal with its services, against one program that reads the same rows itself."""

import json
import re
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from itertools import repeat
from typing import Any

from flask.sessions import SecureCookieSessionInterface

from benchmarks import measure
from benchmarks.clinic import Clinic
from benchmarks.house import House, Somebody
from benchmarks.measure import Request, Side
from benchmarks.signing import Desk, post
from benchmarks.table import Row
from portal import create_app
from portal.settings import PortalSettings
from tests import make

FORM_TOKEN = re.compile(rb'name="csrf_token" (?:type="hidden" )?value="[^"]*"')


def rows(house: House) -> Iterator[Row]:
    """The ratio, and what the page spends where."""
    clinic = Clinic.of(house)
    desk = Desk(house, clinic)
    patient = house.people("patient", 1)[0]
    clinic.fill(patient, 20)
    prescribe(house, desk, patient)
    monolith = house.program("benchmarks.monolith", CLINIC_DATABASE_URL=everything(house))
    portal = house.program("portal")
    ours = Side(portal, asked(house, patient), beside=(clinic.service, desk.service))
    rival = Side(monolith, asked(house, patient))
    same_page(ours, rival)
    found = measure.compare(ours, rival, house.database)
    yield Row("a patient's first page, against a monolith", 4, found.ratio(), how=found.how)
    found = measure.compare(Side(portal, ours.requests), rival, house.database, rounds=3)
    yield Row("the same, in the portal alone", None, found.ratio(), how=found.how)


def everything(house: House) -> str:
    """The database's address for somebody who may read all schemas."""
    return house.server.admin_url.rsplit("/", 1)[0] + "/clinic"


def prescribe(house: House, desk: Desk, patient: Somebody) -> None:
    """Three prescriptions for a visit of theirs."""
    doctor = desk.doctors[0]
    with house.connect().cursor() as cursor:
        cursor.execute("SELECT id::text FROM appointment WHERE patient_id = %s LIMIT 1", (str(patient.id),))
        visit = cursor.fetchone()[0]  # type: ignore[index]
    body = {"appointment_id": visit, "notes": "", "medicines": [make.MEDICINE]}
    measure.send(desk.service.port, [post(house, doctor, "/prescriptions", body)] * 3)


def asked(house: House, who: Somebody) -> Iterator[Request]:
    """The page again and again, with the portal's own cookie."""
    app = create_app(PortalSettings(portal_secret_key=house.environment["PORTAL_SECRET_KEY"]))
    signing = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signing  # noqa: S101 - there is a key
    names = {"first_name": who.row.first_name, "last_name": who.row.last_name, "name": who.row.name}
    person = {"id": str(who.id), "email": who.row.email, "role": "patient", **names}
    while True:
        token = house.bearer(who)["Authorization"].removeprefix("Bearer ")
        now = int(time.time())
        kept: dict[str, Any] = {"access": token, "refresh": "-", "until": now + 250, "renewed": now, "person": person}
        cookie = f"clinic={signing.dumps(kept)}"
        yield from repeat(Request("GET", "/", {"Cookie": cookie}), measure.REQUESTS)


def same_page(ours: Side, rival: Side) -> None:
    """Raises `AssertionError` where the two pages differ in more than the token of their forms."""
    pages = []
    for side in (ours, rival):
        connection = HTTPConnection("127.0.0.1", side.program.port, timeout=20)
        pages.append(FORM_TOKEN.sub(b"", measure.ask(connection, next(side.requests))))
        connection.close()
    if pages[0] != pages[1] or make.MEDICINE["name"].encode() not in pages[0]:
        raise AssertionError(json.dumps([page.decode() for page in pages]))
