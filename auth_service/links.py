"""Links sent by mail: each opens one thing once, until it is over. The database knows their hashes only."""

import secrets
from datetime import timedelta
from typing import Literal

from sqlalchemy import delete

from auth_service.models import MailedLink, Person, db
from auth_service.opaque import hashed
from chassis import clock
from chassis.errors import Conflict

Purpose = Literal["password", "email"]
LIVES = {"password": timedelta(minutes=30), "email": timedelta(hours=24)}
KEPT = timedelta(days=30)
"""How long one can still be asked about that was used."""


class LinkExpired(Conflict):
    """409: the link was used, is too old, was replaced by a newer one, or never was one; nobody learns which."""

    code, title = "link-expired", "Link no longer works"
    detail = "This link no longer works. Links work once and for a short time; ask for a new one."


def make(person: Person, purpose: Purpose, email: str) -> str:
    """The token of a new link for somebody whose row is locked; older ones of this purpose die. The caller commits."""
    token, now = secrets.token_urlsafe(32), clock.now()
    forget(person, purpose)
    over = delete(MailedLink).where(MailedLink.person_id == person.id, MailedLink.expires_at < now - KEPT)
    db.session.execute(over)
    link = MailedLink(hash=hashed(token), person_id=person.id, purpose=purpose, email=email, created_at=now)
    link.expires_at = now + LIVES[purpose]
    db.session.add(link)
    return token


def look(token: str, purpose: Purpose) -> tuple[Person, MailedLink]:
    """The person and the link of a token that would open something now. Raises `LinkExpired`."""
    return _usable(token, purpose, lock=False)


def use(token: str, purpose: Purpose) -> tuple[Person, MailedLink]:
    """Use a link up: of two at once one wins. The person is locked, and the caller commits. Raises `LinkExpired`."""
    person, link = _usable(token, purpose, lock=True)
    link.used_at = clock.now()
    return person, link


def forget(person: Person, purpose: Purpose | None = None) -> None:
    """Let the links of this person open nothing any more, all or those of one purpose. The caller commits."""
    of_person = delete(MailedLink).where(MailedLink.person_id == person.id, MailedLink.used_at.is_(None))
    db.session.execute(of_person if purpose is None else of_person.where(MailedLink.purpose == purpose))


def _usable(token: str, purpose: Purpose, *, lock: bool) -> tuple[Person, MailedLink]:
    found = db.session.get(MailedLink, hashed(token), populate_existing=True)
    if found is None:
        raise LinkExpired
    person = db.session.get_one(Person, found.person_id, with_for_update=lock, populate_existing=True)
    link = db.session.get(MailedLink, found.hash, with_for_update=lock, populate_existing=True)
    over = link is None or link.used_at or link.expires_at <= clock.now() or link.purpose != purpose
    if link is None or over or person.disabled_at:
        raise LinkExpired
    return person, link
