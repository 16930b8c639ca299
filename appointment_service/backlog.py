"""How far the workers are behind: letters that should have left, and workers that are there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from sqlalchemy import Interval, case, cast, column, func, literal, or_, select, table

from appointment_service.delivery import LONGEST_PAUSE
from appointment_service.models import db
from appointment_service.outbox_tables import WAITING, OutboxMessage
from chassis import clock

SEEN_WITHIN = timedelta(minutes=1)
"""A worker writes down every ten seconds that it is there."""
WORKERS = table("procrastinate_workers", column("last_heartbeat"))


@dataclass(frozen=True)
class Backlog:
    """Letters that are due or were tried and have to be tried again, the age in seconds of the oldest, and workers."""

    letters: int
    oldest: float
    workers: int


def look() -> Backlog:
    """How it is now."""
    now, row = clock.now(), OutboxMessage
    untried = or_(
        row.attempts == 0, row.kind == "reminder"
    )  # which is written long before; each try puts off what is due
    since = case((untried, row.due_at), else_=row.created_at)
    late = or_(row.due_at <= now, row.attempts > 0)
    waiting = row.state == WAITING, row.due_at <= now + LONGEST_PAUSE, late  # the pause bounds what the index gives
    letters, first = db.session.execute(select(func.count(), func.min(since)).where(*waiting)).one()
    there = func.now() - cast(literal(SEEN_WITHIN), Interval)
    workers = db.session.scalar(select(func.count()).select_from(WORKERS).where(WORKERS.c.last_heartbeat > there))
    return Backlog(letters, max((now - first).total_seconds(), 0) if first else 0, workers or 0)


def figures() -> Iterable[Metric]:
    """The same for Prometheus. Every instance tells it of the one database."""
    found = look()
    for name, meaning, value in (
        ("clinic_outbox_letters", "Letters about appointments that should have left.", found.letters),
        ("clinic_outbox_oldest_seconds", "For how long the oldest of them has waited.", found.oldest),
        ("clinic_workers", "Workers that were there within the last minute.", found.workers),
    ):
        yield GaugeMetricFamily(name, meaning, value=value)
