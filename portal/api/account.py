"""One's own account at the auth service: how one signs in, where one is signed in, and leaving."""

from datetime import datetime
from typing import Literal, TypeVar

from portal import session
from portal.api.base import Answer, Api, Json, Listing
from portal.people import Proved

T = TypeVar("T", bound=Answer)


class SignIn(Answer):
    """One sign-in that is still good."""

    id: str
    created_at: datetime
    last_used_at: datetime
    address: str
    user_agent: str
    second_factor: bool
    current: bool


class SecondFactor(Answer):
    """Whether a code is asked for beside the password."""

    state: Literal["off", "on", "required"]
    recovery_codes_left: int


class Secret(Answer):
    """What an authenticator needs to know, as text and as the address that a QR code carries."""

    secret: str
    uri: str


class RecoveryCodes(Answer):
    """Codes for the day when the authenticator is lost. Told once."""

    recovery_codes: list[str]


class Account(Api):
    """Calls about one's own account."""

    def change_password(self, current: str, new: str) -> None:
        """Change the password. All other sign-ins end."""
        self._own("POST", "/password", current_password=current, new_password=new)

    def change_email(self, email: str, password: str) -> None:
        """Have a link sent to another address; opening it makes the change."""
        self._own("POST", "/email", email=email, password=password)

    def prove(self, **proof: str) -> Proved:
        """Prove again that it is this person, with a `password` or a `code`."""
        return self.read(Proved, "POST", "/auth/me/reauthentication", token=session.token(), json=proof)

    def second_factor(self) -> SecondFactor:
        """Whether it is set up, and how many recovery codes are left."""
        return self.read(SecondFactor, "GET", "/auth/me/second-factor", token=session.token())

    def begin_second_factor(self, password: str) -> Secret:
        """Make a secret for a new authenticator. It counts once a code from it was given."""
        return self._read_own(Secret, "/second-factor", password=password)

    def confirm_second_factor(self, code: str) -> RecoveryCodes:
        """Prove that the authenticator has the secret."""
        return self._read_own(RecoveryCodes, "/second-factor/confirm", code=code)

    def new_recovery_codes(self, password: str) -> RecoveryCodes:
        """New recovery codes; the old ones are void."""
        return self._read_own(RecoveryCodes, "/second-factor/recovery-codes", password=password)

    def remove_second_factor(self, password: str) -> None:
        """Ask for the password only, from now on."""
        self._own("POST", "/second-factor/remove", password=password)

    def sign_ins(self) -> Listing[SignIn]:
        """Where this person is signed in."""
        return self.read(Listing[SignIn], "GET", "/auth/me/sessions", token=session.token())

    def end_sign_in(self, sign_in_id: str) -> None:
        """End one of them."""
        self._own("DELETE", f"/sessions/{sign_in_id}")

    def end_all_sign_ins(self) -> None:
        """End all of them, this one too."""
        self._own("DELETE", "/sessions")

    def export(self) -> Json:
        """Everything the auth service holds about this person."""
        return self.whole("GET", "/auth/me/export", token=session.token())

    def close(self, password: str) -> None:
        """Close the account."""
        self._own("POST", "/close", password=password)

    def _own(self, method: str, path: str, **body: str) -> None:
        sent = {"json": body} if body else {}
        self.tell(method, f"/auth/me{path}", token=session.token(), **sent)

    def _read_own(self, kind: type[T], path: str, **body: str) -> T:
        return self.read(kind, "POST", f"/auth/me{path}", token=session.token(), json=body)
