"""One's own second factor over HTTP."""

from apiflask import APIBlueprint, APIFlask
from flask import Response, g, request

from auth_service import accounts, codes, second_factor
from auth_service.schemas.second_factor import (
    CodeIn,
    OwnPasswordIn,
    ProposedOut,
    RecoveryCodesOut,
    SecondFactorOut,
)
from auth_service.second_factor import SecondFactorMandatory
from auth_service.signing_in import InvalidCredentials
from chassis.docs import refuses
from chassis.errors import Conflict, TooManyRequests
from chassis.identity import allow, principal

bp = APIBlueprint("second_factor", __name__, url_prefix="/auth/me/second-factor", tag="Second factor")


@bp.get("")
@allow("patient", "doctor", "admin", unverified=True)
@bp.output(SecondFactorOut)
def state() -> SecondFactorOut:
    """Read whether a code is asked for at sign-in, and how many recovery codes are left."""
    person = accounts.profile(principal())
    return SecondFactorOut(state=person.second_factor, recovery_codes_left=codes.recovery_codes_left(person.id))


@bp.post("")
@allow("patient", "doctor", "admin", unverified=True)
@refuses(InvalidCredentials, Conflict, TooManyRequests)
@bp.input(OwnPasswordIn, arg_name="given")
@bp.output(ProposedOut, status_code=201)
def set_up(given: OwnPasswordIn) -> ProposedOut:
    """Begin to set up an authenticator. It counts from its confirmation on."""
    return ProposedOut.of(second_factor.set_up(principal(), given.password))


@bp.post("/confirm")
@allow("patient", "doctor", "admin", unverified=True)
@refuses(codes.SecondFactorRefused, Conflict, TooManyRequests)
@bp.input(CodeIn, arg_name="given")
@bp.output(RecoveryCodesOut)
def confirm(given: CodeIn) -> RecoveryCodesOut:
    """Take the authenticator into use with a code of it. All other sessions of the person end."""
    return RecoveryCodesOut(recovery_codes=second_factor.confirm(principal(), given.code))


@bp.post("/recovery-codes")
@allow("patient", "doctor", "admin", unverified=True)
@refuses(InvalidCredentials, Conflict, TooManyRequests)
@bp.input(OwnPasswordIn, arg_name="given")
@bp.output(RecoveryCodesOut)
def renew_recovery_codes(given: OwnPasswordIn) -> RecoveryCodesOut:
    """Get new recovery codes in place of the old ones."""
    return RecoveryCodesOut(recovery_codes=second_factor.renew_recovery_codes(principal(), given.password))


@bp.post("/remove")
@allow("patient", "doctor", "admin", unverified=True)
@refuses(InvalidCredentials, SecondFactorMandatory, Conflict, TooManyRequests)
@bp.input(OwnPasswordIn, arg_name="given")
@bp.doc(responses={204: "Removed. The password alone signs in."})
def remove(given: OwnPasswordIn) -> Response:
    """Give the second factor up."""
    second_factor.remove(principal(), given.password)
    return Response(status=204)


def insist(app: APIFlask) -> None:
    """Let people who have yet to set up a second factor do nothing but look after their own account.

    Other services refuse their tokens, which are for this one only.
    """

    @app.before_request
    def check_second_factor() -> None:
        rule = request.url_rule.rule if request.url_rule else ""
        if "principal" in g and rule != "/auth/me" and not rule.startswith("/auth/me/"):
            second_factor.insist(principal())
