"""What the appointment service need not keep, and from when on. Why, and what stays: docs/operations/retention.md."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import exists

from appointment_service.models import Appointment, IdempotencyKey, db
from appointment_service.outbox_tables import OutboxMessage
from appointment_service.schedule_tables import RunningLate
from appointment_service.waiting_list_tables import WAITING, WaitlistEntry, WaitlistOffer
from chassis import clock, idempotency, purge
from chassis.purge import Ended

YEAR = timedelta(days=365)
"""So long people may complain of how they were told, or not told (NHS Complaints Regulations 2009, regulation 12)."""
TWO_DAYS = timedelta(days=2)
"""A day that is over in every time zone."""


def ended() -> Sequence[Ended]:
    """What has ended by now; offers before the entries they were made to."""
    now = clock.now()
    visit_long_ago = exists().where(Appointment.id == OutboxMessage.appointment_id, Appointment.starts_at < now - YEAR)
    over = (WaitlistEntry.state != WAITING) & (WaitlistEntry.to_date < (now - YEAR).date())
    of_over = exists().where(WaitlistEntry.id == WaitlistOffer.entry_id, over)
    with_offers = exists().where(WaitlistOffer.entry_id == WaitlistEntry.id)
    return (
        Ended("idempotency keys", IdempotencyKey, IdempotencyKey.created_at <= now - idempotency.KEPT),
        Ended("messages", OutboxMessage, visit_long_ago),
        Ended("offers of the waiting list", WaitlistOffer, of_over),
        Ended("entries of the waiting list", WaitlistEntry, over, with_offers),
        Ended("words of running late", RunningLate, RunningLate.day < (now - TWO_DAYS).date()),
    )


def purge_all() -> dict[str, int]:
    """Delete what has ended; how many of what went."""
    return {one.what: purge.delete_all(db, one) for one in ended()}
