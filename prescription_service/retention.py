"""What the prescription service need not keep, and from when on. Why, and what stays: docs/operations/retention.md."""

from collections.abc import Sequence
from datetime import timedelta

from chassis import clock, idempotency
from chassis.purge import Ended
from prescription_service.models import Draft, IdempotencyKey
from prescription_service.patient_tables import CareRelation
from prescription_service.verification import DAY
from prescription_service.verification_tables import BlindCheck, VerificationTry

DRAFTS = timedelta(days=90)
"""After the last change. A draft is no record: nobody but its author has ever seen it."""


def ended() -> Sequence[Ended]:
    """What has ended by now."""
    now = clock.now()
    return (
        Ended("idempotency keys", IdempotencyKey, IdempotencyKey.created_at <= now - idempotency.KEPT),
        Ended("drafts", Draft, Draft.updated_at < now - DRAFTS),
        Ended("care relations", CareRelation, CareRelation.valid_until <= now),
        Ended("tries of codes", VerificationTry, VerificationTry.tried_at <= now - DAY),
        Ended("comparisons of quantities", BlindCheck, BlindCheck.checked_at <= now - DAY),
    )
