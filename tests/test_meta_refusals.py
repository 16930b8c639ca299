"""Every refusal a service knows looks the same, says something to people, and is told of where it can happen."""

import importlib
import pkgutil

import pytest
from flask import Flask

from chassis import problems
from chassis.errors import BY_CODE, Refusal

SERVICES = ("auth", "appointment", "prescription")


def subclasses(kind: type[Refusal]) -> list[type[Refusal]]:
    return [found for child in kind.__subclasses__() for found in (child, *subclasses(child))]


def own_refusals(name: str) -> list[type[Refusal]]:
    """The rules that a service may refuse with, wherever they are defined in its package."""
    package = importlib.import_module(f"{name}_service")
    for module in pkgutil.walk_packages(package.__path__, f"{name}_service."):
        if ".migrations" not in module.name:
            importlib.import_module(module.name)
    return [kind for kind in subclasses(Refusal) if kind.__module__.startswith(f"{name}_service.")]


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> tuple[str, Flask]:
    return request.param, request.getfixturevalue(request.param)


def test_every_refusal_is_a_problem_document(service: tuple[str, Flask]) -> None:
    name, app = service
    kinds = own_refusals(name) + [kind for kind in subclasses(Refusal) if kind.__module__.startswith("chassis.")]

    for kind in kinds:
        with app.test_request_context("/"):
            answer = problems.render(kind())
        problem = answer.get_json()
        assert answer.content_type == "application/problem+json"
        assert answer.status_code == problem["status"] == kind.status
        assert problem["code"] == kind.code
        assert problem["type"] == f"urn:problem-type:{kind.code}"
        assert problem["title"]
        assert problem["detail"].endswith("."), kind
        assert "WWW-Authenticate" in answer.headers or kind.status != 401
        assert "Retry-After" in answer.headers or kind.status not in {429, 503}


def test_a_code_means_one_status_everywhere() -> None:
    for name in SERVICES:
        own_refusals(name)

    for kind in subclasses(Refusal):
        assert BY_CODE[kind.code].status == kind.status, kind


def test_every_refusal_of_a_service_is_told_of_by_a_view(service: tuple[str, Flask]) -> None:
    name, app = service
    served = app.test_client().get("/openapi.json").get_json()
    told = {
        (status, line.split("`")[1])
        for operations in served["paths"].values()
        for method, operation in operations.items()
        if method != "parameters"
        for status, response in operation["responses"].items()
        for line in response["description"].splitlines()
        if line.startswith("`")
    }

    # what only a command line can meet needs no line in the description
    silent = {kind.code for kind in own_refusals(name) if (str(kind.status), kind.code) not in told}

    assert silent == set()
