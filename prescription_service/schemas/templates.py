"""Templates, as they come in and go out."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from chassis.schemas import In, Line, Out, Prose
from prescription_service import templates
from prescription_service.schemas.structured import StructuredMedicineIn, StructureOut


class TemplateIn(In):
    """A named set of medicines from the list. Days in it are taken as so many from today."""

    name: Annotated[Line, StringConstraints(min_length=1, max_length=80)]
    notes: Annotated[Prose, StringConstraints(max_length=2000)] = ""
    medicines: Annotated[list[StructuredMedicineIn], Field(min_length=1, max_length=10)]


class FieldProblemOut(Out):
    """What is wrong about a medicine: a JSON pointer into its `structure`, a code and a sentence."""

    pointer: str
    code: str
    message: str


class TemplateMedicineOut(Out):
    """One medicine: its parts to fill a form with. `problems` holds what its list has against it by now."""

    name: str
    structure: StructureOut
    problems: list[FieldProblemOut]


class TemplateOut(Out):
    """A template. Fill a form or a draft with it; it is checked and signed like anything else."""

    id: UUID
    name: str
    notes: str
    medicines: list[TemplateMedicineOut]


class TemplatesOut(Out):
    """All of one's own, by name."""

    items: list[TemplateOut]
    most: int = templates.MOST
