"""Contacts over HTTP, for our own programs."""

from uuid import UUID

from apiflask import APIBlueprint

from auth_service import contacts
from auth_service.models import audit
from auth_service.schemas.contacts import AccountOut, ContactOut
from chassis.docs import refuses
from chassis.errors import NotFound
from chassis.identity import allow

bp = APIBlueprint("contacts", __name__, tag="Contacts")


@bp.get("/auth/contacts/<id:person_id>")
@allow("service")
@refuses(NotFound)
@bp.output(ContactOut)
@audit.of("contact.read")
def one(person_id: UUID) -> ContactOut:
    """Read where somebody gets mail.

    For our own programs, which send `SERVICE_KEY` in place of an access token, right before they send a letter. A
    closed account is 404 like one that is not there. Each look is noted, and patients read of it.
    """
    return ContactOut.of_person(contacts.of(person_id))


@bp.get("/auth/accounts/<id:person_id>")
@allow("service")
@refuses(NotFound)
@bp.output(AccountOut)
def account(person_id: UUID) -> AccountOut:
    """Read whether somebody's account is active, and what they are.

    For our own programs, which ask before they give something out in somebody's name. A closed account is 404 like
    one that is not there. It tells nothing about a person, so it is not noted.
    """
    return AccountOut.of_person(contacts.of(person_id))
