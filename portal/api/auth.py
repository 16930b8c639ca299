"""The auth service: accounts, signing in, and the person's own details."""

from typing import Any

from flask import request

from portal import session
from portal.api.base import Answer, Api
from portal.people import Person, SignedIn


class Address(Answer):
    """An e-mail address that has been confirmed."""

    email: str


def _browser() -> dict[str, str]:
    """What the person's browser calls itself: they find it again in the list of their sign-ins."""
    said = "".join(c for c in request.user_agent.string if c.isascii() and c.isprintable()).strip()
    return {"User-Agent": said[:400]} if said else {}


class Auth(Api):
    """Calls to the auth service."""

    def register(self, **person: Any) -> Person:
        """Open an account."""
        return self.read(Person, "POST", "/auth/register", json=person)

    def login(self, email: str, password: str) -> SignedIn:
        """Sign in with e-mail and password. Where a code is asked for too, the refusal carries a `challenge`."""
        body = {"email": email, "password": password}
        return self.read(SignedIn, "POST", "/auth/login", json=body, headers=_browser())

    def second_step(self, challenge: str, code: str) -> SignedIn:
        """Go on after the password, with a code of the authenticator or a recovery code."""
        body = {"challenge": challenge, "code": code}
        return self.read(SignedIn, "POST", "/auth/login/second-factor", json=body, headers=_browser())

    def forgotten_password(self, email: str) -> None:
        """Have a link sent, if there is an account with this address. The answer does not tell."""
        self.tell("POST", "/auth/password-resets", json={"email": email})

    def reset_password(self, link: str, password: str) -> None:
        """Choose a password by a mailed link. All sign-ins end."""
        self.tell("POST", "/auth/links/password", json={"token": link, "password": password})

    def confirm_email(self, link: str) -> str:
        """Confirm an address by a mailed link; the address."""
        return self.read(Address, "POST", "/auth/links/email", json={"token": link}).email

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
