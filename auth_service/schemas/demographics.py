"""What our own programs are told of a patient, to put it on paper."""

from datetime import date
from typing import Literal, Self
from uuid import UUID

from auth_service.models import Person
from chassis.schemas import Out


class DemographicsOut(Out):
    """Names apart, as papers put the surname first; `address` has line breaks and is empty where nobody gave one."""

    id: UUID
    patient_id: UUID
    family_name: str
    given_names: str
    birth_date: date | None
    sex: Literal["female", "male", "other", "unknown"] | None
    address: str

    @classmethod
    def of_person(cls, person: Person) -> Self:
        """What is known of one person."""
        told = {name: getattr(person, name) for name in ("id", "birth_date", "sex", "address")}
        return cls(patient_id=person.id, family_name=person.last_name, given_names=person.first_name, **told)
