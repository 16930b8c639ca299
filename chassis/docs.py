"""The API's description: `/openapi.json` (OpenAPI 3.1) made complete, and a Swagger page at `/docs` under a CSP."""

from collections.abc import Callable
from importlib.resources import files
from typing import Any, TypeVar

from apiflask import APIFlask
from flask import Blueprint, Flask, Response, send_from_directory
from pydantic import BaseModel

from chassis import answers, errors, fhir  # noqa: F401 - answers: before views are made
from chassis.errors import Refusal
from chassis.identity import DoctorNotVerified, public
from chassis.problems import PROBLEM_SCHEMA

V = TypeVar("V", bound=Callable[..., Any])
Spec = dict[str, Any]

ASSETS = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} API</title>
<link rel="icon" href="docs/favicon-32x32.png"><link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body><main id="api"></main>
<script src="docs/swagger-ui-bundle.js"></script><script src="docs/start.js"></script>
</body>
</html>
"""
START = """// What is tried out goes to where this page was found: behind a gateway that is under a path.
const server = new URL(".", location.href).href.replace(/[/]$/, "");
fetch("openapi.json").then((answer) => answer.json()).then((description) => SwaggerUIBundle({
  spec: {...description, servers: [{url: server}]}, dom_id: "#api", presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout", deepLinking: true, validatorUrl: null
}));
"""

IDEMPOTENCY_KEY: Spec = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Makes a retry safe: the same key and body give the first answer again, for 24 hours.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}


def refuses(*refusals: type[Refusal]) -> Callable[[V], V]:
    """Name, for the documentation, the rules that this view may refuse with."""

    def decorate(view: V) -> V:
        view.refuses = refusals  # type: ignore[attr-defined]
        return view

    return decorate


def may_take(body: type[BaseModel]) -> Callable[[V], V]:
    """Describe a body that may be left out. The view reads it itself."""

    def decorate(view: V) -> V:
        view.may_take = body  # type: ignore[attr-defined]
        return view

    return decorate


def describe(app: APIFlask) -> None:
    """Complete the generated description: tokens, required bodies, problems, and names without their parents'."""
    app.config["OPENAPI_VERSION"] = "3.1.0"
    app.config["AUTO_OPERATION_ID"] = True
    app.config["AUTO_SERVERS"] = False
    app.config["AUTO_404_RESPONSE"] = False
    app.config["AUTO_VALIDATION_ERROR_RESPONSE"] = False
    app.config["SECURITY_SCHEMES"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}

    @app.spec_processor
    def complete(spec: Any) -> Any:
        components = spec.setdefault("components", {})
        components["schemas"] = {_short(name): schema for name, schema in components.get("schemas", {}).items()}
        components["schemas"]["Problem"] = PROBLEM_SCHEMA
        _shorten_references(spec)
        for path, operations in spec["paths"].items():
            for method, operation in operations.items():
                if method != "parameters":
                    _complete_operation(app, method, operation)
                    if path.startswith(fhir.UNDER):
                        _as_fhir(operation)
        return spec


def _short(name: str) -> str:
    return name.rsplit(".", 1)[-1]


def _shorten_references(node: Any) -> None:
    if isinstance(node, dict):
        node.pop("$defs", None)
        if isinstance(node.get("$ref"), str):
            prefix, _, name = node["$ref"].rpartition("/")
            node["$ref"] = f"{prefix}/{_short(name)}"
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            _shorten_references(child)


def _complete_operation(app: Flask, method: str, operation: Spec) -> None:
    endpoint = next(
        name for name in app.view_functions if operation["operationId"] == f"{method}_{name.replace('.', '_')}"
    )
    view = app.view_functions[endpoint]
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    if body := getattr(view, "may_take", None):
        content = {"application/json": {"schema": body.model_json_schema()}}
        operation["requestBody"] = {"required": False, "content": content}
    for parameter in operation["parameters"]:
        if parameter["in"] == "path" and parameter["name"].endswith("_id"):
            parameter["schema"] = {"type": "string", "format": "uuid"}
    if getattr(view, "access", None) != "public":
        operation["security"] = [{"bearer": []}]
    if getattr(view, "idempotent", False):
        operation["parameters"].append(IDEMPOTENCY_KEY)
    for status, refusals in _by_status(_refusals_of(view, operation)).items():
        sentences = [f"`{refusal.code}`: {refusal.detail}" for refusal in refusals]
        operation["responses"].setdefault(str(status), _problem("\n\n".join(sentences)))
    operation["responses"]["default"] = _problem("Any other refusal.")
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _as_fhir(operation: Spec) -> None:
    """Resources come and go, and refusals are one of them."""
    for part in [*operation["responses"].values(), *([operation["requestBody"]] if "requestBody" in operation else [])]:
        schemas = list(part.get("content", {}).values())
        problem = schemas and schemas[0]["schema"].get("$ref", "").endswith("/Problem")
        schema = {"type": "object"} if problem or not schemas else schemas[0]["schema"]
        part["content"] = {fhir.MEDIA_TYPE: {"schema": schema}}


def _refusals_of(view: Any, operation: Spec) -> list[type[Refusal]]:
    """What the view names itself, and what the chassis refuses before it is asked."""
    found: list[type[Refusal]] = []
    access = getattr(view, "access", None)
    if access != "public":
        found += [errors.InvalidRequest, errors.TokenMissing, errors.Unauthenticated, errors.TokenRevoked]
        found += [errors.Forbidden]
        roles, unverified = access or ((), True)
        found += [DoctorNotVerified] if "doctor" in roles and not unverified else []
    if "requestBody" in operation:
        found += [errors.Malformed, errors.TooLarge, errors.UnsupportedMediaType]
    if "requestBody" in operation or operation["parameters"]:
        found += [errors.Invalid]
    if any(parameter["in"] == "path" for parameter in operation["parameters"]):
        found += [errors.NotFound]
    return [*found, *getattr(view, "refuses", ()), errors.Unavailable]


def _by_status(refusals: list[type[Refusal]]) -> dict[int, list[type[Refusal]]]:
    found: dict[int, list[type[Refusal]]] = {}
    for refusal in dict.fromkeys(refusals):
        found.setdefault(refusal.status, []).append(refusal)
    return found


def _problem(description: str) -> Spec:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}


def serve_docs(app: APIFlask) -> None:
    """`GET /docs`: Swagger UI from this program's own files, no other host."""
    pages = Blueprint("docs", __name__)
    pages.enable_openapi = False  # type: ignore[attr-defined]
    folder = str(files("flask_swagger_ui") / "dist")

    @pages.get("/docs")
    @public
    def page() -> Response:
        return Response(PAGE.format(title=app.title), mimetype="text/html", headers={"Content-Security-Policy": CSP})

    @pages.get("/docs/start.js")
    @public
    def start() -> Response:
        return Response(START, mimetype="text/javascript")

    def asset(name: str) -> Response:
        return send_from_directory(folder, name, max_age=86400)

    for name in ASSETS:
        pages.add_url_rule(f"/docs/{name}", name.replace(".", "-"), public(_fixed(asset, name)))
    app.register_blueprint(pages)


def _fixed(asset: Callable[[str], Response], name: str) -> Callable[[], Response]:
    return lambda: asset(name)
