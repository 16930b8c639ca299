"""The auth service: accounts, signing in, and the person's own details."""

from typing import Any

from portal import session
from portal.api.base import Api
from portal.people import Person, SignedIn


class Auth(Api):
    """Calls to the auth service."""

    def register(self, **person: Any) -> Person:
        """Open an account."""
        return self.read(Person, "POST", "/auth/register", json=person)

    def login(self, email: str, password: str) -> SignedIn:
        """Sign in with e-mail and password."""
        return self.read(SignedIn, "POST", "/auth/login", json={"email": email, "password": password})

    def refresh(self, refresh_token: str) -> SignedIn:
        """Fresh tokens for a person who stays."""
        return self.read(SignedIn, "POST", "/auth/refresh", json={"refresh_token": refresh_token})

    def logout(self, refresh_token: str) -> None:
        """End the sign-in everywhere this token reaches."""
        self.client.request("POST", "/auth/logout", json={"refresh_token": refresh_token})

    def me(self) -> Person:
        """The signed-in person, as the auth service knows them now."""
        return self.read(Person, "GET", "/auth/me", token=session.token())

    def change_me(self, **changes: Any) -> Person:
        """Change own details."""
        return self.read(Person, "PATCH", "/auth/me", token=session.token(), json=changes)
