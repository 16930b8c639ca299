"""Accounts and tokens over HTTP: registering, signing in and out, and what others ask about tokens."""

from apiflask import APIBlueprint
from flask import Response, jsonify, make_response, request

from auth_service import access_tokens, accounts, signing_in, signing_keys
from auth_service.schemas import (
    IntrospectionOut,
    LoginIn,
    PersonOut,
    RefreshIn,
    RegisterIn,
    TokenIn,
    TokensOut,
)
from auth_service.views import secret
from chassis import tokens
from chassis.docs import refuses
from chassis.errors import InvalidRequest, TokenMissing
from chassis.identity import bearer_token, public

bp = APIBlueprint("signing_in", __name__, tag="Signing in")


@bp.post("/auth/register")
@public
@refuses(accounts.EmailTaken)
@bp.input(RegisterIn, arg_name="account")
@bp.output(PersonOut, status_code=201)
def register(account: RegisterIn) -> PersonOut:
    """Register as a patient or a doctor.

    A doctor starts unverified and does nothing clinical until the clinic has recorded the licence.
    """
    return PersonOut.of(accounts.register(**dict(account)))


@bp.post("/auth/login")
@public
@refuses(signing_in.InvalidCredentials)
@bp.input(LoginIn, arg_name="given")
@bp.output(TokensOut)
def login(given: LoginIn) -> TokensOut:
    """Sign in with e-mail address and password."""
    return _tokens(signing_in.sign_in(given.email, given.password, secret()))


@bp.post("/auth/refresh")
@public
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


@bp.post("/auth/validate-token")
@public
@refuses(InvalidRequest)
@bp.output(IntrospectionOut)
@bp.doc(
    responses={200: "Whether the token holds right now."},
    summary="Ask whether an access token holds",
    description="The token comes in the body as `token` or in the Authorization header (RFC 7662).",
)
def validate_token() -> Response:
    """Ask whether an access token holds."""
    claims = access_tokens.introspect(_token_to_look_at())
    active = bool(claims)
    found = IntrospectionOut(active=active, valid=active, token_type="Bearer" if active else None, **_told(claims))
    response = jsonify(found.model_dump(mode="json", exclude_none=True))
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/.well-known/jwks.json")
@public
@bp.doc(responses={200: "The public keys of access tokens (RFC 7517)."})
def jwks() -> Response:
    """Read the public keys that access tokens are signed with."""
    response = make_response(jsonify(keys=signing_keys.published()))
    response.headers["Cache-Control"] = "public, max-age=10"
    return response


def _tokens(signed_in: signing_in.SignedIn) -> TokensOut:
    return TokensOut.issued(signed_in.access_token, signed_in.refresh_token, tokens.LIFE, signed_in.person)


def _token_to_look_at() -> str:
    if request.get_data():
        return TokenIn.model_validate(request.get_json()).token
    try:
        return bearer_token()
    except TokenMissing as error:
        raise InvalidRequest("Send the token in the body or in the Authorization header.") from error


def _told(claims: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in claims.items() if name in IntrospectionOut.model_fields}
