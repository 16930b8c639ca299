"""How often a page asks the services: each time costs about as much as a page's queries, so first pages ask twice."""

from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from chassis import clock
from tests import make
from tests.portal.visitor import Visitor
from tests.wsgi import WSGIAdapter


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What programs ask one another, as `METHOD path`."""
    found: list[str] = []
    send = WSGIAdapter.send

    def noted(self: WSGIAdapter, request: Any, *args: Any, **kwargs: Any) -> Any:
        found.append(f"{request.method} {request.path_url.partition('?')[0]}")
        return send(self, request, *args, **kwargs)

    monkeypatch.setattr(WSGIAdapter, "send", noted)
    return found


def test_a_patients_first_page_asks_twice_with_all_there_is_to_show(
    appointment: Flask, prescription: Flask, patient: make.Person, doctor: make.Person, maya: Visitor, hops: list[str]
) -> None:
    visit = make.appointment(appointment, patient, doctor)
    make.waiting(appointment, patient)
    make.prescription(prescription, doctor, visit["id"])
    hops.clear()

    page = maya.get("/")

    assert "Next appointment" in page.text
    assert make.MEDICINE["name"] in page.text
    assert hops == ["GET /patients/me/overview", "GET /prescriptions"]


def test_a_doctors_day_asks_twice_whether_somebody_comes_or_not(
    portal: Flask,
    appointment: Flask,
    patient: make.Person,
    doctor: make.Person,
    hops: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(portal.extensions, "idle", 1e9)  # for whom a clock that is put forward is no absence
    okafor, asked = Visitor(portal).sign_in(doctor.email), ["GET /appointments", "GET /doctors/me/overview"]
    hops.clear()
    assert "No appointments today" in okafor.get("/today").text
    assert hops == asked

    visit = make.appointment(appointment, patient, doctor)
    hops.clear()
    with clock.set_to(datetime.fromisoformat(visit["start"])):
        assert "Running late?" in okafor.get("/today").text
    assert hops == asked


def test_an_admins_first_page_asks_once_and_a_visitors_never(portal: Flask, auth: Flask, hops: list[str]) -> None:
    ada, visitor = Visitor(portal).sign_in(make.admin(auth).email), Visitor(portal)
    hops.clear()

    visitor.get("/")
    ada.get("/")

    assert hops == ["GET /people"]
