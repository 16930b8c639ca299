"""The check of a paper prescription, which anybody who holds it may ask for."""

from datetime import date

from portal.api.base import Answer, Api


class Verdict(Answer):
    """`genuine` with its state, or `none`."""

    result: str
    issued_on: date | None = None
    state: str | None = None
    version: int | None = None


class Compared(Answer):
    """`matches`, `differs`, `no-more` today, or `none`."""

    result: str


class Verification(Api):
    """Calls without a token: whoever holds the paper has no account here."""

    def look_up(self, code: str) -> Verdict:
        """What is told of a token or a typed code."""
        return self.read(Verdict, "POST", "/verify", json={"code": code})

    def compare(self, code: str, position: int, quantity: int | float) -> Compared:
        """Whether a quantity on paper is the one that was signed."""
        body = {"code": code, "position": position, "quantity": quantity}
        return self.read(Compared, "POST", "/verify/quantity", json=body)
