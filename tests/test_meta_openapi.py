"""The descriptions of the services are valid, committed, and readable in a browser that asks no other host."""

import re

import pytest
from flask import Flask
from openapi_spec_validator import validate
from playwright.sync_api import Browser, Page

from tests import openapi
from tests.servers import Clinic

PARAMETER = re.compile("<[^>]+>")
SERVICES = ("auth", "appointment", "prescription")


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> tuple[str, Flask]:
    return request.param, request.getfixturevalue(request.param)


def test_what_is_committed_is_what_is_served(service: tuple[str, Flask]) -> None:
    name, app = service

    assert openapi.file(name).read_text() == openapi.description(app), "run: python -m tests.openapi"


def test_a_description_is_valid_openapi(service: tuple[str, Flask]) -> None:
    _, app = service
    served = app.test_client().get("/openapi.json").get_json()

    validate(served)

    assert served["openapi"].startswith("3.1")


def test_every_route_is_described_and_every_reference_leads_somewhere(service: tuple[str, Flask]) -> None:
    _, app = service
    served = app.test_client().get("/openapi.json").get_json()
    described = {
        f"{method.upper()} {re.sub('{[a-z_]+}', '{parameter}', path)}"
        for path, item in served["paths"].items()
        for method in item
    }
    routes = {
        f"{method} {PARAMETER.sub('{parameter}', rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.rule.startswith(("/docs", "/openapi.json", "/metrics"))
    }

    assert described == routes
    for reference in set(re.findall(r'"\$ref": "([^"]+)"', openapi.description(app))):
        assert reference.removeprefix("#/components/schemas/") in served["components"]["schemas"]


def test_the_page_reads_its_description_in_a_real_browser_and_nothing_else(clinic: Clinic, browser: Browser) -> None:
    for name in SERVICES:
        read_docs(browser.new_page(), getattr(clinic, name).url, name)


def read_docs(page: Page, url: str, name: str) -> None:
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    answer = page.goto(f"{url}/docs")
    assert answer is not None
    page.locator(".opblock-summary").first.wait_for()
    page.locator(".opblock-summary-control").first.click()
    page.locator(".opblock-body").first.wait_for()

    assert "unsafe" not in answer.headers["content-security-policy"]
    assert [line for line in said if not line.startswith(("log:", "info:", "debug:"))] == []
    assert [request for request in asked if not request.startswith((url, "data:", "blob:"))] == []
    assert page.locator("h1, h2.title").first.inner_text().startswith(f"{name.capitalize()} service")
    page.close()
