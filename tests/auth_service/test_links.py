"""Links that are mailed: once, for a time, and only the newest."""

from flask import Flask

from tests import make
from tests.api import Api
from tests.mailbox import Mailbox

NEW = "another Word 42"


def ask(auth: Flask, mailbox: Mailbox, email: str, number: int = 1) -> str:
    """The token of a mailed link to a new password."""
    Api(auth).post("/auth/password-resets", json={"email": email}, expect=202)
    return mailbox.token(email, number)


def test_a_forgotten_password_is_replaced_by_a_mailed_link(auth: Flask, mailbox: Mailbox) -> None:
    patient = make.person(auth)
    token = ask(auth, mailbox, patient.email)

    Api(auth).call("POST", "/auth/links/password", 204, json={"token": token, "password": NEW})

    make.sign_in(auth, patient.email, NEW)
    Api(auth).post("/auth/login", json={"email": patient.email, "password": make.PASSWORD}, expect=401)
    Api(auth).post("/auth/refresh", json={"refresh_token": patient.refresh_token}, expect=401)
    mailbox.wait(patient.email, 2)
