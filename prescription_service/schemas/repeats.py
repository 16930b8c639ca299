"""Requests for a repeat and what is due, as they come in and go out."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import StringConstraints

from chassis.schemas import Id, In, Out, Page, Paging, Prose
from prescription_service.doctor_tables import RepeatRequest
from prescription_service.schemas.prescriptions import Status

RequestStatus = Literal["open", "approved", "declined"]


class RepeatIn(In):
    """What the patient says with the request."""

    note: Annotated[Prose, StringConstraints(max_length=240)] = ""


class RepeatRequestsIn(Paging):
    """Which requests to list."""

    status: RequestStatus | None = None
    prescription_id: Id | None = None


class RepeatRequestOut(Out):
    """A request, for its patient and the prescriber. `renewal_id` is the new prescription, once it is signed."""

    id: UUID
    status: RequestStatus
    prescription_id: UUID
    prescription_status: Status
    number: str
    issued_at: datetime
    medicines: list[str]
    patient_id: UUID
    patient_name: str
    doctor_id: UUID
    doctor_name: str
    note: str
    requested_at: datetime
    decided_at: datetime | None
    reason: str
    renewal_id: UUID | None

    @classmethod
    def of_request(cls, request: RepeatRequest) -> Self:
        """The request with the prescription that it is about."""
        about = request.prescription
        names = [medicine.name for medicine in about.medicines]
        renewal = request.renewal_id if request.status == "approved" else None
        said = {"prescription_status": about.status, "medicines": names, "renewal_id": renewal}
        rest = cls.model_fields.keys() - said
        copied = {name: getattr(request if hasattr(request, name) else about, name) for name in rest}
        return cls.model_validate({**copied, **said})


class RepeatRequestsPage(Page[RepeatRequestOut]):
    """Part of the requests."""


class DueOut(Out):
    """A medicine that its prescriber has to think of: its supply runs out, or its review has come."""

    kind: Literal["runs-out", "review"]
    due_on: date
    prescription_id: UUID
    number: str
    position: int
    name: str
    directions: str | None
    repeats: int
    patient_id: UUID
    patient_name: str


class DuePage(Page[DueOut]):
    """Part of what is due, the earliest first."""
