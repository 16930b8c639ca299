"""The rules of what opens an account: changing one's password and e-mail address, and a new password by mail."""

from auth_service import accounts, letters, limits, links, passwords, revocations
from auth_service.accounts import EmailTaken
from auth_service.mail import Mail
from auth_service.models import Person, db
from auth_service.signing_in import InvalidCredentials
from chassis.database import violating
from chassis.errors import Invalid
from chassis.identity import Principal

NOT_YOURS = "This is not your password."


def prove(who: Principal, password: str) -> Person:
    """The person, after they have shown that they know their password. Raises `InvalidCredentials`.

    Wrong ones count like those of a sign-in: `TooManyRequests`.
    """
    person = accounts.profile(who)
    with limits.attempt(limits.PASSWORD, person.email):
        if not passwords.matches(password, person.password_hash) or person.disabled_at:
            raise InvalidCredentials(NOT_YOURS)
    return person


def change_password(who: Principal, current: str, new: str, mail: Mail) -> None:
    """Set a new password; all other sessions end. Raises `InvalidCredentials`, or `Invalid` for one easily guessed."""
    person = prove(who, current)
    _refuse_guessable(new, person, "/new_password")
    encoded = passwords.hash_password(new)
    person = _lock_proved(person)
    _set_password(person, encoded, "password.change")
    revocations.end_sessions(person, but=who.session_id)
    db.session.commit()
    mail.send(person.email, letters.password_changed(mail.links))


def ask_for_new_password(email: str, mail: Mail) -> None:
    """Mail a link to a new password, if there is an account to sign in to. Nobody learns whether there is.

    Looking for the account happens behind the answer, so the time of the answer tells nothing either. Raises
    `TooManyRequests` for somebody who asks often; that one address is asked for often is not told.
    """
    if limits.may_mail(email):
        mail.later(lambda: _mail_password_link(email, mail))


def reset_password(token: str, new: str, mail: Mail) -> None:
    """Set a new password by a mailed link; all sessions end. Raises `LinkExpired`, or `Invalid`."""
    person, _ = links.look(token, "password")
    _refuse_guessable(new, person, "/password")
    encoded = passwords.hash_password(new)
    person, _ = links.use(token, "password")
    _set_password(person, encoded, "password.reset")
    limits.forget_wrong_passwords(person)
    revocations.end_sessions(person)
    db.session.commit()
    mail.send(person.email, letters.password_changed(mail.links))


def ask_for_email(who: Principal, email: str, password: str, mail: Mail) -> None:
    """Mail a link that confirms a new address. The answer and the work are the same when the address is taken."""
    person = prove(who, password)
    wanted = limits.may_mail(email)
    person = _lock_proved(person)
    if email == person.email:
        raise Invalid.field("/email", "unchanged", "This is your e-mail address already.")
    token = links.make(person, "email", email)
    taken = accounts.by_email(email) is not None
    db.session.commit()
    if wanted:
        mail.send(email, letters.email_in_use(mail.links) if taken else letters.confirm_email(mail.links, token))


def confirm_email(token: str, mail: Mail) -> str:
    """Take the new address into use, and tell the old one. Raises `LinkExpired` or `EmailTaken`."""
    person, link = links.use(token, "email")
    before, person.email = person.email, link.email
    with violating("uq_person_email", EmailTaken()):
        links.forget(person)
        accounts.note("email.change", person)
        db.session.commit()
    mail.send(before, letters.email_changed(mail.links))
    return person.email


def _lock_proved(person: Person) -> Person:
    """The person's row, locked, if the password they have shown is still theirs."""
    shown = person.password_hash
    person = accounts.locked(person.id)
    insist_on(person, shown)
    return person


def insist_on(person: Person, shown: str) -> None:
    """Refuse somebody whose account has changed since they showed their password: its hash was `shown` then."""
    if not passwords.same(person.password_hash, shown) or person.disabled_at:
        raise InvalidCredentials(NOT_YOURS)


def _mail_password_link(email: str, mail: Mail) -> None:
    person = accounts.by_email(email, lock=True)
    if person is None or person.disabled_at:
        return
    token = links.make(person, "password", person.email)
    db.session.commit()
    mail.send(person.email, letters.new_password(mail.links, token))


def _set_password(person: Person, encoded: str, action: str) -> None:
    person.password_hash = encoded
    links.forget(person)
    accounts.note(action, person)


def _refuse_guessable(password: str, person: Person, pointer: str) -> None:
    if passwords.guessable(password, (person.email, person.first_name, person.last_name)):
        raise Invalid.field(pointer, "password-guessable", passwords.GUESSABLE)
