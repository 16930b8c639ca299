"""The check of a paper prescription by whoever holds it, signed in or not."""

from apiflask import APIBlueprint
from flask import current_app

from chassis.docs import refuses
from chassis.errors import TooManyRequests
from chassis.identity import public
from prescription_service import verification
from prescription_service.schemas.verification import CompareIn, CompareOut, VerifyIn, VerifyOut
from prescription_service.views import today, zone

bp = APIBlueprint("verification", __name__, tag="Verification")


def keys() -> verification.Keys:
    """The keys of this service's printed codes."""
    found: verification.Keys = current_app.extensions["verification"]
    return found


@bp.post("/verify")
@public
@refuses(TooManyRequests)
@bp.input(VerifyIn, arg_name="asked")
@bp.output(VerifyOut)
def verify(asked: VerifyIn) -> VerifyOut:
    """Ask whether a printed code is genuine. The answer names no person, no medicine and no number of medicines."""
    found = verification.look_up(asked.code, keys(), today())
    if found is None:
        return VerifyOut(result="none")
    issued_on = found.issued_at.astimezone(zone()).date()
    return VerifyOut(result="genuine", issued_on=issued_on, state=found.state, version=found.version)


@bp.post("/verify/quantity")
@public
@refuses(TooManyRequests)
@bp.input(CompareIn, arg_name="asked")
@bp.output(CompareOut)
def compare(asked: CompareIn) -> CompareOut:
    """Ask whether a quantity on paper is the one that was signed; at most five times a day for one prescription."""
    return CompareOut(result=verification.compare(asked.code, asked.position, asked.quantity, keys()))
