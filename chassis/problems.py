"""How failures are rendered: `application/problem+json` (RFC 9457), from any of the places failures come from.

Under `/fhir/` the same is said as an *OperationOutcome*.
"""

import traceback
from collections.abc import Iterable
from typing import Any

from apiflask.exceptions import HTTPError
from flask import Flask, Response, current_app, g
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.exceptions import NotFound as NoRoute

from chassis import fhir, logs
from chassis.errors import FieldError, Invalid, NotFound, Refusal, TooLarge, Unavailable
from chassis.web import code_of

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
        "code": {"type": "string", "description": "A stable word for programs."},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "message"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer (RFC 6901) to the field."},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}

MOST_ERRORS = 100  # in one answer; nobody reads more, and a small body could ask for thousands

CODES = {
    "missing": "required",
    "extra_forbidden": "unknown-field",
    "string_too_short": "too-short",
    "too_short": "too-short",
    "string_too_long": "too-long",
    "too_long": "too-long",
    "string_unicode": "characters",
    "value_error": "invalid",
    "literal_error": "not-a-choice",
}


def handle_failures(app: Flask) -> None:
    """Render every failure of this service as a problem."""
    app.register_error_handler(Refusal, render)
    app.register_error_handler(HTTPError, _from_input)
    app.register_error_handler(HTTPException, _from_web)
    app.register_error_handler(PoolTimeout, _from_database)
    app.register_error_handler(OperationalError, _from_database)
    app.register_error_handler(InterfaceError, _from_database)
    app.register_error_handler(DBAPIError, _from_database)
    app.register_error_handler(Exception, _unexpected)


def render(refusal: Refusal) -> Response:
    """The problem document of a refusal."""
    body = refusal.problem(getattr(g, "request_id", "-"))
    return _problem(body, refusal.status, dict(refusal.headers), refusal.errors)


def _problem(body: dict[str, Any], status: int, headers: dict[str, str], errors: Iterable[FieldError] = ()) -> Response:
    headers = {"Cache-Control": "no-store", **headers}
    g.problem_code = body["code"]
    if fhir.here():
        return fhir.respond(fhir.outcome(status, body["code"], body["detail"], errors), status, headers)
    text = current_app.json.dumps(body)
    return current_app.response_class(text, status, headers, content_type="application/problem+json")


def _from_input(error: HTTPError) -> Response:
    """A body or query that pydantic refused. The library keeps pydantic's own error as the cause."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return _unexpected(error)
    return render(invalid(cause))


def invalid(error: ValidationError) -> Invalid:
    """The refusal of a body or query, with all that pydantic found wrong in it."""
    found = error.errors(include_url=False, include_input=False)[:MOST_ERRORS]
    errors = [field_error(problem) for problem in found]
    refusal = Invalid(errors=errors)
    if all(error.code == "unknown-field" for error in errors):
        refusal.code = "unknown-field"
    return refusal


def field_error(problem: Any) -> FieldError:
    """One of pydantic's errors as a pointer, a code and a sentence."""
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in problem["loc"])
    kind, limits = problem["type"], problem.get("ctx", {})
    sentences = {
        "missing": "This is required.",
        "extra_forbidden": "This field is not known here.",
        "string_too_short": f"Write at least {limits.get('min_length')} characters.",
        "string_too_long": f"Write at most {limits.get('max_length')} characters.",
        "too_short": f"Give at least {limits.get('min_length')}.",
        "too_long": f"Give at most {limits.get('max_length')}.",
        "string_type": "This must be text.",
        "string_unicode": "This holds characters that are not text.",
        "model_type": "This must be a JSON object.",
        "model_attributes_type": "This must be a JSON object.",
        "literal_error": f"Choose one of {limits.get('expected')}.",
    }
    message = sentences.get(kind, problem["msg"].removeprefix("Value error, "))
    return FieldError(pointer, CODES.get(kind, kind.replace("_", "-")), message)


def _from_web(error: HTTPException) -> Response:
    if error.response is not None and error.code is None:
        return Response(error.response)  # type: ignore[arg-type]
    if isinstance(error, RequestEntityTooLarge):
        return render(TooLarge())
    if isinstance(error, NoRoute):  # in the words of a record that is not there: the two look the same
        return render(NotFound())
    status = error.code or 500
    body = {"type": f"urn:problem-type:{code_of(error)}", "title": error.name, "status": status}
    body |= {"detail": error.description or error.name, "code": code_of(error)}
    body |= {"request_id": getattr(g, "request_id", "-")}
    headers = {key: value for key, value in error.get_headers() if key.lower() != "content-type"}
    return _problem(body, status, headers)


# what PostgreSQL says when it is not its state but its strength: locks, time limits, resources, shutdown
_PASSING = ("08", "40", "53", "55P03", "57")


def _from_database(error: Exception) -> Response:
    """503 when the database is out, busy or too slow; anything else is a fault of ours."""
    state = getattr(getattr(error, "orig", None), "pgcode", None)
    lost = isinstance(error, PoolTimeout) or state is None or state.startswith(_PASSING)
    if isinstance(error, DBAPIError) and not isinstance(error, OperationalError | InterfaceError) and state is None:
        lost = error.connection_invalidated
    if not lost:
        return _unexpected(error)
    logs.logger.warning("database unavailable", extra={"state": state, "error": type(error).__name__})
    return render(Unavailable(service="database"))


def _unexpected(error: Exception) -> Response:
    # the place and the kind only: messages of libraries repeat what people wrote
    where = traceback.format_tb(error.__traceback__)[-8:]
    logs.logger.error("unexpected failure", extra={"error": type(error).__qualname__, "where": where})
    body = {
        "type": "urn:problem-type:internal-error",
        "title": "Internal error",
        "status": 500,
        "code": "internal-error",
    }
    body |= {"detail": "Something went wrong on our side. Nothing you sent was at fault."}
    body |= {"request_id": getattr(g, "request_id", "-")}
    return _problem(body, 500, {})
