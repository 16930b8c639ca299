"""Passwords, e-mail addresses and mailed links over HTTP."""

from apiflask import APIBlueprint
from flask import Response

from auth_service import credentials
from auth_service.accounts import EmailTaken
from auth_service.links import LinkExpired
from auth_service.schemas.account import EmailOut, ForgottenIn, LinkIn, NewEmailIn, NewPasswordIn, NothingOut, ResetIn
from auth_service.signing_in import InvalidCredentials
from auth_service.views import mail
from chassis.docs import refuses
from chassis.errors import TooManyRequests
from chassis.identity import allow, principal, public

bp = APIBlueprint("credentials", __name__, tag="Passwords and addresses")


@bp.post("/auth/password-resets")
@public
@refuses(TooManyRequests)
@bp.input(ForgottenIn, arg_name="given")
@bp.output(NothingOut, status_code=202)
def ask_for_new_password(given: ForgottenIn) -> NothingOut:
    """Ask for a link to a new password. The answer is the same whether there is such an account or not."""
    credentials.ask_for_new_password(given.email, mail())
    return NothingOut()


@bp.post("/auth/links/password")
@public
@refuses(LinkExpired)
@bp.input(ResetIn, arg_name="given")
@bp.doc(responses={204: "The new password holds, and all sessions have ended."})
def reset_password(given: ResetIn) -> Response:
    """Choose a new password by a mailed link. The link works once."""
    credentials.reset_password(given.token, given.password, mail())
    return Response(status=204)


@bp.post("/auth/links/email")
@public
@refuses(LinkExpired, EmailTaken)
@bp.input(LinkIn, arg_name="given")
@bp.output(EmailOut)
def confirm_email(given: LinkIn) -> EmailOut:
    """Confirm a new e-mail address by a mailed link. The link works once."""
    return EmailOut(email=credentials.confirm_email(given.token, mail()))


@bp.post("/auth/me/password")
@allow("patient", "doctor", "admin", unverified=True)
@refuses(InvalidCredentials, TooManyRequests)
@bp.input(NewPasswordIn, arg_name="given")
@bp.doc(responses={204: "The new password holds, and all other sessions have ended."})
def change_password(given: NewPasswordIn) -> Response:
    """Change one's own password."""
    credentials.change_password(principal(), given.current_password, given.new_password, mail())
    return Response(status=204)


@bp.post("/auth/me/email")
@allow("patient", "doctor", "admin", unverified=True)
@refuses(InvalidCredentials, TooManyRequests)
@bp.input(NewEmailIn, arg_name="given")
@bp.output(NothingOut, status_code=202)
def change_email(given: NewEmailIn) -> NothingOut:
    """Ask for another e-mail address: it is taken into use by a link mailed to it.

    The answer is the same when the address belongs to another account; then its owner is told by mail.
    """
    credentials.ask_for_email(principal(), given.email, given.password, mail())
    return NothingOut()
