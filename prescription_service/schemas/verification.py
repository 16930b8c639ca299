"""The check of a paper prescription, as it comes in and goes out."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chassis.schemas import In, Out
from prescription_service.schemas.structured import Quantity


class VerifyIn(In):
    """The token of a QR code, or the code typed from the paper in any spelling."""

    code: Annotated[str, StringConstraints(max_length=200)]


class CompareIn(VerifyIn):
    """A quantity as the paper says it, and the number of its medicine."""

    position: Annotated[int, Field(ge=1, le=10, strict=True)]
    quantity: Quantity


class VerifyOut(Out):
    """`genuine`, with its state; or `none`, which is all that is ever said of a code that is not ours."""

    result: Literal["genuine", "none"]
    issued_on: date | None = None
    state: str | None = None
    version: int | None = None


class CompareOut(Out):
    """Whether the quantity is the one that was signed. `no-more`: it was asked too often today."""

    result: Literal["matches", "differs", "no-more", "none"]


class PrintedOut(Out):
    """What goes on paper, so that whoever holds it can check it."""

    token: str
    code: str
