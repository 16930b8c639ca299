"""Kinds of visit, and what single doctors do otherwise."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from appointment_service.schedule_tables import LIMITS, VisitType, VisitTypeOverride
from appointment_service.visit_types import Terms
from chassis.schemas import Id, In, Line, Out, Prose


def _number(name: str) -> Any:
    least, most = LIMITS[name]
    return Field(ge=least, le=most, strict=True)


Duration = Annotated[int, _number("duration_min")]
BufferBefore = Annotated[int, _number("buffer_before_min")]
BufferAfter = Annotated[int, _number("buffer_after_min")]
Step = Annotated[int, _number("step_min")]
Notice = Annotated[int, _number("min_notice_min")]
Horizon = Annotated[int, _number("horizon_days")]
MoveCutoff = Annotated[int, _number("patient_move_cutoff_min")]
CancelCutoff = Annotated[int, _number("patient_cancel_cutoff_min")]
LateCancel = Annotated[int, _number("late_cancel_min")]
BookableBy = Literal["patient", "staff"]


class VisitTypeIn(In):
    """A kind of visit. Times are minutes. `name` is for staff, `public_name` for everybody."""

    name: Annotated[Line, StringConstraints(min_length=1, max_length=100)]
    public_name: Annotated[Line, StringConstraints(min_length=1, max_length=100)]
    description: Annotated[Prose, StringConstraints(max_length=500)] = ""
    duration_min: Duration = 20
    buffer_before_min: BufferBefore = 0
    buffer_after_min: BufferAfter = 0
    step_min: Step = 20
    min_notice_min: Notice = 120
    horizon_days: Horizon = 112
    patient_move_cutoff_min: MoveCutoff = 240
    patient_cancel_cutoff_min: CancelCutoff = 0
    late_cancel_min: LateCancel = 1440
    sensitive: Annotated[bool, Field(strict=True)] = False
    bookable_by: BookableBy = "patient"
    active: Annotated[bool, Field(strict=True)] = True
    position: Annotated[int, Field(ge=0, le=1000, strict=True)] = 0


class VisitTypeOut(Out):
    """A kind of visit, with all its terms."""

    id: UUID
    name: str
    public_name: str
    description: str
    duration_min: int
    buffer_before_min: int
    buffer_after_min: int
    step_min: int
    min_notice_min: int
    horizon_days: int
    patient_move_cutoff_min: int
    patient_cancel_cutoff_min: int
    late_cancel_min: int
    sensitive: bool
    bookable_by: BookableBy
    active: bool
    position: int
    version: int


class VisitTypesOut(Out):
    """All kinds of visit for staff, those that patients book for everybody else, in their order."""

    items: list[VisitTypeOut]

    @classmethod
    def of_types(cls, found: Sequence[VisitType]) -> Self:
        """As the rules give them."""
        return cls(items=[VisitTypeOut.of(one) for one in found])


class OfferOut(Out):
    """A kind of visit as one doctor offers it to patients. Times are minutes."""

    visit_type_id: UUID
    public_name: str
    description: str
    duration_min: int
    horizon_days: int
    patient_move_cutoff_min: int
    patient_cancel_cutoff_min: int

    @classmethod
    def of_terms(cls, terms: Terms, description: str) -> Self:
        """On the doctor's terms."""
        minutes = terms.duration // timedelta(minutes=1)
        return cls(
            visit_type_id=terms.visit_type_id,
            public_name=terms.public_name,
            description=description,
            duration_min=minutes,
            horizon_days=terms.horizon.days,
            patient_move_cutoff_min=terms.move_cutoff_min,
            patient_cancel_cutoff_min=terms.cancel_cutoff_min,
        )


class OffersOut(Out):
    """What one doctor offers to patients."""

    items: list[OfferOut]


class OverrideIn(In):
    """What one doctor does otherwise for one kind of visit; null is as everybody does it."""

    visit_type_id: Id
    offered: Annotated[bool, Field(strict=True)] = True
    duration_min: Duration | None = None
    buffer_before_min: BufferBefore | None = None
    buffer_after_min: BufferAfter | None = None
    step_min: Step | None = None
    min_notice_min: Notice | None = None
    horizon_days: Horizon | None = None
    patient_move_cutoff_min: MoveCutoff | None = None
    patient_cancel_cutoff_min: CancelCutoff | None = None
    late_cancel_min: LateCancel | None = None
    bookable_by: BookableBy | None = None

    @property
    def values(self) -> Mapping[str, Any]:
        """As the rules take it."""
        return self.model_dump(exclude={"visit_type_id"})


class OverridesIn(In):
    """All that one doctor does otherwise. Kinds of visit that are not named are offered as everybody does."""

    overrides: Annotated[list[OverrideIn], Field(max_length=100)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        ids = [one.visit_type_id for one in self.overrides]
        if len(ids) != len(set(ids)):
            raise PydanticCustomError("twice", "Name each kind of visit once.")
        return self


class OverrideOut(Out):
    """What one doctor does otherwise for one kind of visit."""

    visit_type_id: UUID
    offered: bool
    duration_min: int | None
    buffer_before_min: int | None
    buffer_after_min: int | None
    step_min: int | None
    min_notice_min: int | None
    horizon_days: int | None
    patient_move_cutoff_min: int | None
    patient_cancel_cutoff_min: int | None
    late_cancel_min: int | None
    bookable_by: BookableBy | None


class OverridesOut(Out):
    """All that one doctor does otherwise."""

    overrides: list[OverrideOut]

    @classmethod
    def of_overrides(cls, found: Sequence[VisitTypeOverride]) -> Self:
        """As the rules give them."""
        return cls(overrides=[OverrideOut.of(one) for one in found])
