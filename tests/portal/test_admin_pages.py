"""What admins do in front of the portal: people, licences, the record of access. Nothing about health anywhere."""

import re
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from portal.record import PAGE
from tests import make
from tests.api import Api
from tests.portal.visitor import Page, Visitor, place


@pytest.fixture
def admin(auth: Flask) -> make.Person:
    return make.admin(auth)


@pytest.fixture
def ada(portal: Flask, admin: make.Person) -> Visitor:
    """An admin, signed in."""
    return Visitor(portal).sign_in(admin.email)


def waiting_doctor(auth: Flask, **given: Any) -> make.Person:
    claim = {"licence_number": "7654321", "licence_register": "GMC", "first_name": "Vera", "last_name": "Lang"}
    return make.person(auth, "doctor", verified=False, **claim | given)


def act(visitor: Visitor, person: make.Person, link: str, button: str, status: int = 200, **typed: str) -> Page:
    """Follow a link of a person's page, read what will happen, and press the button."""
    asked = visitor.get(visitor.get(f"/people/{person.id}").link(link))
    assert "What will happen" in asked.text
    return visitor.press(asked, button, status, **typed)


def names(page: Page) -> list[str]:
    return ["".join(title.itertext()) for title in page.all("h2[@class='list-title']")]


# ---------- people ----------


def test_people_are_found_by_part_of_a_name_or_address_and_by_role_and_state(auth: Flask, ada: Visitor) -> None:
    make.person(auth, first_name="Zoë", last_name="100%_\\'Berg", email="zoe@example.com")
    make.person(auth, "doctor", first_name="Amara", last_name="Okafor")
    make.person(auth, first_name="Maya", last_name="Lindqvist")

    def found(**asked: str) -> list[str]:
        return names(ada.press(ada.get("/people"), "Search", **asked))

    assert names(ada.get("/people")) == ["100%_\\'Berg, Zoë", "Admin, Ada", "Lindqvist, Maya", "Okafor, Amara"]
    assert found(search="LINDQ") == ["Lindqvist, Maya"]
    assert found(search="zoe@") == ["100%_\\'Berg, Zoë"]
    assert found(search="%_\\'") == ["100%_\\'Berg, Zoë"]
    assert found(role="doctor") == ["Okafor, Amara"]
    assert found(search="nobody at all") == []
    assert found(search="maya", state="disabled") == []


def test_many_people_come_a_page_at_a_time_with_the_search_kept(auth: Flask, ada: Visitor) -> None:
    for number in range(27):
        make.person(auth, first_name="Twin", last_name=f"Same{number:02}")

    first = ada.get("/people?search=Twin")
    second = ada.get(first.link("More people"))

    assert len(names(first)) == 25
    assert names(second) == ["Same25, Twin", "Same26, Twin"]
    assert place(second.link("Back to the first page")) == "/people"


@pytest.mark.parametrize("query", ["search=" + "x" * 300, "role=king", "state=alive"])
def test_a_search_that_makes_no_sense_is_told_so(ada: Visitor, query: str) -> None:
    assert "Please fix this" in ada.get(f"/people?{query}", 422).text


def test_a_page_of_people_that_is_not_there_is_no_crash(ada: Visitor) -> None:
    assert "from its beginning" in ada.get("/people?cursor=nonsense", 400).text


def test_nobody_found_says_what_to_do(ada: Visitor) -> None:
    empty = ada.get("/people?search=nobody")

    assert "Nobody found" in empty.text
    assert place(empty.link("Show everybody")) == "/people"


def test_a_person_is_shown_with_what_is_known_and_nothing_about_health(
    auth: Flask, appointment: Flask, ada: Visitor, patient: make.Person, doctor: make.Person
) -> None:
    make.appointment(appointment, patient, doctor, notes="A very private reason")

    page = ada.get(f"/people/{patient.id}")

    assert page.heading == "Maya Lindqvist"
    for words in ("Patient", patient.email, "14 March 1988", "Off"):
        assert words in page.text
    assert "private reason" not in ada.get("/record-of-access").source


@pytest.mark.parametrize("path", ["/people/3f0b1c7e-0000-4000-8000-000000000000", "/people/../admin", "/people/x"])
def test_nobody_has_no_page(ada: Visitor, path: str) -> None:
    assert ada.get(path, 404)


@pytest.mark.parametrize(
    "path", ["/people", "/people/waiting", "/record-of-access", "/clinic", "/people/{id}", "/people/{id}/disable"]
)
def test_only_admins_get_in(maya: Visitor, doctor: make.Person, portal: Flask, path: str) -> None:
    path = path.format(id=doctor.id)
    for somebody in (maya, Visitor(portal).sign_in(doctor.email)):
        assert somebody.get(path, 403).heading == "This page is not for your account"


# ---------- what can be done ----------


def test_an_account_is_disabled_and_enabled_again(ada: Visitor, maya: Visitor, patient: make.Person) -> None:
    done = act(ada, patient, "Disable the account", "Disable the account")
    assert "The account of Maya Lindqvist is disabled." in done.text
    assert "Disabled" in done.text
    assert maya.get("/account").heading == "Sign in"
    assert names(ada.get("/people?state=disabled")) == ["Lindqvist, Maya"]

    act(ada, patient, "Enable the account", "Enable the account")
    assert maya.sign_in(patient.email).get("/").heading == "Hello, Maya"


def test_asking_does_nothing(ada: Visitor, maya: Visitor, patient: make.Person) -> None:
    for name in ("disable", "sign-out", "role", "licence/verify"):
        ada.get(f"/people/{patient.id}/{name}")

    assert maya.get("/account").heading != "Sign in"


def test_somebody_is_signed_out_everywhere(ada: Visitor, maya: Visitor, patient: make.Person) -> None:
    act(ada, patient, "Sign out everywhere", "Sign out everywhere")

    assert maya.get("/account").heading == "Sign in"
    again = ada.press(ada.get(f"/people/{patient.id}/sign-out"), "Sign out everywhere", 409)
    assert "This person is not signed in anywhere." in again.text


def test_what_has_happened_meanwhile_is_said_in_words(auth: Flask, ada: Visitor, patient: make.Person) -> None:
    asked = ada.get(f"/people/{patient.id}/disable")
    ada.press(asked, "Disable the account")

    late = ada.press(asked, "Disable the account", 409)

    assert "This account is already disabled." in late.text


def test_one_cannot_change_oneself(ada: Visitor, admin: make.Person) -> None:
    page = ada.get(f"/people/{admin.id}")

    assert "This is your own account." in page.text
    for name in ("disable", "role"):
        assert place(ada.get(f"/people/{admin.id}/{name}").path) == f"/people/{admin.id}"
    fields = {"csrf_token": page.fields(page.form("Sign out")[0])["csrf_token"]}
    assert "your own account" in ada.post(f"/people/{admin.id}/disable", fields, 409).text


def test_a_role_is_changed_and_says_what_follows(
    auth: Flask, ada: Visitor, maya: Visitor, patient: make.Person
) -> None:
    changed = act(ada, patient, "Change the role", "Change the role", role="admin")

    assert "Maya Lindqvist now has the role admin." in changed.text
    assert maya.get("/people").heading == "People"


def test_the_same_role_and_no_role_are_refused_kindly(ada: Visitor, patient: make.Person) -> None:
    form = ada.get(f"/people/{patient.id}/role")

    assert "already" in ada.press(form, "Change the role", 409, role="patient").text
    assert ada.press(form, "Change the role", 422, role="king")
    assert "Choose a role." in ada.press(form, "Change the role", 422, role="").text


# ---------- licences ----------


def test_a_doctor_who_waits_is_found_checked_and_goes_on_without_signing_in_again(
    auth: Flask, portal: Flask, ada: Visitor
) -> None:
    doctor = waiting_doctor(auth)
    vera = Visitor(portal).sign_in(doctor.email)
    assert "GMC 7654321" in vera.get("/").text
    assert "1 doctor waits" in ada.get("/").text
    queue = ada.get("/people/waiting")
    assert "GMC 7654321" in queue.text

    form = ada.get(queue.link("Check"))
    assert form.all("input[@id='number']")[0].get("value") == "7654321"
    verified = ada.press(form, "Verify this doctor", number="7 654 322", register="gmc")

    assert "Dr Vera Lang is verified" in verified.text
    assert "7654322" in verified.text
    assert "Nobody is waiting" in ada.get("/").text
    assert vera.get("/today").heading == "Welcome, Dr Vera Lang"


def test_all_that_is_wrong_with_a_licence_is_said_at_once(auth: Flask, ada: Visitor) -> None:
    doctor = waiting_doctor(auth)
    form = ada.get(f"/people/{doctor.id}/licence/verify")

    empty = {"number": "", "register": "", "checked_on__day": "1", "checked_on__month": "1", "checked_on__year": "2190"}
    page = ada.press(form, "Verify this doctor", 422, **empty)
    assert "Please fix 3 things" in page.text
    odd = ada.press(form, "Verify this doctor", 422, number="ж" * 20)
    assert odd.all("p[@id='number-error']")
    early = ada.press(form, "Verify this doctor", 422, checked_on__year="1950")
    assert early.all("p[@id='checked_on-error']")


def test_a_licence_of_somebody_else_is_refused_in_words(auth: Flask, ada: Visitor, doctor: make.Person) -> None:
    other = waiting_doctor(auth)
    form = ada.get(f"/people/{other.id}/licence/verify")

    page = ada.press(form, "Verify this doctor", 409, number="7412093")

    assert "Another doctor of the clinic is recorded with this licence." in page.text


def test_a_licence_is_not_accepted_and_the_doctor_reads_why(auth: Flask, portal: Flask, ada: Visitor) -> None:
    doctor = waiting_doctor(auth)
    vera = Visitor(portal).sign_in(doctor.email)

    rejected = act(ada, doctor, "Do not accept it", "Do not accept it", reason="Not in the register.\n<b>Call us</b>")

    assert "Not accepted" in rejected.text
    home = vera.get("/")
    assert home.heading == "Your licence was not accepted"
    assert "Not in the register.\n<b>Call us</b>" in "".join(home.root.itertext())
    assert "Vera" in ada.press(ada.get(f"/people/{doctor.id}/licence/verify"), "Reinstate this doctor").text


def test_a_doctor_is_suspended_with_a_reason_and_reinstated(
    appointment: Flask, portal: Flask, ada: Visitor, doctor: make.Person
) -> None:
    revocations = appointment.extensions["revocations"]
    amara = Visitor(portal).sign_in(doctor.email)

    assert "Enter the reason." in act(ada, doctor, "Suspend", "Suspend this doctor", 422, reason=" ").text
    assert "is suspended" in act(ada, doctor, "Suspend", "Suspend this doctor", reason="A complaint").text

    revocations.poll()
    home = amara.get("/")
    assert home.heading == "Your account is on hold"
    assert "A complaint" in home.text
    again = ada.get(ada.get(f"/people/{doctor.id}").link("Reinstate"))
    assert "A complaint" in again.text
    assert "is reinstated" in ada.press(again, "Reinstate this doctor").text
    assert amara.get("/today").heading == "Today"


def test_a_patient_has_no_licence_to_check(ada: Visitor, patient: make.Person) -> None:
    for name in ("verify", "reject", "suspend"):
        assert place(ada.get(f"/people/{patient.id}/licence/{name}").path) == f"/people/{patient.id}"


# ---------- the record of access ----------


def told(page: Page) -> list[str]:
    return [" ".join("".join(p.itertext()).split()) for p in page.all("p[@class='event-words']")]


def test_the_record_says_who_did_what_with_whose_record(
    auth: Flask, appointment: Flask, ada: Visitor, patient: make.Person, doctor: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    Api(appointment, doctor.token).get(f"/appointments/{booked['id']}")

    everything = told(ada.get("/record-of-access"))

    assert "Dr Amara Okafor read an appointment of Maya Lindqvist" in everything
    assert "Maya Lindqvist booked an appointment" in everything


def test_the_record_is_narrowed_down(
    auth: Flask, appointment: Flask, ada: Visitor, patient: make.Person, doctor: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    Api(appointment, doctor.token).get(f"/appointments/{booked['id']}")
    ada.get(f"/people/{patient.id}")
    form = ada.get("/record-of-access")

    def found(**asked: str) -> list[str]:
        return told(ada.press(form, "Show", **asked))

    today = str(make.clinic_day(0))
    assert found(place="appointment", action="appointment.book") == ["Maya Lindqvist booked an appointment"]
    assert found(actor=doctor.email, place="appointment", action="appointment.read", since=today, until=today)
    assert all("Maya" in line for line in found(patient="Maya Lindqvist", action="appointment.read"))
    assert found(place="appointment", outcome="refused") == []
    assert found(since="2001-01-01", until="2001-01-02") == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("actor=nobody@example.com", "Nobody has this name or e-mail address."),
        ("patient=Last", "Several people match."),
        ("since=2027-02-30", "Enter a day like"),
        ("until=0001-01-01", "after the year 2000"),
        ("since=2026-02-02&until=2026-02-01", "before the first one"),
        ("action=made.up", "Choose one of the list."),
        ("place=elsewhere", "Choose one of the list."),
    ],
)
def test_what_cannot_be_looked_for_is_said_at_its_box(auth: Flask, ada: Visitor, query: str, words: str) -> None:
    make.person(auth)
    make.person(auth)

    assert words in ada.get(f"/record-of-access?{query}", 422).text


def test_earlier_pages_of_the_record_keep_the_filters(
    auth: Flask, appointment: Flask, ada: Visitor, patient: make.Person
) -> None:
    from appointment_service.models import audit, db

    with appointment.app_context():
        for number in range(PAGE + 5):
            audit.note(("appointment.list", "appointment.read")[number % 2], None, patient_id=UUID(patient.id))
        db.session.commit()

    first = ada.get(f"/record-of-access?place=appointment&patient={patient.email}")
    second = ada.get(first.link("Earlier"))

    assert len(told(first)) == PAGE
    assert len(told(second)) == 5
    assert "patient=" in second.link("Back to the newest")


@pytest.mark.parametrize("before", ["", "x", "2026-01-01", "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"])
def test_an_odd_moment_in_the_address_is_no_crash(ada: Visitor, before: str) -> None:
    ada.get("/record-of-access", query_string={"before": before})


def test_a_persons_page_leads_to_what_they_did_and_who_saw_their_record(ada: Visitor, patient: make.Person) -> None:
    page = ada.get(f"/people/{patient.id}")

    assert "Ada Admin read the account of Maya Lindqvist" in told(ada.get(page.link("Who saw the record")))
    assert ada.get(page.link("What Maya did"))


def test_every_action_of_the_services_has_words() -> None:
    from pathlib import Path

    from portal.record import ACTIONS
    from tests.servers import ROOT

    noted = re.compile(r'(?:note|of)\(\s*"([a-z-]+\.[a-z-]+)"')
    sources = [
        p for name in ("auth", "appointment", "prescription") for p in Path(ROOT, f"{name}_service").rglob("*.py")
    ]
    actions = {action for source in sources for action in noted.findall(source.read_text())}

    assert actions
    assert actions <= ACTIONS.keys()
