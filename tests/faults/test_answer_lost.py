"""What was asked is done and written, and the answer never arrives: who asks once more with the same form or key makes
nothing twice. An answer that breaks off in its middle is no answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from functools import partial
from typing import Any

import pytest
import requests
from flask import Flask

from tests import make
from tests.faults.stage import Stage
from tests.figures import Figure
from tests.journeys.load import Client, rows, value
from tests.journeys.wire import VisitorOnTheWire
from tests.portal.test_appointment_pages import to_move
from tests.portal.test_booking_pages import to_check, to_times
from tests.portal.test_prescribing_pages import checked
from tests.portal.visitor import Page

MUST = "asked once more with the same form or key, nothing is done twice"
KEPT = (
    *("appointment.appointment", "appointment.appointment_event", "appointment.outbox_message"),
    *("prescription.prescription", "prescription.medicine", "prescription.status_event"),
)


def effects(url: str) -> dict[str, str]:
    """All that such an act may leave behind: a digest of every row, by table."""
    digest = "SELECT coalesce(md5(string_agg(one::text, ';' ORDER BY one::text)), '') FROM {} one"
    return {table: str(value(url, digest.format(table))) for table in KEPT}


@dataclass(frozen=True)
class Scene:
    """Who is there, and how each opens the last page before the act."""

    appointment: Flask
    prescription: Flask
    maya: VisitorOnTheWire
    okafor: VisitorOnTheWire
    patient: make.Person
    doctor: make.Person

    def visit(self) -> dict[str, Any]:
        return make.appointment(self.appointment, self.patient, self.doctor)


@dataclass(frozen=True)
class Act:
    """A page with its button, the request behind it, and what the page after it is called."""

    name: str
    page: Callable[[Scene], tuple[VisitorOnTheWire, Page]]
    button: str
    service: str
    request: bytes
    done: str
    typed: tuple[tuple[str, str], ...] = ()


def booking(scene: Scene) -> tuple[VisitorOnTheWire, Page]:
    return scene.maya, to_check(scene.maya, scene.doctor, make.clinic_day(7))


def moving(scene: Scene) -> tuple[VisitorOnTheWire, Page]:
    return scene.maya, to_move(scene.maya, scene.visit())


def cancelling(scene: Scene) -> tuple[VisitorOnTheWire, Page]:
    return scene.maya, scene.maya.get(f"/appointments/{scene.visit()['id']}/cancel")


def signing(scene: Scene) -> tuple[VisitorOnTheWire, Page]:
    return scene.okafor, checked(scene.okafor, scene.visit())


def taking_back(scene: Scene) -> tuple[VisitorOnTheWire, Page]:
    signed = make.prescription(scene.prescription, scene.doctor, scene.visit()["id"])
    return scene.okafor, scene.okafor.get(f"/prescriptions/{signed['id']}/cancel")


BOOKED, MOVED, CANCELLED = (f"Your appointment is {what}" for what in ("booked", "moved", "cancelled"))
OF_APPOINTMENTS, OF_PRESCRIPTIONS = b"POST /appointments/", b"POST /prescriptions/"
ACTS = [
    Act("booking", booking, "Book this appointment", "appointment", b"POST /appointments HTTP", BOOKED),
    Act("moving", moving, "Move the appointment", "appointment", OF_APPOINTMENTS, MOVED),
    Act("cancelling", cancelling, "Cancel appointment", "appointment", OF_APPOINTMENTS, CANCELLED),
    Act("signing", signing, "Sign and issue", "prescription", b"POST /prescriptions HTTP", "Prescription for"),
    Act(
        *("cancelling a prescription", taking_back, "Cancel the prescription", "prescription", OF_PRESCRIPTIONS),
        *("Prescription for", (("reason_code", "salg"),)),
    ),
]


@pytest.fixture
def scene(
    appointment: Flask, prescription: Flask, maya: VisitorOnTheWire, okafor: VisitorOnTheWire,
    patient: make.Person, doctor: make.Person,
) -> Scene:  # fmt: skip
    return Scene(appointment, prescription, maya, okafor, patient, doctor)


@pytest.mark.fault
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_a_form_sent_again_after_a_lost_answer_does_nothing_twice(
    stage: Stage, environment: dict[str, str], scene: Scene, act: Act, figure: Figure
) -> None:
    who, page = act.page(scene)
    before = effects(environment["ADMIN_URL"])

    stage.wires[act.service].cut(down=0, of=act.request)
    refused = who.press(page, act.button, **dict(act.typed))
    assert refused.status == 503, refused.text
    once = effects(environment["ADMIN_URL"])
    assert once != before, "the control: it had been done when the answer was lost"
    stage.restore()

    for _ in range(2):
        done = who.press(refused, button_of(refused, act))
        assert done.heading.startswith(act.done), done.text
        assert effects(environment["ADMIN_URL"]) == once
    figure("answer lost after the commit", must=MUST, measured=f"{act.name}: once")


def button_of(page: Page, act: Act) -> str:
    """What sends the same once more: the form's own button, or the one of the page that says what is out."""
    words = {" ".join("".join(one.itertext()).split()) for one in page.all("button")}
    return next(one for one in (act.button, "Send it again", "Try again") if one in words)


def test_a_single_answer_that_is_lost_is_nobodys_trouble(
    stage: Stage, environment: dict[str, str], scene: Scene
) -> None:
    """Where there is a key, the portal asks once more by itself and is given the stored answer."""
    who, page = booking(scene)
    for _ in range(15):  # which earns the worker at the other end of this connection a retry
        who.get("/appointments")
    stage.wires["appointment"].cut(down=0, of=b"POST /appointments HTTP", times=1)

    assert who.press(page, "Book this appointment").heading == BOOKED
    assert value(environment["ADMIN_URL"], "SELECT count(*) FROM appointment.appointment") == 1


def lost_and_asked_again(stage: Stage, service: str, client: Client, path: str, body: Any, **headers: str) -> int:
    """The status of the second answer; the first did not arrive."""
    stage.wires[service].cut(down=0, of=f"POST {path} HTTP".encode(), times=1)
    with pytest.raises(requests.ConnectionError):
        client.ask("POST", path, body, headers)
    status, _ = client.ask("POST", path, body, headers)
    return status


@pytest.mark.fault
def test_a_program_that_sends_its_key_again_is_given_the_same_and_one_without_signs_twice(
    stage: Stage, environment: dict[str, str], appointment: Flask, patient: make.Person, doctor: make.Person,
    figure: Figure,
) -> None:  # fmt: skip
    url = environment["ADMIN_URL"]
    patients = Client(stage.wires["appointment"].url, patient.token)
    doctors = Client(stage.wires["prescription"].url, doctor.token)
    visit = make.appointment(appointment, patient, doctor, at=time(15))
    body = {"appointment_id": visit["id"], "medicines": [make.MEDICINE]}
    book = partial(lost_and_asked_again, stage, "appointment", patients, "/appointments", make.wish(doctor.id))
    sign = partial(lost_and_asked_again, stage, "prescription", doctors, "/prescriptions", body)

    assert (book(**{"Idempotency-Key": "one"}), sign(**{"Idempotency-Key": "two"})) == (201, 201)
    assert counted(url) == (2, 1)

    assert (book(), sign()) == (409, 201)
    appointments, prescriptions = counted(url)
    assert (appointments, prescriptions) == (2, 3), "the control: without a key it is signed twice"
    control = f"without a key {prescriptions - 1} prescriptions are signed for one"
    figure("answer lost after the commit", control=control)


def counted(url: str) -> tuple[int, int]:
    """How many appointments and prescriptions there are."""
    tables = ("appointment.appointment", "prescription.prescription")
    appointments, prescriptions = (rows(url, f"SELECT count(*) FROM {table}")[0][0] for table in tables)
    return appointments, prescriptions


@pytest.mark.fault
def test_a_big_answer_that_breaks_off_is_shown_whole_or_not_at_all(
    stage: Stage, maya: VisitorOnTheWire, doctor: make.Person, figure: Figure
) -> None:
    day = make.clinic_day(7)
    whole = to_times(maya, doctor, day)
    assert whole.text.count("18 free") == 7

    cuts = (200, 1000, 4000, 8000)
    for limit in cuts:
        stage.wires["appointment"].cut(down=limit, of=b"GET /slots")
        broken = to_times(maya, doctor, day)
        assert (broken.status, broken.heading) == (503, "Appointments are not available right now")
        stage.restore()
        assert to_times(maya, doctor, day).text == whole.text

    must = "a page is whole or says what is out, and is whole again at once"
    figure("big answer cut in its middle", must=must, measured=f"cut after {', '.join(map(str, cuts))} bytes: 503 each")
