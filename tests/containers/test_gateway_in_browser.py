"""The main job in a real browser over HTTPS, through the gateway of the production setup."""

import pytest
from playwright.sync_api import Browser

from tests.containers.production import Production
from tests.journeys import walk

pytestmark = pytest.mark.timeout(900)  # the first test here waits for the images


def test_the_main_job_over_https(production: Production, browser: Browser) -> None:
    paper = walk.visit(browser, production.base, any_certificate=True)

    assert (paper.pages, paper.size) == (1, walk.A5)
    assert "LINDQVIST, Maya" in paper.text
