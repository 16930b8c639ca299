"""The seal of a prescription: a keyed digest over everything that is printed, so that any change of it shows."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from prescription_service.models import AlertEvent, Medicine, Prescription

UNSEALED = frozenset({"status", "replaced_by_id", "digest"})
"""What changes after signing: where it is in its life, and the seal itself."""
LATER = frozenset({"patient_weight", "patient_details"})
"""Columns from after there were seals: sealed where there is something in them."""
UNSEALED_ALERT = frozenset({"id", "prescription_id"})


class Seal:
    """Makes seals with one secret. Its own key is derived from it, for nothing else is signed with that."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.new(secret.encode(), b"prescription seal 1", hashlib.sha256).digest()

    def digest(self, prescription: Prescription) -> str:
        """64 hexadecimal digits over the content."""
        text = json.dumps(content(prescription), sort_keys=True, ensure_ascii=False, default=_plain)
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def holds(self, prescription: Prescription) -> bool:
        """Whether a prescription is as it was signed; those from before there were seals count as whole."""
        return prescription.digest is None or hmac.compare_digest(prescription.digest, self.digest(prescription))


def content(prescription: Prescription) -> Mapping[str, Any]:
    """All that is sealed: every column but those of its life, every medicine, every answered alert."""
    return {
        **_columns(prescription, UNSEALED),
        "medicines": [_columns(medicine, frozenset({"prescription_id"})) for medicine in prescription.medicines],
        "alerts": [_columns(alert, UNSEALED_ALERT) for alert in prescription.alerts],
    }


def _columns(row: Prescription | Medicine | AlertEvent, but: frozenset[str]) -> dict[str, Any]:
    found = {column.key: getattr(row, column.key) for column in row.__table__.columns if column.key not in but}
    return {name: value for name, value in found.items() if value is not None or name not in LATER}


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
