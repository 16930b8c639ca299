"""The rules of contacts: where somebody gets mail. For our own programs only, which keep no addresses themselves."""

from uuid import UUID

from auth_service.models import Person, db
from chassis.errors import NotFound


def of(person_id: UUID) -> Person:
    """A person who can be written to, or `NotFound`: nobody writes to an account that its owner has closed."""
    person = db.session.get(Person, person_id)
    if person is None or person.closed_at is not None:
        raise NotFound
    return person
