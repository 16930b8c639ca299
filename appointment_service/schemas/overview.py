"""What a person's first page shows, as it is sent."""

from appointment_service.schemas.appointments import AppointmentOut
from appointment_service.schemas.waiting_list import WaitlistEntryOut
from chassis.schemas import Out


class PatientsOverviewOut(Out):
    """The next six appointments, what is waited for, and by how many minutes the doctor of today's first is late."""

    appointments: list[AppointmentOut]
    waiting: list[WaitlistEntryOut]
    running_late_minutes: int


class DoctorsOverviewOut(Out):
    """By how many minutes one runs late today, and how many to phone (51: more than fifty).

    Without an entry in the directory, or without hours that count today or later, nobody can book.
    """

    running_late_minutes: int
    to_phone: int
    in_directory: bool
    has_hours: bool
