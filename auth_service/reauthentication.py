"""The rule of proving oneself again within a session: by password, or by a code of one's second factor."""

from auth_service import access_tokens, accounts, codes, credentials, limits, signing_in
from auth_service.models import Person, Session, db
from chassis import clock
from chassis.errors import TokenRevoked
from chassis.identity import Principal


def by_password(who: Principal, password: str, secret: str) -> tuple[Person, str]:
    """The person, and an access token that says when: now. Raises `InvalidCredentials`, `TooManyRequests`."""
    shown = credentials.prove(who, password).password_hash
    person = accounts.locked(who.id)
    credentials.insist_on(person, shown)
    return person, _proved(who, person, secret)


def by_code(who: Principal, code: str, secret: str) -> tuple[Person, str]:
    """The same by a code of the authenticator, or a recovery code. One that does not fit is `InvalidCredentials`."""
    with limits.attempt(limits.CODE, str(who.id)):
        person = accounts.locked(who.id)
        credentials.insist_on(person, person.password_hash)
        try:
            codes.accept(who.id, code, secret)
        except codes.SecondFactorRefused as refusal:
            raise signing_in.InvalidCredentials(refusal.detail) from refusal
        return person, _proved(who, person, secret)


def _proved(who: Principal, person: Person, secret: str) -> str:
    """A new access token of this session, the only one that this proof counts for. The refresh token stays."""
    session = db.session.get_one(Session, who.session_id, with_for_update=True, populate_existing=True)
    if session.ended_at:
        raise TokenRevoked
    session.proved_at = clock.now()
    signing_in.see_second_factor(person)
    token = access_tokens.sign(person, session, secret)
    signing_in.note("session.prove", person, session.id)
    db.session.commit()
    return token
