"""What the check of a paper prescription needs: hashes of its two secrets, and every try, so that few are free."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from prescription_service.models import db

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase as Model
else:
    Model = db.Model


class VerificationCode(Model):
    """A prescription that was put on paper, by keyed hashes of the token in its QR code and of its typed code."""

    __tablename__ = "verification_code"
    __table_args__ = (
        UniqueConstraint("token_hash", name="uq_verification_code_token_hash"),
        UniqueConstraint("code_hash", name="uq_verification_code_code_hash"),
    )

    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescription.id"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class VerificationTry(Model):
    """One code that somebody asked about. What they typed is not kept."""

    __tablename__ = "verification_try"
    __table_args__ = (
        Index("ix_verification_try_address", "address", "tried_at"),
        Index("ix_verification_try_tried_at", "tried_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    address: Mapped[str]
    tried_at: Mapped[datetime]
    found: Mapped[bool]


class BlindCheck(Model):
    """One comparison of a quantity with what is on record. A few each day: more would be guessing."""

    __tablename__ = "blind_check"
    __table_args__ = (Index("ix_blind_check_prescription_id", "prescription_id", "checked_at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescription.id"))
    checked_at: Mapped[datetime]
