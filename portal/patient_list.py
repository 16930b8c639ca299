"""A patient as their doctor finds them: who they are, and their visits at this doctor's."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from chassis import clock
from chassis.errors import NotFound
from portal.api import services
from portal.api.appointments import Appointment

MOST_SHOWN = 100


@dataclass(frozen=True)
class ListedPatient:
    """Somebody with visits at this doctor's, the newest first; `more` whether there are older ones."""

    id: str
    name: str
    birth_date: date | None
    visits: list[Appointment]
    more: bool = False

    @property
    def to_come(self) -> list[Appointment]:
        """The visits ahead, the next one first."""
        ahead = [one for one in self.visits if one.end > clock.now() and one.status == "booked"]
        return sorted(ahead, key=lambda one: one.start)

    @property
    def past(self) -> list[Appointment]:
        """All others, the latest first."""
        ahead = {one.id for one in self.to_come}
        return [one for one in self.visits if one.id not in ahead]

    @property
    def no_shows(self) -> int:
        """How often they did not come."""
        return sum(one.status == "noshow" for one in self.visits)


def of_patient(patient_id: UUID) -> ListedPatient:
    """A patient by their visits at the signed-in doctor's. Raises `NotFound` for anybody who never had one."""
    found = services().appointments.listed(patient_id=str(patient_id), sort="-start", limit=MOST_SHOWN)
    if not found.items:
        raise NotFound
    newest = max(found.items, key=lambda one: one.created_at)
    more = found.next_cursor is not None
    return ListedPatient(str(patient_id), newest.patient_name, newest.patient_birth_date, found.items, more)
