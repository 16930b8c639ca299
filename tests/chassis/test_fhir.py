"""What every service does alike under `/fhir/`: its media type, its refusals, its bundles and what it says it can."""

from typing import Any

import pytest
from apiflask import APIBlueprint, APIFlask
from flask import Flask

from chassis import fhir, fhir_search
from chassis.errors import FieldError, Invalid
from chassis.identity import allow, public
from chassis.schemas import In
from chassis.service import build
from tests.api import Api

ONE = {"resourceType": "Basic", "id": "1"}


class BasicIn(In):
    """A resource with a list."""

    id: str
    items: list[int] = []


@pytest.fixture(scope="module")
def app(environment: dict[str, str], auth: Flask) -> APIFlask:
    from auth_service import signing_keys
    from auth_service.models import db
    from auth_service.settings import AuthSettings

    bp = APIBlueprint("fhir", __name__)

    @bp.get("/fhir/Basic")
    @public
    @bp.input(fhir_search.Search, location="query", arg_name="wanted")
    @fhir.output
    def search(wanted: fhir_search.Search) -> fhir.Resource:
        return fhir.searchset([ONE] * wanted.limit, "next" if wanted.cursor is None else None)

    @bp.post("/fhir/Basic")
    @public
    @bp.input(BasicIn, arg_name="given")
    @fhir.output
    def write(given: BasicIn) -> tuple[fhir.Resource, int]:
        if given.id == "twice":
            raise Invalid(errors=[FieldError("/items/0", "too-many", "Once is enough.")])
        return {"resourceType": "Basic", "id": given.id}, 201

    @bp.get("/fhir/Secret")
    @allow("doctor")
    @fhir.output
    def secret() -> fhir.Resource:
        return ONE

    @bp.get("/fhir/metadata")
    @public
    @fhir.output
    def metadata() -> fhir.Resource:
        return fhir.capabilities("Test", "2026-11-28", {"Basic": (("search-type",), {"patient": "reference"})})

    @bp.get("/fhir/broken")
    @public
    def broken() -> Any:
        raise ZeroDivisionError

    return build("auth", "auth_service", AuthSettings(**environment), db, [bp], signing_keys.public_key)


def issue(app: APIFlask, method: str, path: str, expect: int, **given: Any) -> Any:
    answer = Api(app).send(method, path, **given)
    body = answer.get_json()
    assert (answer.status_code, answer.content_type) == (expect, "application/fhir+json"), body
    assert body["resourceType"] == "OperationOutcome"
    (only,) = body["issue"]
    return only


def test_a_bundle_links_to_what_follows(app: APIFlask) -> None:
    answer = Api(app).send("GET", "/fhir/Basic?_count=2&_format=json")
    bundle = answer.get_json()

    assert answer.content_type == "application/fhir+json"
    assert (bundle["type"], len(bundle["entry"])) == ("searchset", 2)
    assert bundle["entry"][0] == {
        "fullUrl": "http://localhost/fhir/Basic/1",
        "resource": ONE,
        "search": {"mode": "match"},
    }
    following = bundle["link"][1]
    assert following["relation"] == "next"
    last = Api(app).get(following["url"].removeprefix("http://localhost"))
    assert [link["relation"] for link in last["link"]] == ["self"]


@pytest.mark.parametrize(
    ("method", "path", "status", "kind", "code"),
    [
        ("GET", "/fhir/Nothing", 404, "not-found", "not-found"),
        ("DELETE", "/fhir/Basic", 405, "not-supported", "method-not-allowed"),
        ("GET", "/fhir/Secret", 401, "login", "token-missing"),
        ("GET", "/fhir/broken", 500, "exception", "internal-error"),
    ],
)
def test_a_refusal_is_an_operation_outcome(
    app: APIFlask, method: str, path: str, status: int, kind: str, code: str
) -> None:
    found = issue(app, method, path, status)

    assert (found["severity"], found["code"], found["details"]["coding"][0]["code"]) == ("error", kind, code)
    assert found["details"]["text"]


def test_a_wrong_field_is_named_by_its_path(app: APIFlask) -> None:
    assert issue(app, "POST", "/fhir/Basic", 422, json={"id": "twice"})["expression"] == ["Basic.items[0]"]
    assert issue(app, "POST", "/fhir/Basic", 422, json={})["code"] == "required"
    assert issue(app, "POST", "/fhir/Basic", 422, json={"id": "1", "x": 1})["code"] == "not-supported"
    assert issue(app, "GET", "/fhir/Basic?_count=0", 422)["location"] == ["http._count"]
    assert issue(app, "GET", "/fhir/Basic?_sort=id", 422)["location"] == ["http._sort"]


def test_bodies_are_json_of_either_name_here_and_plain_json_elsewhere(app: APIFlask) -> None:
    fhir_json = {"data": '{"id": "1"}', "content_type": "application/fhir+json"}

    Api(app).post("/fhir/Basic", expect=201, json={"id": "1"})
    Api(app).post("/fhir/Basic", expect=201, **fhir_json)
    assert issue(app, "POST", "/fhir/Basic", 415, data="<Basic/>", content_type="application/fhir+xml")
    assert issue(app, "POST", "/fhir/Basic", 400, data="{", content_type="application/fhir+json")["code"] == "structure"
    assert Api(app).send("POST", "/health", **fhir_json).content_type == "application/problem+json"


def test_a_client_may_ask_for_fhir_and_for_nothing_else_that_is_not_served(app: APIFlask) -> None:
    Api(app).get("/fhir/metadata", headers={"Accept": "application/fhir+json"})
    assert issue(app, "GET", "/fhir/metadata", 406, headers={"Accept": "application/fhir+xml"})


def test_a_service_says_what_it_can(app: APIFlask) -> None:
    told = Api(app).get("/fhir/metadata")

    assert (told["resourceType"], told["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    assert told["rest"][0]["resource"] == [
        {
            "type": "Basic",
            "interaction": [{"code": "search-type"}],
            "searchParam": [{"name": "patient", "type": "reference"}],
        }
    ]


def test_the_description_tells_of_resources_and_outcomes(app: APIFlask) -> None:
    described = Api(app).get("/openapi.json")["paths"]["/fhir/Basic"]

    for operation in described.values():
        assert {kind for one in operation["responses"].values() for kind in one["content"]} == {fhir.MEDIA_TYPE}
    assert list(described["post"]["requestBody"]["content"]) == [fhir.MEDIA_TYPE]
