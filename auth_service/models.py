"""The tables of the auth service: people, their sessions and refresh tokens, and the keys that sign tokens."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import make_database

db = make_database()

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase as Model
else:
    Model = db.Model

ROLES = ("patient", "doctor", "admin")
LICENCE_STATES = ("unverified", "verified", "suspended")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Person(Model):
    """Somebody with an account. Only doctors have a licence. `version` rises when older tokens must not hold."""

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("email", name="uq_person_email"),
        CheckConstraint(_one_of("role", ROLES), name="role"),
        CheckConstraint(_one_of("licence_state", LICENCE_STATES), name="licence_state"),
        CheckConstraint("(role = 'doctor') = (licence_state IS NOT NULL)", name="licence_is_a_doctors"),
        CheckConstraint("licence_state <> 'verified' OR licence_number IS NOT NULL", name="verified_has_number"),
        CheckConstraint("email = lower(email)", name="email_lower"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    birth_date: Mapped[date | None]
    licence_state: Mapped[str | None]
    licence_number: Mapped[str | None]
    licence_register: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=0)
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    @property
    def name(self) -> str:
        """The name as others read it: doctors carry their title."""
        return f"{'Dr ' if self.role == 'doctor' else ''}{self.first_name} {self.last_name}"

    @property
    def licence(self) -> dict[str, str | None] | None:
        """State, number and register of a doctor's licence."""
        if self.licence_state is None:
            return None
        return {"state": self.licence_state, "number": self.licence_number, "register": self.licence_register}


class Session(Model):
    """One sign-in, from password to sign-out. Every refresh token of it is one family."""

    __tablename__ = "session"
    __table_args__ = (Index("ix_session_person_id", "person_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class RefreshToken(Model):
    """A refresh token, by its SHA-256 only. Used once; `used_at` then says when."""

    __tablename__ = "refresh_token"
    __table_args__ = (Index("ix_refresh_token_session_id", "session_id"),)

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SigningKey(Model):
    """An ES256 key: the public half as a JWK, the private half encrypted with a key from `AUTH_SECRET_KEY`."""

    __tablename__ = "signing_key"

    kid: Mapped[str] = mapped_column(primary_key=True)
    jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    private_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
