"""`Idempotency-Key`: the answer to a write is stored with its effect, and given again to a retry."""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from flask import Response, current_app, make_response, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from chassis import clock, fhir
from chassis.database import held
from chassis.errors import IdempotencyMismatch, InvalidIdempotencyKey, RequestInProgress
from chassis.identity import principal

KEPT = timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
V = TypeVar("V", bound=Callable[..., Any])


class IdempotencyKeyColumns:
    """The columns of a service's `idempotency_key` table. One row: one answered write of one person."""

    __tablename__ = "idempotency_key"
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    status: Mapped[int]
    answer: Mapped[str]
    created_at: Mapped[datetime]


def idempotent(db: SQLAlchemy, table: type[Any]) -> Callable[[V], V]:
    """Let a view honour `Idempotency-Key`. Put it directly under the route decorator.

    The same key and body give the stored answer with `Idempotent-Replayed: true`; another body is refused with 422;
    a key whose first request still runs with 409. Refusals are not stored: they had no effect.
    """

    def decorate(view: V) -> V:
        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            key = request.headers.get("Idempotency-Key")
            if key is None:
                return view(*args, **kwargs)
            if not _KEY.fullmatch(key):
                raise InvalidIdempotencyKey
            return _once(db, table, key, lambda: view(*args, **kwargs))

        wrapper.idempotent = True  # type: ignore[attr-defined]
        return cast(V, wrapper)

    return decorate


def _once(db: SQLAlchemy, table: type[Any], key: str, run: Callable[[], Any]) -> Response:
    person, route = principal().id, f"{request.method} {request.path}"
    digest = hashlib.sha256(request.get_data()).hexdigest()
    if not db.session.scalar(select(func.pg_try_advisory_xact_lock(_lock_number(person, route, key)))):
        raise RequestInProgress
    stored = db.session.get(table, (person, route, key))
    if stored and stored.created_at > clock.now() - KEPT:
        return _replay(stored, digest)
    with held(db.session()):
        response = make_response(run())
    db.session.execute(delete(table).where(table.person_id == person, table.created_at <= clock.now() - KEPT))
    row = table(person_id=person, route=route, key=key, digest=digest, created_at=clock.now())
    row.status, row.answer = response.status_code, response.get_data(as_text=True)
    db.session.add(row)
    db.session.commit()
    return response


def _replay(stored: Any, digest: str) -> Response:
    if stored.digest != digest:
        raise IdempotencyMismatch
    mimetype = fhir.MEDIA_TYPE if fhir.here() else "application/json"
    response = current_app.response_class(stored.answer, stored.status, mimetype=mimetype)
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _lock_number(person: UUID, route: str, key: str) -> int:
    """A 64-bit number for the advisory lock of this key."""
    digest = hashlib.sha256(f"{person}\n{route}\n{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
