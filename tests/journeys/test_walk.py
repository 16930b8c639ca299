"""A patient books and a doctor prescribes, in a real browser."""

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.journeys import walk
from tests.servers import Clinic


@pytest.mark.parametrize(("scripts", "width"), [(True, 1280), (False, 390)])
def test_the_main_job_from_booking_to_paper(
    clinic: Clinic, auth: Flask, appointment: Flask, browser: Browser, scripts: bool, width: int
) -> None:
    for app in (auth, appointment):
        assert app.test_cli_runner().invoke(args=["demo"]).exit_code == 0

    paper = walk.visit(browser, clinic.portal.url, scripts=scripts, width=width)

    assert (paper.pages, paper.size) == (1, walk.A5)
    for words in (
        "LINDQVIST, Maya",
        "Dr Amara Okafor",
        "7412093",
        "Amoxicillin 500 mg capsules",
        "Paracetamol",
        "5 days",
    ):
        assert words in paper.text
