"""What the first page of a person shows of the appointment service, in one call."""

from portal import session
from portal.api.appointments import Appointment
from portal.api.base import Answer, Api
from portal.api.waiting_list import Entry


class PatientsOverview(Answer):
    """The next appointments, what is waited for, and by how many minutes the doctor of today's first one is late."""

    appointments: list[Appointment]
    waiting: list[Entry]
    running_late_minutes: int


class DoctorsOverview(Answer):
    """What stands beside a doctor's day. `to_phone` counts up to 51, which is more than fifty."""

    running_late_minutes: int
    to_phone: int
    in_directory: bool
    has_hours: bool


class Overview(Api):
    """Calls for first pages: one's own as a patient, or as a doctor."""

    def patients(self) -> PatientsOverview:
        """Of a patient."""
        return self.read(PatientsOverview, "GET", "/patients/me/overview", token=session.token())

    def doctors(self) -> DoctorsOverview:
        """Of a doctor."""
        return self.read(DoctorsOverview, "GET", "/doctors/me/overview", token=session.token())
