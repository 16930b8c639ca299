"""Drafts and the steps after signing, as they come in and go out."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import RootModel, StringConstraints

from chassis.schemas import In, Line, Out, Page
from prescription_service.drafts import names_now, visit_of, wish_in
from prescription_service.models import Draft
from prescription_service.schemas.prescriptions import Overrides, PrescriptionOut
from prescription_service.schemas.structured import StructureOut, WeightOut

ReasonCode = Literal[
    "altchoice",
    "clarif",
    "drughigh",
    "hospadm",
    "labint",
    "non-avail",
    "preg",
    "salg",
    "sddi",
    "sdupther",
    "sintol",
    "surg",
    "washout",
    "patient-request",
    "entered-wrong-patient",
    "prescriber-unavailable",
]
"""Of HL7's list for the state of a *MedicationRequest*, and three of ours."""


class StepIn(In):
    """Why a step is taken. Cancelling and stopping need a code, the others words."""

    reason_code: ReasonCode | None = None
    reason: Annotated[Line, StringConstraints(max_length=200)] = ""


class SignIn(In):
    """The answers to the alerts of a draft."""

    overrides: Overrides = []


class WordsOut(Out):
    """A medicine in the doctor's own words."""

    name: str
    dosage: str
    duration: str
    instructions: str


class DraftedOut(StructureOut):
    """A medicine from the list as the draft has it, and its names as the list has them now; empty once it has left."""

    generic_name: str
    name: str


class DraftOut(Out):
    """What a doctor has written and not signed. Send `version` in `If-Match` to change, discard or sign it."""

    id: UUID
    status: Literal["draft"] = "draft"
    version: int
    appointment_id: UUID
    appointment_time: str
    doctor_id: UUID
    doctor_name: str
    patient_id: UUID
    patient_name: str
    patient_birth_date: date | None
    notes: str
    valid_until: date | None
    weight: WeightOut | None
    medicines: list[DraftedOut | WordsOut]
    replaces_id: UUID | None
    renews_id: UUID | None
    updated_at: datetime

    @classmethod
    def of_draft(cls, draft: Draft) -> Self:
        """The draft with its visit."""
        visit, wish = visit_of(draft), wish_in(draft)
        medicines = [{**vars(one), **names_now(one)} for one in wish.medicines]
        own = {**vars(draft), "status": "draft", "medicines": medicines}
        return cls.model_validate({**vars(visit), **vars(wish), **own})


class DraftsPage(Page[DraftOut]):
    """Part of one's drafts."""


class WrittenOut(RootModel[PrescriptionOut | DraftOut]):
    """What was signed, or the draft that was kept."""
