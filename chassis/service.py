"""How a JSON service is assembled: `build` does for each of them what none of them should write again."""

import os
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from typing import Annotated, Any
from uuid import UUID

from apiflask import APIBlueprint, APIFlask
from flask import Request, request
from flask_sqlalchemy import SQLAlchemy
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from pydantic import AfterValidator, Field, ValidationError
from sqlalchemy import make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import configure_mappers
from werkzeug.exceptions import NotAcceptable
from werkzeug.local import LocalProxy
from werkzeug.routing import BaseConverter

from chassis import answers, docs, fhir, fhir_search, identity, problems, spans, strict_json, tokens, web
from chassis.cursor import Cursors
from chassis.database import tell_statements
from chassis.errors import Invalid, InvalidRequest, TooLarge, Unavailable, UnsupportedMediaType
from chassis.identity import Principal
from chassis.schemas import UUID_PATTERN, In
from chassis.settings import Secret, Settings

MAX_BODY = 64 * 1024
PICTURES = ("image/png", "image/jpeg", "image/webp")
ANYTHING = "*/*"
ANSWERS = (
    "application/json",
    "application/problem+json",
    "text/html",
    "text/css",
    "text/javascript",
    "text/calendar",
    fhir.MEDIA_TYPE,
    *PICTURES,
)


def _of_postgresql(url: str) -> str:
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        parts = None
    if not parts or parts.get_backend_name() != "postgresql" or not (parts.username and parts.host and parts.database):
        raise ValueError("is not a database URL, like postgresql://role:password@host:5432/database")
    return url


DatabaseUrl = Annotated[str, AfterValidator(_of_postgresql), Field(repr=False)]
"""`postgresql://role:password@host:port/database`."""


class ServiceSettings(Settings):
    """What every service reads; a service's own class adds the prefix of its name."""

    database_url: DatabaseUrl
    secret_key: Secret


class IdConverter(BaseConverter):
    """A UUID in canonical form; any other spelling is no such page (404)."""

    regex = UUID_PATTERN

    def to_python(self, value: str) -> UUID:
        """What the view gets."""
        return UUID(value)


class StrictRequest(Request):
    """A request whose body is plain UTF-8 JSON or refused."""

    def get_json(self, *args: Any, **kwargs: Any) -> Any:
        """The parsed body. 415 for any other content type or encoding, 400 for what is not strict JSON."""
        return self._parsed

    @property
    def _taken(self) -> tuple[str, ...]:
        return ("application/json", fhir.MEDIA_TYPE) if fhir.here() else ("application/json",)

    @cached_property
    def _parsed(self) -> Any:
        if self.mimetype not in self._taken or self.headers.get("Content-Encoding", "identity") != "identity":
            raise UnsupportedMediaType
        if self.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
            raise UnsupportedMediaType
        try:
            body = self.get_data()
        except (OSError, ParseException) as error:  # gunicorn's own, of chunks that are none or never end
            raise InvalidRequest("The body could not be read to its end.") from error
        if self.content_length is None and len(body) >= MAX_BODY:
            raise TooLarge  # of chunks werkzeug reads as many as fit, and says nothing
        value = strict_json.parse(body)
        if value is None:  # the library would take it for an empty object
            raise Invalid.field("", "model-type", "This must be a JSON object.")
        return value


class Service(APIFlask):
    """Flask asks of every function at every request whether it is a coroutine; none of ours is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The same function."""
        return func


def build(
    name: str,
    package: str,
    settings: ServiceSettings,
    db: SQLAlchemy,
    blueprints: Iterable[APIBlueprint],
    find_key: tokens.KeyFinder,
    check_person: Callable[[Principal], None] | None = None,
    service_key: str = "",
) -> APIFlask:
    """A service called `name` ("auth"), ready to serve `blueprints` from `package` behind its token check.

    `check_person` may refuse a principal whose token holds (`Unauthenticated`). With `service_key` our own programs
    call what is for them.
    """
    app = Service(
        package,
        title=f"{name.capitalize()} service",
        version="1.0",
        docs_path=None,
        json_errors=False,
        static_folder=None,  # type: ignore[arg-type]
    )
    app.request_class = StrictRequest
    # SQLAlchemy 2.1 takes another driver unless told
    database = make_url(settings.database_url).set(drivername="postgresql+psycopg2")
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY, SQLALCHEMY_DATABASE_URI=database)
    app.json = answers.Json(app)
    app.url_map.converters["id"] = IdConverter
    app.extensions["cursors"] = Cursors(settings.secret_key)
    db.init_app(app)
    app.extensions["migrate"] = LocalProxy(cache(lambda: _migrate(app, db)))
    if "FLASK_RUN_FROM_CLI" in os.environ:
        _migrate(app, db)
    web.prepare(app, name, settings, check=lambda: _answer(db))
    if spans.on():
        tell_statements()
    _refuse_unknown_answers(app)
    tokens.configure(app, name, find_key)
    identity.guard(app, tokens.Verifier(find_key), check_person, service_key)
    _refuse_ambiguity(app)
    problems.handle_failures(app)
    docs.describe(app)
    docs.serve_docs(app)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    identity.public(app.view_functions["openapi.spec"])
    configure_mappers()  # now and not with the first request, so that workers share what comes of it
    app.url_map.update()
    return app


def _migrate(app: APIFlask, db: SQLAlchemy) -> Any:
    """Flask-Migrate and `flask db`, for those who migrate: 9 MB and an eighth of a second that no request needs."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=f"{app.root_path}/migrations")
    return app.extensions["migrate"]


def _answer(db: SQLAlchemy) -> None:
    """Ask the database one question."""
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        raise Unavailable(service="database") from error


def _refuse_unknown_answers(app: APIFlask) -> None:
    @app.before_request
    def acceptable() -> None:
        wanted = request.headers.get("Accept", ANYTHING)
        if wanted != ANYTHING and not request.accept_mimetypes.best_match(ANSWERS):
            raise NotAcceptable


def _refuse_ambiguity(app: APIFlask) -> None:
    """What is sent is JSON or refused, also where the view asks for no body; no parameter comes twice."""

    @app.before_request
    def readable() -> None:
        for name, values in request.args.lists():
            if len(values) > (2 if fhir.here() and name in fhir_search.RANGES else 1):
                raise Invalid.field(f"/{name}", "twice", "Give this once.")
        if request.routing_exception is None and (request.content_length or "Transfer-Encoding" in request.headers):
            body = request.get_json()
            if not _takes_body(app.view_functions[request.endpoint or ""]):
                _refuse_names(body)


def _takes_body(view: Any) -> bool:
    return "body" in getattr(view, "_spec", {}) or hasattr(view, "may_take")


def _refuse_names(body: Any) -> None:
    """A view that takes nothing takes `{}`: what somebody sends there is a wish that would not be heard."""
    try:
        In.model_validate(body)
    except ValidationError as error:
        raise problems.invalid(error) from error
