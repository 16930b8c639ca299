"""The rules of one's own second factor: setting it up, recovery codes, and giving it up."""

from dataclasses import dataclass

import pyotp

from auth_service import accounts, codes, credentials, limits, revocations
from auth_service.models import Clinic, Person, SecondFactor, Session, db
from auth_service.settings import current
from chassis import clock
from chassis.errors import Conflict, Forbidden
from chassis.identity import Principal


class SecondFactorMandatory(Forbidden):
    """403: the clinic asks for a second factor of everybody in this role."""

    code, title = "second-factor-mandatory", "Second factor needed"
    detail = "The clinic asks you for a second factor. Set it up in your account first, and keep it."


@dataclass(frozen=True)
class Proposed:
    """An authenticator to be: its secret in base32, and the same for a camera."""

    secret: str
    uri: str


def set_up(who: Principal, password: str) -> Proposed:
    """Propose an authenticator; it counts once it is confirmed. Raises `InvalidCredentials`, `Conflict` if one does."""
    person, factor = _proved(who, password)
    if factor and factor.confirmed_at:
        raise Conflict("A second factor is set up already. Remove it first.")
    factor = factor or SecondFactor(person_id=person.id)
    proposed = pyotp.random_base32()
    factor.secret, factor.created_at, factor.last_step = codes.sealed(proposed, current().secret_key), clock.now(), 0
    db.session.add(factor)
    db.session.commit()
    return Proposed(proposed, pyotp.TOTP(proposed).provisioning_uri(name=person.email, issuer_name=_issuer()))


def confirm(who: Principal, code: str) -> list[str]:
    """Take the proposed authenticator into use with its first code. All other sessions end. Gives recovery codes.

    Raises `SecondFactorRefused`, `Conflict` when nothing is proposed.
    """
    proposed = db.session.get(SecondFactor, who.id)
    if proposed is None or proposed.confirmed_at:
        raise Conflict("There is nothing to confirm. Begin again.")
    with limits.attempt(limits.CODE, str(who.id)):
        person = accounts.locked(who.id)
        codes.accept(who.id, code, current().secret_key, confirmed=False).confirmed_at = clock.now()
        recovery = codes.new_recovery_codes(who.id)
        db.session.get_one(Session, who.session_id, with_for_update=True).second_factor = True
        revocations.end_sessions(person, but=who.session_id)
        accounts.note("second-factor.add", person)
        db.session.commit()
    return recovery


def renew_recovery_codes(who: Principal, password: str) -> list[str]:
    """Ten fresh recovery codes in place of the old ones. Raises `InvalidCredentials`, `Conflict` without a factor."""
    person, factor = _proved(who, password)
    _insist_on(factor)
    recovery = codes.new_recovery_codes(who.id)
    accounts.note("second-factor.add", person)
    db.session.commit()
    return recovery


def remove(who: Principal, password: str) -> None:
    """Go back to the password alone.

    Raises `InvalidCredentials`, `SecondFactorMandatory`, `Conflict` without a factor.
    """
    person, factor = _proved(who, password)
    if person.role in current().second_factor_roles:
        raise SecondFactorMandatory
    db.session.delete(_insist_on(factor))
    codes.forget_recovery_codes(who.id)
    accounts.note("second-factor.remove", person)
    db.session.commit()


def insist(who: Principal) -> None:
    """Refuse somebody who has yet to set up the second factor of their role."""
    if who.role in current().second_factor_roles:
        factor = db.session.get(SecondFactor, who.id)
        if factor is None or factor.confirmed_at is None:
            raise SecondFactorMandatory


def _proved(who: Principal, password: str) -> tuple[Person, SecondFactor | None]:
    """A person who has shown their password and their second factor, both locked."""
    shown = credentials.prove(who, password).password_hash
    person = accounts.locked(who.id)
    credentials.insist_on(person, shown)
    return person, db.session.get(SecondFactor, who.id, with_for_update=True, populate_existing=True)


def _insist_on(factor: SecondFactor | None) -> SecondFactor:
    if factor is None or factor.confirmed_at is None:
        raise Conflict("No second factor is set up.")
    return factor


def _issuer() -> str:
    """The clinic's name as it stands beside the codes."""
    clinic = db.session.get(Clinic, 1)
    return (clinic.name if clinic else None) or "Clinic"
