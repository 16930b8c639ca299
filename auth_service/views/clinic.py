"""The clinic's settings over HTTP: everybody reads them, admins change them."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from auth_service import clinic
from auth_service.schemas.clinic import BEGINNINGS, ClinicIn, ClinicOut, LogoIn, LogoVersionIn
from chassis.docs import refuses
from chassis.errors import NotFound
from chassis.identity import allow, principal, public
from chassis.web import routine

bp = APIBlueprint("clinic", __name__, tag="Clinic")

FOR_GOOD = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"
BYTES = {"schema": {"type": "string", "format": "binary"}}
PICTURE: dict[int | str, Any] = {200: {"description": "The picture.", "content": dict.fromkeys(BEGINNINGS, BYTES)}}


@bp.get("/clinic")
@public
@routine
@bp.output(ClinicOut)
def settings() -> ClinicOut:
    """Read what admins have said about the clinic. Where null, each program's own setting counts."""
    return ClinicOut.of_clinic(clinic.settings())


@bp.patch("/clinic")
@allow("admin")
@bp.input(ClinicIn, arg_name="given")
@bp.output(ClinicOut)
def change(given: ClinicIn) -> ClinicOut:
    """Change the clinic's settings. Programs take them over within seconds.

    Another time zone changes how booked instants are shown, never the instants.
    """
    return ClinicOut.of_clinic(clinic.change(principal(), given.changes))


@bp.get("/clinic/logo")
@public
@refuses(NotFound)
@bp.input(LogoVersionIn, location="query", arg_name="asked")
@bp.doc(responses=PICTURE)
def logo(asked: LogoVersionIn) -> Response:
    """Read the clinic's logo."""
    found = clinic.the_logo()
    lasting = FOR_GOOD if asked.v == found.version else ASK_AGAIN
    return Response(found.data, content_type=found.media_type, headers={"Cache-Control": lasting})


@bp.put("/clinic/logo")
@allow("admin")
@bp.input(LogoIn, arg_name="given")
@bp.output(ClinicOut)
def set_logo(given: LogoIn) -> ClinicOut:
    """Set the clinic's logo."""
    return ClinicOut.of_clinic(clinic.set_logo(principal(), given.logo))


@bp.delete("/clinic/logo")
@allow("admin")
@bp.doc(responses={204: "There is no logo any more."})
def remove_logo() -> Response:
    """Remove the clinic's logo. Doing it again changes nothing."""
    clinic.set_logo(principal(), None)
    return Response(status=204)
