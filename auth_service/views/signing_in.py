"""Registering, signing in and out, over HTTP."""

from apiflask import APIBlueprint
from flask import Response

from auth_service import accounts, challenges, codes, limits, signing_in
from auth_service.licences import LicenceTaken
from auth_service.reauthentication import by_code, by_password
from auth_service.schemas import AccessOut, LoginIn, PersonOut, RefreshIn, RegisterIn, TokensOut
from auth_service.schemas.second_factor import ChallengeIn, ReauthenticationIn
from auth_service.views import secret
from chassis import tokens
from chassis.docs import refuses
from chassis.errors import TooManyRequests
from chassis.identity import allow, principal, public
from chassis.web import counted

bp = APIBlueprint("signing_in", __name__, tag="Signing in")


@bp.post("/auth/register")
@public
@counted("account.register")
@refuses(accounts.EmailTaken, LicenceTaken, TooManyRequests)
@bp.input(RegisterIn, arg_name="account")
@bp.output(PersonOut, status_code=201)
def register(account: RegisterIn) -> PersonOut:
    """Register as a patient or a doctor.

    A doctor starts unverified and does nothing clinical until the clinic has recorded the licence.
    """
    limits.reserve(limits.SIGN_UP)
    return PersonOut.of(accounts.register(**dict(account)))


@bp.post("/auth/login")
@public
@counted("session.begin")
@refuses(signing_in.InvalidCredentials, challenges.SecondFactorRequired, TooManyRequests)
@bp.input(LoginIn, arg_name="given")
@bp.output(TokensOut)
def login(given: LoginIn) -> TokensOut:
    """Sign in with e-mail address and password.

    Where a second factor is set up, the answer is 401 with a `challenge` that lives for `expires_in` seconds.
    """
    return _tokens(signing_in.sign_in(given.email, given.password, secret()))


@bp.post("/auth/login/second-factor")
@public
@counted("session.begin")
@refuses(codes.SecondFactorRefused, challenges.ChallengeExpired, signing_in.InvalidCredentials, TooManyRequests)
@bp.input(ChallengeIn, arg_name="given")
@bp.output(TokensOut)
def login_with_code(given: ChallengeIn) -> TokensOut:
    """Finish a sign-in with the code of an authenticator, or a recovery code."""
    return _tokens(signing_in.finish_sign_in(given.challenge, given.code, secret()))


@bp.post("/auth/refresh")
@public
@counted("session.refresh")
@refuses(signing_in.RefreshRefused)
@bp.input(RefreshIn, arg_name="given")
@bp.output(TokensOut)
def refresh(given: RefreshIn) -> TokensOut:
    """Trade a refresh token for new tokens.

    Single use. Within 10 seconds the same token gives the same successor, for a reply that was lost; later it ends
    the session.
    """
    return _tokens(signing_in.refresh(given.refresh_token, secret()))


@bp.post("/auth/logout")
@public
@bp.input(RefreshIn, arg_name="given")
@bp.doc(responses={204: "Signed out, or there was nothing to end."})
def logout(given: RefreshIn) -> Response:
    """Sign out: the session of this refresh token ends. Doing it again changes nothing."""
    signing_in.sign_out(given.refresh_token)
    return Response(status=204)


@bp.post("/auth/me/reauthentication")
@allow("patient", "doctor", "admin", unverified=True)
@refuses(signing_in.InvalidCredentials, TooManyRequests)
@bp.input(ReauthenticationIn, arg_name="given")
@bp.output(AccessOut)
def prove_again(given: ReauthenticationIn) -> AccessOut:
    """Prove again that it is you, with the password or a code, and get an access token with a new `auth_time`.

    It counts for this session, also after a refresh. The refresh token stays as it is.
    """
    prove, shown = (by_password, given.password) if given.code is None else (by_code, given.code)
    person, token = prove(principal(), shown or "", secret())
    return AccessOut(access_token=token, expires_in=tokens.LIFE, user=PersonOut.of(person))


def _tokens(signed_in: signing_in.SignedIn) -> TokensOut:
    return TokensOut.issued(signed_in.access_token, signed_in.refresh_token, tokens.LIFE, signed_in.person)
