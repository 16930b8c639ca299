"""A sign-in goes on when what the token says is no longer so, and ends when the sign-in has ended."""

from flask import Flask

from tests import make
from tests.portal.visitor import Visitor, place


def outdate(auth: Flask, person: make.Person, **changes: object) -> None:
    """Change what the auth service knows of a person; tokens signed before hold no longer."""
    from auth_service import models, revocations

    with auth.app_context():
        row = models.db.session.get(models.Person, person.id)
        assert row
        for name, value in changes.items():
            setattr(row, name, value)
        revocations.outdate_tokens(row)
        models.db.session.commit()


def test_a_page_renews_an_outdated_token_and_goes_on(auth: Flask, maya: Visitor, patient: make.Person) -> None:
    outdate(auth, patient)

    assert maya.get("/account").status == 200
    assert place(maya.get("/account").path) == "/account"


def test_a_form_is_sent_once_with_the_new_token(auth: Flask, maya: Visitor, patient: make.Person) -> None:
    form = maya.get("/account/change")
    outdate(auth, patient)

    assert "Māja Lindqvist" in maya.press(form, "Save", first_name="Māja").text


def test_a_doctor_goes_on_working_once_the_clinic_has_verified(auth: Flask, visitor: Visitor) -> None:
    doctor = make.person(auth, "doctor", verified=False)
    visitor.sign_in(doctor.email)
    make.verify(auth, doctor.email)

    assert visitor.get("/today").heading.startswith("Welcome, Dr ")


def test_somebody_with_another_role_is_led_to_the_page_that_is_theirs_now(
    auth: Flask, appointment: Flask, maya: Visitor, patient: make.Person
) -> None:
    outdate(auth, patient, role="admin")
    appointment.extensions["revocations"].poll()

    page = maya.get("/appointments")

    assert "The clinic has changed your account." in page.text
    assert page.heading == "Hello, Maya"


def test_a_page_of_the_new_role_opens_at_once(auth: Flask, maya: Visitor, patient: make.Person) -> None:
    assert maya.get("/people", 403)
    outdate(auth, patient, role="admin")

    assert maya.get("/people").heading == "People"


def test_a_sign_in_that_has_ended_leads_to_sign_in_and_back(auth: Flask, maya: Visitor, patient: make.Person) -> None:
    from auth_service import models, revocations

    form = maya.get("/account/change")
    with auth.app_context():
        row = models.db.session.get(models.Person, patient.id)
        assert row
        revocations.end_sessions(row)
        models.db.session.commit()

    gone = maya.press(form, "Save", first_name="Typed before")

    assert gone.heading == "Sign in"
    again = maya.press(gone, "Sign in", email=patient.email, password=make.PASSWORD)
    assert "Typed before" in maya.press(again, "Continue").text
