"""The tables of the auth service: people and how they prove who they are, their sessions, keys, and the clinic."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    exists,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, column_property, mapped_column

from auth_service.settings import current
from chassis.audit import Audit, AuditEventColumns
from chassis.database import make_database

db = make_database()

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase as Model
else:
    Model = db.Model

ROLES = ("patient", "doctor", "admin")
LICENCE_STATES = ("unverified", "verified", "rejected", "suspended")
SEXES = ("female", "male", "other", "unknown")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class SecondFactor(Model):
    """A person's authenticator (TOTP, RFC 6238): the secret encrypted, and the last time step that was accepted."""

    __tablename__ = "second_factor"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)


class Person(Model):
    """Somebody with an account. Only doctors have a licence. `version` rises when older tokens must not hold.

    `sex` is FHIR's administrative gender, `phone` E.164, `language` BCP 47. A closed account is disabled for good; the
    clinic keeps its record.
    """

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("email", name="uq_person_email"),
        CheckConstraint(_one_of("role", ROLES), name="role"),
        CheckConstraint(_one_of("licence_state", LICENCE_STATES), name="licence_state"),
        CheckConstraint("(role = 'doctor') = (licence_state IS NOT NULL)", name="licence_is_a_doctors"),
        CheckConstraint("licence_state <> 'verified' OR licence_number IS NOT NULL", name="verified_has_number"),
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint(_one_of("sex", SEXES), name="sex"),
        # a claimed number blocks nobody; one that the clinic has checked belongs to one person
        Index(
            "uq_person_licence",
            text("lower(licence_register)"),
            "licence_number",
            unique=True,
            postgresql_where=text("licence_state IN ('verified', 'suspended')"),
        ),
        Index("ix_person_name", text("lower(last_name)"), text("lower(first_name)"), "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    birth_date: Mapped[date | None]
    sex: Mapped[str | None]
    address: Mapped[str] = mapped_column(default="", server_default="")
    phone: Mapped[str] = mapped_column(default="", server_default="")
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    licence_state: Mapped[str | None]
    licence_number: Mapped[str | None]
    licence_register: Mapped[str | None]
    licence_checked_on: Mapped[date | None]
    licence_reason: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=0)
    disabled_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    has_second_factor: Mapped[bool] = column_property(
        exists()
        .where(SecondFactor.person_id == id, SecondFactor.confirmed_at.is_not(None))  # noqa: A003
        .correlate_except(SecondFactor)
    )

    @property
    def second_factor(self) -> Literal["off", "on", "required"]:
        """Whether a code is asked for besides the password; `required` is one that has to be set up first."""
        if self.has_second_factor:
            return "on"
        return "required" if self.role in current().second_factor_roles else "off"

    @property
    def name(self) -> str:
        """The name as others read it: doctors carry their title."""
        return f"{'Dr ' if self.role == 'doctor' else ''}{self.first_name} {self.last_name}"

    @property
    def licence_claim(self) -> dict[str, str | None] | None:
        """State, number and register of a doctor's licence, as tokens say it."""
        if self.licence_state is None:
            return None
        return {"state": self.licence_state, "number": self.licence_number, "register": self.licence_register}

    @property
    def licence(self) -> dict[str, str | date | None] | None:
        """The licence as the doctor and admins may see it: when it was checked, and why it was refused or suspended."""
        told = {"checked_on": self.licence_checked_on, "reason": self.licence_reason}
        return {**self.licence_claim, **told} if self.licence_claim else None


class Session(Model):
    """One sign-in, from password to sign-out. Every refresh token of it is one family.

    `address` and `user_agent` tell the person which one it is; `second_factor` says whether a code was given, and
    `proved_at` when the person last showed a password or a code.
    """

    __tablename__ = "session"
    __table_args__ = (Index("ix_session_person_id", "person_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime] = mapped_column(server_default=func.now())
    address: Mapped[str] = mapped_column(default="-", server_default="-")
    user_agent: Mapped[str] = mapped_column(default="", server_default="")
    second_factor: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    proved_at: Mapped[datetime] = mapped_column(server_default=func.now())


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


class Revocation(Model):
    """Tokens of a session that hold no longer: all of them, or those of a `version` below this one.

    `sequence` rises in the order of commits (see `revocations.py`); rows go when no such token can be alive.
    """

    __tablename__ = "revocation"

    sequence: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    session_id: Mapped[UUID]
    version: Mapped[int | None]
    revoked_at: Mapped[datetime]


class Attempt(Model):
    """One try at something that is limited, counted before it is made. `account` is a keyed hash, never a name."""

    __tablename__ = "attempt"
    __table_args__ = (
        Index("ix_attempt_account", "kind", "account", "address", "attempted_at"),
        Index("ix_attempt_address", "kind", "address", "attempted_at"),
        Index("ix_attempt_attempted_at", "attempted_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    account: Mapped[bytes | None] = mapped_column(LargeBinary)
    address: Mapped[str]
    attempted_at: Mapped[datetime]
    succeeded: Mapped[bool] = mapped_column(default=False)


class MailedLink(Model):
    """A single-use link sent by mail, by its SHA-256 only. `email` is the new address of a change of address."""

    __tablename__ = "mailed_link"
    __table_args__ = (
        CheckConstraint(_one_of("purpose", ("password", "email")), name="purpose"),
        Index("ix_mailed_link_person_id", "person_id"),
    )

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    purpose: Mapped[str]
    email: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Challenge(Model):
    """Half a sign-in: the password was right and the code is awaited. By its SHA-256 only, and gone with its use.

    `proof` is the SHA-256 of the password's hash, so that a changed password ends it too.
    """

    __tablename__ = "challenge"
    __table_args__ = (Index("ix_challenge_person_id", "person_id"), Index("ix_challenge_expires_at", "expires_at"))

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    proof: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]


class RecoveryCode(Model):
    """A single-use code for when the authenticator is lost, by its SHA-256 only."""

    __tablename__ = "recovery_code"
    __table_args__ = (Index("ix_recovery_code_person_id", "person_id"),)

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    used_at: Mapped[datetime | None]


class Clinic(Model):
    """What an admin has said about the clinic; null is left to the settings of the programs. One row at most."""

    __tablename__ = "clinic"
    __table_args__ = (CheckConstraint("id = 1", name="one_clinic"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False, default=1)
    name: Mapped[str | None]
    address: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    time_zone: Mapped[str | None]
    emergency_number: Mapped[str | None]
    emergency_text: Mapped[str | None]
    logo: Mapped[bytes | None] = mapped_column(LargeBinary)
    logo_type: Mapped[str | None]
    changed_at: Mapped[datetime]


class AuditEvent(AuditEventColumns, Model):
    """Who did what: sign-ins, changes of accounts, roles and licences, and looks at other people's accounts."""


audit = Audit(db, AuditEvent)
