"""The rules of leaving: closing one's account, and taking along what is kept about oneself."""

from auth_service import accounts, credentials, letters, links, people, revocations
from auth_service.mail import Mail
from auth_service.models import db
from chassis import clock
from chassis.identity import Principal


def close(who: Principal, password: str, mail: Mail) -> None:
    """Close one's own account for good: nobody signs in to it any more. The record is kept, the address stays taken.

    Raises `InvalidCredentials`, and `LastAdmin` for the last admin who can sign in.
    """
    shown = credentials.prove(who, password).password_hash
    person = people.lock(who.id, with_admins=True)
    credentials.insist_on(person, shown)
    people.keep_an_admin(person)
    person.closed_at = person.disabled_at = clock.now()
    links.forget(person)
    revocations.end_sessions(person)
    accounts.note("person.close", person)
    db.session.commit()
    mail.send(person.email, letters.account_closed(mail.links))
