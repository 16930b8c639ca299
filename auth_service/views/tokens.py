"""What other programs ask about tokens: the keys they are signed with, which were revoked, and whether one holds."""

from apiflask import APIBlueprint
from flask import Response, jsonify, make_response, request
from pydantic import ValidationError

from auth_service import access_tokens, revocations, signing_keys
from auth_service.schemas.tokens import IntrospectionOut, RevocationOut, RevocationsIn, RevocationsOut, TokenIn
from auth_service.views import secret
from chassis.docs import may_take, refuses
from chassis.errors import InvalidRequest, TokenMissing
from chassis.identity import bearer_token, public
from chassis.problems import invalid
from chassis.web import routine

bp = APIBlueprint("tokens", __name__, tag="Tokens")


@bp.post("/auth/validate-token")
@public
@refuses(InvalidRequest)
@may_take(TokenIn)
@bp.output(IntrospectionOut)
@bp.doc(
    responses={200: "Whether the token holds right now."},
    summary="Ask whether an access token holds",
    description="The token comes in the body as `token` or in the Authorization header (RFC 7662). Of one that does"
    " not hold, the answer is `active: false` and no reason. `valid` says the same as `active`.",
)
def validate_token() -> Response:
    """Ask whether an access token holds."""
    claims = access_tokens.introspect(_token_to_look_at())
    active = bool(claims)
    found = IntrospectionOut(active=active, valid=active, token_type="Bearer" if active else None, **_told(claims))
    response = jsonify(found.model_dump(mode="json", exclude_none=True))
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/auth/revocations")
@public
@routine
@bp.input(RevocationsIn, location="query", arg_name="known")
@bp.output(RevocationsOut)
def revocations_after(known: RevocationsIn) -> RevocationsOut:
    """Read which sessions' access tokens hold no longer, behind a number of the list.

    Services ask every other second. The list names sessions only, for as long as a token of theirs could be alive.
    """
    behind = int(known.after)
    listed = [RevocationOut.of(one) for one in revocations.listed_after(behind)]
    return RevocationsOut(revocations=listed, last=listed[-1].sequence if listed else revocations.given_out(behind))


@bp.get("/.well-known/jwks.json")
@public
@routine
@bp.doc(responses={200: "The public keys of access tokens (RFC 7517)."})
def jwks() -> Response:
    """Read the public keys that access tokens are signed with."""
    response = make_response(jsonify(keys=signing_keys.published(secret())))
    response.headers["Cache-Control"] = "public, max-age=10"
    return response


def _token_to_look_at() -> str:
    if request.get_data():
        try:
            return TokenIn.model_validate(request.get_json()).token
        except ValidationError as error:
            raise invalid(error) from error
    try:
        return bearer_token()
    except TokenMissing as error:
        raise InvalidRequest("Send the token in the body or in the Authorization header.") from error


def _told(claims: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in claims.items() if name in IntrospectionOut.model_fields}
