"""One's own account over HTTP."""

from apiflask import APIBlueprint

from auth_service import accounts
from auth_service.schemas import PersonOut, ProfileIn
from chassis.identity import allow, principal

bp = APIBlueprint("me", __name__, tag="My account")


@bp.get("/auth/me")
@allow("patient", "doctor", "admin", unverified=True)
@bp.output(PersonOut)
def me() -> PersonOut:
    """Read one's own profile."""
    return PersonOut.of(accounts.profile(principal()))


@bp.patch("/auth/me")
@allow("patient", "doctor", "admin", unverified=True)
@bp.input(ProfileIn, arg_name="changes")
@bp.output(PersonOut)
def change_me(changes: ProfileIn) -> PersonOut:
    """Change one's own names or date of birth."""
    given = {field: getattr(changes, field) for field in changes.model_fields_set}
    return PersonOut.of(accounts.change_profile(principal(), given))
