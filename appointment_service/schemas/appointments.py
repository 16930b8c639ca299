"""Appointments: what is wished for, and how they are told."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from appointment_service import life
from appointment_service.booking import Wish
from appointment_service.models import CANCELLED, Appointment, AppointmentEvent
from appointment_service.own_list import ListedPatient
from appointment_service.schemas.times import Day, DoctorOrAny, WishedTime
from chassis.identity import Principal
from chassis.schemas import Id, In, Line, Out, Page, Paging, Prose

MINUTE = timedelta(minutes=1)
Notes = Annotated[Prose, StringConstraints(max_length=2000)]
Status = Literal["pending", "booked", "arrived", "checked-in", "fulfilled", "noshow", "cancelled", "entered-in-error"]


class BookingIn(In):
    """A wish for an appointment, with one doctor or `any`. A time without offset is the clinic's wall time."""

    doctor_id: DoctorOrAny
    appointment_time: WishedTime
    visit_type_id: Id | None = None
    notes: Notes = ""

    @property
    def as_wish(self) -> Wish:
        """As the rules take it."""
        return Wish(self.doctor_id, self.appointment_time, self.notes, self.visit_type_id)


class DoctorsBookingIn(In):
    """A time of one's own for a patient of one's own list. `overbook` is the reason to book beside hours and others."""

    patient_id: Id
    appointment_time: WishedTime
    visit_type_id: Id | None = None
    notes: Notes = ""
    overbook: Annotated[Prose, StringConstraints(min_length=5, max_length=200)] | None = None

    def as_wish(self, doctor_id: UUID) -> Wish:
        """As the rules take it."""
        return Wish(doctor_id, self.appointment_time, self.notes, self.visit_type_id, self.overbook)


class MoveIn(In):
    """Where to move an appointment: another time, and if named another doctor."""

    appointment_time: WishedTime
    doctor_id: Id | None = None


class ReasonIn(In):
    """Why. It may be left out where nothing says that it is needed."""

    reason: Annotated[Prose, StringConstraints(max_length=500)] = ""

    @property
    def as_reason(self) -> life.Reason:
        """As the rules take it."""
        return life.Reason(words=self.reason)


class CancelIn(ReasonIn):
    """Why an appointment is cancelled. Patients need not say; `other` needs words."""

    code: Literal["patient", "clinic", "weather", "died", "left-unseen", "other"] | None = None

    @property
    def as_reason(self) -> life.Reason:
        """As the rules take it."""
        return life.Reason(self.code, self.reason)


class AppointmentsIn(Paging):
    """Which of one's appointments to list. `from` and `to` are clinic dates, both included.

    Times that are only held (`pending`) are listed when asked for. `show` tells apart what lies ahead or is going on,
    what is over, and what was cancelled.
    """

    from_: Day | None = Field(default=None, alias="from")
    to: Day | None = None
    status: Status | None = None
    show: Literal["upcoming", "past", "cancelled"] | None = None
    doctor_id: Id | None = None
    patient_id: Id | None = None
    sort: Literal["start", "-start"] = "start"


class AppointmentOut(Out):
    """An appointment, for the two people it is about, and for admins without what says why somebody comes.

    `appointment_time` is wall time with its offset. `actions` is what whoever asks may do with it now; patients may
    move it until `move_until` and cancel it until `cancel_until`, which counts as late from `late_from` on. `moved`: it
    was at another time before. `displaced`: it stands in time off, kept on purpose.
    """

    id: UUID
    reference: str
    doctor_id: UUID
    doctor_name: str
    doctor_specialty: str
    room: str
    patient_id: UUID
    patient_name: str
    patient_birth_date: date | None
    appointment_time: str
    start: datetime
    end: datetime
    local_date: date
    local_time: str
    time_zone: str
    duration_minutes: int
    visit_type_id: UUID | None
    visit_type_name: str
    status: Status
    notes: str
    overbook: bool
    displaced: bool
    moved: bool
    version: int
    created_at: datetime
    arrived_at: datetime | None
    cancelled_at: datetime | None
    cancellation_code: str | None
    cancellation_note: str
    late: bool
    move_until: datetime
    cancel_until: datetime
    late_from: datetime
    actions: list[str]

    @classmethod
    def of_appointment(cls, found: Appointment, who: Principal, zone: ZoneInfo) -> Self:
        """The appointment as the clinic's clock shows it, with what this person may do with it now."""
        starts, ends = found.starts_at.astimezone(UTC), found.ends_at.astimezone(UTC)
        local = starts.astimezone(zone)
        written = local.isoformat(timespec="seconds")
        told = vars(found) | {
            "reference": f"{found.reference[:4]}-{found.reference[4:]}",
            "appointment_time": written,
            "start": starts,
            "end": ends,
            "local_date": local.date(),
            "local_time": written[11:16],
            "time_zone": zone.key,
            "duration_minutes": (ends - starts) // MINUTE,
            "moved": found.ical_sequence > (1 if found.status == CANCELLED else 0),
            "move_until": starts - found.move_cutoff_min * MINUTE,
            "cancel_until": starts - found.cancel_cutoff_min * MINUTE,
            "late_from": starts - found.late_cancel_min * MINUTE,
            "actions": life.possible(found, who, zone),
        }
        if who.role == "admin":  # the notes are left in the database
            told |= {"notes": "", "cancellation_note": ""}
        return cls(**told)


class AppointmentsPage(Page[AppointmentOut]):
    """Part of one's appointments."""


class EventOut(Out):
    """One step in the life of an appointment. `reason` is empty for whom it is not."""

    at: datetime
    action: str
    actor_role: str
    actor_name: str
    from_status: str | None
    to_status: str
    from_start: datetime | None
    to_start: datetime
    code: str | None
    reason: str

    @classmethod
    def of_event(cls, found: AppointmentEvent, who: Principal) -> Self:
        """The step as this person may read it: what was said of a visit is for its two people."""
        told: dict[str, Any] = {name: getattr(found, name) for name in cls.model_fields if hasattr(found, name)}
        own = who.role != "admin" or found.actor_id == who.id
        words = found.detail.get("reason") or found.detail.get("overbook") or ""
        return cls(**told, code=found.detail.get("code"), reason=words if own else "")


class HistoryOut(Out):
    """What has happened to an appointment, the first thing first."""

    id: UUID
    patient_id: UUID
    events: list[EventOut]


class ListedPatientOut(Out):
    """A patient of one's own list, with their visits at one's own."""

    patient_id: UUID
    patient_name: str
    patient_birth_date: date | None
    visits: int
    no_shows: int
    last_visit: datetime | None
    next_visit: datetime | None


class ListedPatientsOut(Out):
    """The patients found, at most 20."""

    items: list[ListedPatientOut]

    @classmethod
    def of_patients(cls, found: Sequence[ListedPatient]) -> Self:
        """As the rules give them."""
        return cls(items=[ListedPatientOut.of(one) for one in found])


class PatientsIn(In):
    """Whom to find: beginnings of a name's words, a date of birth (YYYY-MM-DD), or a reference. Nothing finds all."""

    q: Annotated[Line, StringConstraints(max_length=100)] = ""


class LateIn(In):
    """By how many minutes one runs late today; 0 takes it back."""

    minutes: Annotated[int, Field(ge=0, le=480, strict=True)]


class LateOut(Out):
    """By how many minutes a doctor runs late today."""

    doctor_id: UUID
    minutes: int


class RunningLateOut(Out):
    """Who runs late today."""

    items: list[LateOut]
