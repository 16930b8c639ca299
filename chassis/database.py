"""The database session of a service: naming, types, time limits, and refusals that constraints stand for."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import TIMESTAMP, Engine, Executable, MetaData, QueuePool, Table, Text, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import PoolProxiedConnection

from chassis import metrics, spans, trace
from chassis.errors import Refusal
from chassis.patience import PatientConnection

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class MeasuredPool(QueuePool):
    """A pool that tells how many connections are in use, and how often none was free."""

    def connect(self) -> PoolProxiedConnection:
        """A connection, at once or as soon as one is free. Raises when none is in time."""
        if self.checkedout() >= self.size():
            metrics.WAITS.inc()
        try:
            return super().connect()
        except PoolTimeout:
            metrics.TIMEOUTS.inc()
            raise


@event.listens_for(MeasuredPool, "connect")
def _begin(_: Any, record: Any) -> None:
    metrics.MOST_CONNECTIONS.set(ENGINE_OPTIONS["pool_size"])


@event.listens_for(MeasuredPool, "checkout")
def _take(_: Any, record: Any, __: Any) -> None:
    record.record_info["in use"] = True
    metrics.CONNECTIONS.inc()


@event.listens_for(MeasuredPool, "checkin")
def _give_back(_: Any, record: Any) -> None:
    if record.record_info.pop("in use", None):  # one that died before it was given out comes back too
        metrics.CONNECTIONS.dec()


ENGINE_OPTIONS: dict[str, Any] = {
    "hide_parameters": True,  # what people wrote has no place in a log
    "poolclass": MeasuredPool,
    "pool_size": 5,  # 1 auth + 3 appointment + 2 prescription instances of 2 workers stay under 100 in all
    "max_overflow": 0,
    "pool_timeout": 1,  # Flask-SQLAlchemy takes whole seconds only: 0.8 would be 0
    "pool_recycle": 1800,
    "connect_args": {
        "connection_factory": PatientConnection,
        "application_name": "clinic",
        "options": "-c timezone=UTC -c statement_timeout=2000 -c lock_timeout=1500"
        " -c idle_in_transaction_session_timeout=10000",
        "keepalives_idle": 30,
        "tcp_user_timeout": 2500,
    },
}


def tell_statements() -> None:
    """Make each statement of this process a span, without its values."""

    @event.listens_for(Engine, "before_cursor_execute")
    def begin(connection: Any, *_: Any) -> None:
        connection.info["began"] = time.perf_counter()

    @event.listens_for(Engine, "after_cursor_execute")
    def end(connection: Any, _: Any, statement: str, *__: Any) -> None:
        _told(connection, statement)

    @event.listens_for(Engine, "handle_error")
    def fail(context: Any) -> None:
        if context.connection and context.statement:
            _told(context.connection, context.statement, failed=True)


def _told(connection: Any, statement: str, *, failed: bool = False) -> None:
    began, above = connection.info.pop("began", None), trace.current.get()
    if began and above:
        told: spans.Told = {"db.system.name": "postgresql", "db.query.text": statement}
        seconds = time.perf_counter() - began
        spans.ended(above.child(), statement.split(None, 1)[0], "CLIENT", seconds, told, failed=failed)


class HeldSession(Session):
    """A session whose commits can be held back, so that what belongs to an effect joins it in one transaction."""

    def commit(self) -> None:
        """Commit, or only flush inside `held`."""
        if self.info.get("held"):
            self.flush()
        else:
            super().commit()

    def close(self) -> None:
        """Give the connection back. One that has died holds nothing any more, and costs nobody a ready answer."""
        with suppress(DBAPIError):
            super().close()

    def commit_anyway(self) -> None:
        """Commit, held or not: of a refusal only the record of it stays."""
        super().commit()


@contextmanager
def held(session: Any) -> Iterator[None]:
    """Hold back the commits of this block. What goes with its effect is added behind the block, and then committed."""
    session.info["held"] = session.info.get("held", 0) + 1
    try:
        yield
    finally:
        session.info["held"] -= 1


def make_database() -> SQLAlchemy:
    """A service's own database object: own metadata, so that services tested in one process stay apart."""

    class Base(DeclarativeBase):
        metadata = MetaData(naming_convention=NAMING)

    Base.registry.update_type_annotation_map({str: Text, datetime: TIMESTAMP(timezone=True)})
    return SQLAlchemy(
        model_class=Base,
        engine_options=ENGINE_OPTIONS,
        session_options={"class_": HeldSession, "expire_on_commit": False},
    )


def table(model: type[Any]) -> Table:
    """The table of a model, for statements that go past the session."""
    found: Table = model.__table__
    return found


def rows(db: SQLAlchemy, statement: Executable, **given: Any) -> Sequence[Any]:
    """What a statement over plain tables gives that is kept ready, with its parameters; a change gives nothing.

    It goes past the session's own bookkeeping, which costs as much as the statement; what waits there is written first.
    """
    db.session.flush()
    found = db.session.connection().execute(statement, given)
    return found.all() if found.returns_rows else []


@contextmanager
def violating(constraint: str, refusal: Refusal) -> Iterator[None]:
    """Turn the violation of one named constraint into the rule that it keeps."""
    try:
        yield
    except IntegrityError as error:
        diagnosis = getattr(error.orig, "diag", None)
        if getattr(diagnosis, "constraint_name", None) == constraint:
            raise refusal from error
        raise
