"""Privacy and data: who has seen the record, a copy of it, closing the account, and the details themselves."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from xml.etree.ElementTree import Element

import pytest
from flask import Flask

from portal import history
from tests import make
from tests.api import Api
from tests.portal.visitor import Page, Visitor, place

Out = Callable[[str], AbstractContextManager[None]]


@pytest.fixture
def out(portal: Flask, monkeypatch: pytest.MonkeyPatch) -> Out:
    """Take a service away: nothing listens where the portal looks for it."""

    @contextmanager
    def away(name: str) -> Iterator[None]:
        client = getattr(portal.extensions["services"], name).client
        with monkeypatch.context() as patch:
            patch.setattr(client, "base_url", "http://127.0.0.1:9")
            yield

    return away


@pytest.fixture
def visited(
    patient: make.Person, doctor: make.Person, appointment: Flask, prescription: Flask
) -> tuple[dict[str, Any], dict[str, Any]]:
    """An appointment of the patient that the doctor has prescribed at."""
    booked = make.appointment(appointment, patient, doctor)
    return booked, make.prescription(prescription, doctor, booked["id"])


def looks(page: Page) -> list[str]:
    return [_words(li) for li in page.all("ul[@class='list looks']/li")]


def _words(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def test_who_has_seen_my_record_is_told_in_words_newest_first(
    maya: Visitor,
    auth: Flask,
    patient: make.Person,
    doctor: make.Person,
    visited: tuple[dict[str, Any], dict[str, Any]],
    appointment: Flask,
    prescription: Flask,
) -> None:
    booked, written = visited
    Api(appointment, doctor.token).get(f"/appointments/{booked['id']}")
    Api(prescription, doctor.token).get(f"/prescriptions/{written['id']}?purpose=print")
    Api(auth, make.admin(auth).token).get(f"/people/{patient.id}")
    maya.get(f"/prescriptions/{written['id']}")

    page = maya.get(maya.get("/account").link("Who has seen my record"))

    told = looks(page)
    assert told[0].startswith("Ada Admin read your details")
    assert told[0].endswith("Clinic administration")
    assert told[1].startswith("Dr Amara Okafor printed your prescription")
    assert told[2].startswith("Dr Amara Okafor read your appointment")
    assert any(line.startswith("Dr Amara Okafor wrote you a prescription") for line in told)
    assert not any("Maya" in line for line in told)
    assert "Older" not in page.text


def test_what_somebody_does_again_and_again_is_one_line(maya: Visitor, auth: Flask, patient: make.Person) -> None:
    ada = Api(auth, make.admin(auth).token)
    for _ in range(3):
        ada.get(f"/people/{patient.id}")
    ada.get("/people")

    told = looks(maya.get("/account/history"))

    assert len(told) == 2
    assert "saw your name in a list of people" in told[0]
    assert "times in a row" not in told[0]
    assert "read your details" in told[1]
    assert "3 times in a row" in told[1]


def test_nobody_has_seen_it_yet_and_only_patients_ask(maya: Visitor, visitor: Visitor, auth: Flask) -> None:
    assert "Nobody else yet" in maya.get("/account/history").text

    visitor.sign_in(make.person(auth, "doctor").email)
    assert "Who has seen my record" not in visitor.get("/account").text
    assert visitor.get("/account/history", 403)


def test_the_list_goes_on_without_a_service_that_is_out_and_says_which(
    maya: Visitor, visited: tuple[dict[str, Any], dict[str, Any]], out: Out
) -> None:
    with out("appointments"):
        page = maya.get("/account/history")

    assert "Appointments are not available right now." in page.text
    assert any("wrote you a prescription" in line for line in looks(page))


def test_all_of_a_long_list_is_reached_page_by_page_and_nothing_twice(
    maya: Visitor, auth: Flask, appointment: Flask, prescription: Flask, patient: make.Person
) -> None:
    from appointment_service.models import AuditEvent as InAppointments
    from appointment_service.models import db as appointments
    from auth_service.models import AuditEvent as InAuth
    from auth_service.models import db as accounts

    began = datetime(2026, 11, 1, 12, tzinfo=UTC)
    _note(auth, accounts, InAuth, patient, [began + timedelta(minutes=n) for n in range(40)])
    # many in one moment, across the end of a page
    _note(appointment, appointments, InAppointments, patient, [began + timedelta(minutes=20)] * 5)

    seen: list[str] = []
    page = maya.get("/account/history")
    for _ in range(5):
        seen += looks(page)
        if "Older" not in page.text:
            break
        page = maya.get(page.link("Older"))

    assert len(seen) == 45
    assert sorted({line.split()[1] for line in seen}, key=int) == [str(n) for n in range(40)]
    assert "Back to the newest" in page.text


def _note(app: Flask, db: Any, table: Any, patient: make.Person, moments: list[datetime]) -> None:
    with app.app_context():
        for number, moment in enumerate(moments):
            given = {"recorded_at": moment, "actor_role": "admin", "actor_name": f"Reader {number}", "outcome": "done"}
            ids = {"actor_id": uuid4(), "patient_id": patient.id, "request_id": "-", "address": "-"}
            db.session.add(table(action="person.read", **given, **ids))
            db.session.flush()
        db.session.commit()


@pytest.mark.parametrize("before", ["", "yesterday", "2026-11-01", "0001-01-01T00:00:00+00:00", "9" * 500])
def test_a_moment_our_links_never_name_is_no_page(maya: Visitor, before: str) -> None:
    assert maya.get("/account/history", 404, query_string={"before": before}).heading == "Page not found"


@pytest.mark.parametrize(
    ("action", "outcome", "words"),
    [
        ("prescription.read", "done", "read your prescription"),
        ("prescription.read", "refused", "tried to read your prescription, and was refused"),
        ("appointment.cancel", "done", "cancelled your appointment"),
        ("second-factor.remove", "done", "removed your second step of signing in"),
        ("password.reset", "refused", "tried to reset your password, and was refused"),
        ("allergy.write", "refused", "tried to change your allergies, and was refused"),
        ("current-medicine.remove", "done", "removed the medicines you take"),
        ("vaccination.read", "done", "read your record"),
        ("prescription.frame", "done", "used your prescription"),
        ("", "done", "used your record"),
    ],
)
def test_what_was_done_is_told_as_well_as_it_can_be(action: str, outcome: str, words: str) -> None:
    assert history.words(action, outcome) == words


def test_my_data_comes_as_one_file_with_everything_of_all_services(
    maya: Visitor, patient: make.Person, visited: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    page = maya.get(maya.get("/account").link("Download my data"))

    answer = maya.client.get(page.link("Download"))

    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-clinic-data.json"'
    assert answer.content_type == "application/json; charset=utf-8"
    told = json.loads(answer.data)
    assert told["account"]["account"]["email"] == patient.email
    assert [one["notes"] for one in told["appointments"]] == ["Sore throat"]
    assert [one["id"] for one in told["prescriptions"]] == [visited[1]["id"]]
    assert not {"hash", "secret", "token"} & set(answer.get_data(as_text=True).replace('"', " ").split())


def test_a_doctors_data_holds_nobody_elses(
    visitor: Visitor, doctor: make.Person, visited: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    visitor.sign_in(doctor.email)
    assert "Patients' records are theirs" in visitor.get("/account/data").text

    told = visitor.client.get("/account/data/download")

    assert "Maya" not in told.get_data(as_text=True)
    assert json.loads(told.data)["account"]["account"]["role"] == "doctor"


@pytest.mark.parametrize("service", ["auth", "appointments", "prescriptions"])
def test_half_of_my_data_is_never_given(
    maya: Visitor, visited: tuple[dict[str, Any], dict[str, Any]], out: Out, service: str
) -> None:
    with out(service):
        page = maya.get("/account/data/download", 503)

    assert "not available right now" in page.text
    assert page.heading == "Download my data"
    assert "Content-Disposition" not in page.response.headers


def test_an_account_is_closed_with_open_eyes(
    portal: Flask, maya: Visitor, patient: make.Person, visited: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    page = maya.get(maya.get("/account").link("Close my account"))
    assert "One appointment is still to come" in page.text
    assert place(page.link("Cancel")) == f"/appointments/{visited[0]['id']}/cancel"
    wrong = maya.press(page, "Close my account", 422, password="not this one")
    assert "That is not your password." in wrong.text

    closed = maya.press(page, "Close my account", password=make.PASSWORD)

    assert closed.heading == "Your account is closed"
    assert maya.get("/account").heading == "Sign in"
    again = Visitor(portal)
    again.press(again.get("/sign-in"), "Sign in", 401, email=patient.email, password=make.PASSWORD)


def test_closing_is_explained_without_appointments_too_and_to_staff(
    maya: Visitor, visitor: Visitor, doctor: make.Person, out: Out
) -> None:
    assert "still to come" not in maya.get("/account/close").text
    with out("appointments"):
        assert "cannot show what you have booked" in maya.get("/account/close").text

    visitor.sign_in(doctor.email)
    assert "speak with the clinic" in visitor.get("/account/close").text


def test_the_last_administrator_cannot_leave(visitor: Visitor, auth: Flask) -> None:
    visitor.sign_in(make.admin(auth).email)

    page = visitor.press(visitor.get("/account/close"), "Close my account", 409, password=make.PASSWORD)

    assert page.all("div[@class='notice notice-error']")
    assert visitor.get("/account").heading == "My account"


def test_all_details_are_changed_shown_and_may_be_taken_away(maya: Visitor) -> None:
    form = maya.get("/account/change")
    typed = {"sex": "female", "address": "3 Elm Row\r\nFlat 2", "phone": "01632 960 122", "language": "cy"}

    saved = maya.press(form, "Save", **typed)
    for words in ("Female", "3 Elm Row", "+44 1632 960122", "Cymraeg – Welsh"):
        assert words in saved.text
    again = maya.get("/account/change")
    assert again.all("input[@value='female'][@checked]")
    assert again.all("option[@value='cy'][@selected]")

    empty = maya.press(again, "Save", address="", phone="")
    assert "Elm Row" not in empty.text
    assert empty.text.count("Not given yet") == 2


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"phone": "call me"}, "phone"),
        ({"address": "x" * 301}, "address"),
        ({"address": "a\nb\nc\nd\ne\nf"}, "address"),
        ({"language": "klingon; drop"}, "language"),
        ({"first_name": "{{config}}\u202e"}, "first_name"),
        ({"last_name": "x" * 101}, "last_name"),
        ({"birth_date__day": "31", "birth_date__month": "02"}, "birth_date"),
    ],
)
def test_what_is_no_detail_is_an_error_at_its_field(maya: Visitor, typed: dict[str, str], field: str) -> None:
    page = maya.press(maya.get("/account/change"), "Save", 422, **typed)

    assert page.all(f"p[@id='{field}-error']")


def test_more_than_the_form_asks_is_not_passed_on(maya: Visitor, patient: make.Person) -> None:
    extra = {"role": "admin", "email": "other@example.com", "patient_id": "1", "sex": "robot"}

    saved = maya.press(maya.get("/account/change"), "Save", first_name="{{7*7}}", **extra)

    assert "{{7*7}} Lindqvist" in saved.text
    assert patient.email in saved.text


@pytest.mark.parametrize("role", ["doctor", "admin"])
def test_staff_are_asked_what_concerns_them(visitor: Visitor, auth: Flask, role: str) -> None:
    visitor.sign_in(make.person(auth, role).email)

    form = visitor.get("/account/change")
    assert {"Date of birth", "Sex", "Address"} & set(form.text.split("  ")) == set()
    assert not form.all("input[@name='sex']")
    saved = visitor.press(form, "Save", phone="+44 20 7946 0958")
    assert "+44 20 7946 0958" in saved.text


def test_the_longest_names_fit_the_cookie_and_the_page(visitor: Visitor, auth: Flask) -> None:
    person = make.person(auth, first_name="ễ" * 200, last_name="Ǻ" * 200, address="日本\n" * 4)
    visitor.sign_in(person.email)

    assert visitor.get("/account").heading == "My account"
    assert visitor.get("/account/change").heading == "Change my details"
