"""Demographics over HTTP, for our own programs."""

from uuid import UUID

from apiflask import APIBlueprint

from auth_service import demographics
from auth_service.models import audit
from auth_service.schemas.demographics import DemographicsOut
from chassis.docs import refuses
from chassis.errors import NotFound
from chassis.identity import allow

bp = APIBlueprint("demographics", __name__, tag="Demographics")


@bp.get("/auth/demographics/<id:person_id>")
@allow("service")
@refuses(NotFound)
@bp.output(DemographicsOut)
@audit.of("person.read")
def one(person_id: UUID) -> DemographicsOut:
    """Read names, sex and address of a patient.

    For our own programs, which send `SERVICE_KEY` in place of an access token, when something is signed for them. Each
    look is noted, and patients read of it.
    """
    return DemographicsOut.of_person(demographics.of(person_id))
