"""What the auth service's record of access holds."""

from flask import Flask
from sqlalchemy import select

from auth_service.models import AuditEvent, db


def told(auth: Flask, action: str) -> list[AuditEvent]:
    """What the record of access says of an action, oldest first."""
    with auth.app_context():
        events = select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.sequence)
        return list(db.session.scalars(events))
