"""FHIR R4 (4.0.1) over HTTP, as far as every service does it alike: media type, refusals, bundles, capabilities.

Resources are dictionaries shaped by hand. Everything under `/fhir/` speaks `application/fhir+json` only, and a refusal
there is an *OperationOutcome* instead of a problem document; `issue.details.coding` has its code, then the field's.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from flask import Response, current_app, request

from chassis.errors import FieldError

V = TypeVar("V", bound=Callable[..., Any])
Resource = dict[str, Any]

MEDIA_TYPE = "application/fhir+json"
VERSION = "4.0.1"
UNDER = "/fhir/"
PROBLEMS = "urn:problem-type"
"""The code system of refusals: the codes of the problem documents (RFC 9457) of all services."""

ISSUES = {
    400: "structure",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
}
ISSUES |= {409: "conflict", 412: "conflict", 413: "too-long", 415: "not-supported", 422: "invalid", 428: "required"}
ISSUES |= {429: "throttled", 500: "exception", 503: "transient"}
FIELDS = {"required": "required", "unknown-field": "not-supported", "not-a-choice": "code-invalid"}
"""HL7's issue types by status, and by the code of a field."""


def here() -> bool:
    """Whether this request is one for FHIR."""
    return request.path.startswith(UNDER)


def output(view: V) -> V:
    """Answer with the resource that a view gives, or the (resource, status). Put it above `audit.of`."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Response:
        answer = view(*args, **kwargs)
        resource, status = answer if isinstance(answer, tuple) else (answer, 200)
        return respond(resource, status)

    return cast(V, wrapper)


def respond(resource: Resource, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The resource as an answer."""
    text = current_app.json.dumps(resource)
    return current_app.response_class(text, status, dict(headers or {}), content_type=MEDIA_TYPE)


def outcome(status: int, code: str, detail: str, errors: Iterable[FieldError] = ()) -> Resource:
    """An *OperationOutcome* that says no: one issue for each wrong field, else one in all."""
    issues = [
        _issue(FIELDS.get(one.code, "value"), one.message, code, one.code) | _place(one.pointer) for one in errors
    ]
    one_in_all = _issue(ISSUES.get(status, "processing"), detail, code)
    return {"resourceType": "OperationOutcome", "issue": issues or [one_in_all]}


def told(text: str, diagnostics: str = "") -> Resource:
    """An *OperationOutcome* that says something besides."""
    issue = {"severity": "information", "code": "informational", "details": {"text": text}}
    return {
        "resourceType": "OperationOutcome",
        "issue": [issue | ({"diagnostics": diagnostics} if diagnostics else {})],
    }


def _issue(kind: str, text: str, *codes: str) -> Resource:
    """The code of the refusal, and behind it the one of the field."""
    coding = [{"system": PROBLEMS, "code": code} for code in dict.fromkeys(codes)]
    return {"severity": "error", "code": kind, "details": {"coding": coding, "text": text}}


def _place(pointer: str) -> Resource:
    """A JSON pointer as FHIRPath, `MedicationRequest.dosageInstruction[0].text`; `http.patient` in a query."""
    if request.method == "GET":
        return {"location": [f"http.{pointer.removeprefix('/')}"]}
    parts = "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in pointer.split("/")[1:])
    return {"expression": [request.path.removeprefix(UNDER).split("/")[0] + parts]}


def searchset(found: Iterable[Resource], cursor: str | None, said: Resource | None = None) -> Resource:
    """A *Bundle* of what a search found, in its order, with the link to what follows, and what is `said` of it."""
    links = [{"relation": "self", "url": request.url}]
    if cursor:
        query = [one for one in request.args.items(multi=True) if one[0] != "_cursor"] + [("_cursor", cursor)]
        links.append({"relation": "next", "url": f"{request.base_url}?{urlencode(query)}"})
    entries = [{"fullUrl": url_of(one), "resource": one, "search": {"mode": "match"}} for one in found]
    entries += [{"resource": said, "search": {"mode": "outcome"}}] if said else []
    return {"resourceType": "Bundle", "type": "searchset", "link": links} | ({"entry": entries} if entries else {})


def url_of(resource: Resource) -> str:
    """Where this resource is read."""
    return f"{request.url_root}fhir/{resource['resourceType']}/{resource['id']}"


def capabilities(name: str, since: str, resources: Mapping[str, tuple[Sequence[str], Mapping[str, str]]]) -> Resource:
    """The *CapabilityStatement* of a service: for each type its interactions, and its search parameters by kind."""
    offered = [
        {
            "type": kind,
            "interaction": [{"code": one} for one in interactions],
            "searchParam": [{"name": one, "type": of} for one, of in parameters.items()],
        }
        for kind, (interactions, parameters) in resources.items()
    ]
    security = {"description": "A bearer token (RFC 6750) of the auth service, as for every other view."}
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": since,
        "kind": "instance",
        "software": {"name": name},
        "implementation": {"description": name, "url": f"{request.url_root}fhir"},
        "fhirVersion": VERSION,
        "format": [MEDIA_TYPE],
        "rest": [{"mode": "server", "security": security, "resource": offered}],
    }
