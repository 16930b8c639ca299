"""The main job in a real browser, against the clinic in containers."""

import pytest
from playwright.sync_api import Browser

from tests.containers.compose import Compose
from tests.journeys import walk

pytestmark = pytest.mark.timeout(900)  # the first test here waits for the images


def test_the_main_job_from_booking_to_paper(containers: Compose, browser: Browser) -> None:
    paper = walk.visit(browser, containers.url("portal"))

    assert (paper.pages, paper.size) == (1, walk.A5)
    assert "LINDQVIST, Maya" in paper.text
