"""People as admins look after them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from portal import session
from portal.api.base import Api, Listing
from portal.people import Person

MOST_IDS = 100


class Account(Person):
    """A person with what only admins see."""

    created_at: datetime
    disabled_at: datetime | None = None
    closed_at: datetime | None = None
    last_sign_in_at: datetime | None = None
    locked: bool = False
    email_warning: str | None = None

    @property
    def sorted_name(self) -> str:
        """The name as lists are sorted by it."""
        return f"{self.last_name}, {self.first_name}"

    @property
    def waiting(self) -> bool:
        """Whether this is a doctor whose licence nobody has looked at."""
        return self.licence is not None and self.licence.state == "unverified" and self.disabled_at is None


class People(Api):
    """Calls about other people's accounts."""

    def listed(self, **asked: Any) -> Listing[Account]:
        """People by name: `search`, `role`, `state`, `limit`, `cursor`."""
        params = {name: value for name, value in asked.items() if value}
        return self.read(Listing[Account], "GET", "/people", token=session.token(), params=params)

    def named(self, ids: Iterable[str]) -> dict[str, str]:
        """What these people are called; who is not there any more is left out."""
        wanted = sorted(set(ids))[:MOST_IDS]
        if not wanted:
            return {}
        found = self.listed(ids=",".join(wanted), limit=MOST_IDS)
        return {person.id: person.name for person in found.items}

    def one(self, person_id: str) -> Account:
        """One person."""
        return self.read(Account, "GET", f"/people/{person_id}", token=session.token())

    def act(self, person_id: str, act: str, **body: str) -> Account:
        """Do something to an account: `disable`, `sign-out`, `licence/reject` and so on."""
        return self.read(Account, "POST", f"/people/{person_id}/{act}", token=session.token(), json=body)

    def change_role(self, person_id: str, role: str) -> Account:
        """Give a person another role."""
        return self.read(Account, "PUT", f"/people/{person_id}/role", token=session.token(), json={"role": role})
