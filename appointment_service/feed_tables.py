"""The addresses at which calendar programs read somebody's appointments."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from appointment_service.models import db

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase as Model
else:
    Model = db.Model


class CalendarFeed(Model):
    """One person's feed; making another one ends the one before. Of its token only the hash is known.

    `asked` counts the requests since `asked_since`, the first of an hour. `role` is what the person was who made it.
    """

    __tablename__ = "calendar_feed"
    __table_args__ = (
        CheckConstraint("role IN ('patient', 'doctor')", name="role"),
        UniqueConstraint("token_hash", name="uq_calendar_feed_token_hash"),
    )

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str]
    token_hash: Mapped[bytes]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    asked_since: Mapped[datetime | None]
    asked: Mapped[int] = mapped_column(SmallInteger, server_default="0")
