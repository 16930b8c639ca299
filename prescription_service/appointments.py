"""The appointment service, as prescribing sees it."""

from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from chassis.client import ServiceClient
from chassis.errors import NotFound, Unavailable
from prescription_service.prescribing import Visit

_visit = TypeAdapter(Visit)


class AppointmentNotFound(NotFound):
    """404: no appointment of this doctor has this id."""

    code, title = "appointment-not-found", "No such appointment"
    detail = "There is no appointment of yours with this id."


def fetch_visit(client: ServiceClient, token: str, appointment_id: UUID) -> Visit:
    """The appointment as the owner of `token` may see it, so that the permission is not written twice.

    Raises `AppointmentNotFound`, also for a stranger's, and `Unavailable`.
    """
    try:
        return _visit.validate_python(client.request("GET", f"/appointments/{appointment_id}", token=token))
    except NotFound as error:
        raise AppointmentNotFound from error
    except ValidationError as error:
        raise Unavailable(service=client.name) from error
