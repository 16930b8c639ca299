"""The auth service sees the browser behind the portal, and counts browsers, not the portal."""

from flask import Flask

from tests import make
from tests.api import Api
from tests.portal.visitor import Visitor

HERE, ELSEWHERE = "198.51.100.44", "203.0.113.5"


def coming_from(portal: Flask, address: str) -> Visitor:
    visitor = Visitor(portal)
    visitor.client.environ_base |= {"REMOTE_ADDR": address, "HTTP_USER_AGENT": "Mozilla/5.0 (a browser)"}
    return visitor


def test_a_session_remembers_the_browser_and_its_address(portal: Flask, auth: Flask, patient: make.Person) -> None:
    coming_from(portal, HERE).sign_in(patient.email)

    kept = Api(auth, patient.token).get("/auth/me/sessions")["items"]

    assert (HERE, "Mozilla/5.0 (a browser)") in [(one["address"], one["user_agent"]) for one in kept]


def test_guesses_of_one_browser_are_not_held_against_another(portal: Flask, patient: make.Person) -> None:
    guessing = coming_from(portal, HERE)
    form = guessing.get("/sign-in")
    for _ in range(5):
        guessing.press(form, "Sign in", 401, email=patient.email, password="WrongPass123")
    guessing.press(form, "Sign in", 429, email=patient.email, password=make.PASSWORD)

    coming_from(portal, ELSEWHERE).sign_in(patient.email)
