"""By how much a doctor runs late today, for those who wait."""

from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from appointment_service import doctors
from appointment_service.models import db
from appointment_service.schedule_tables import RunningLate
from chassis import clock
from chassis.identity import Principal


def say(doctor: Principal, minutes: int, zone: ZoneInfo) -> None:
    """Say that one runs late today by so many minutes; 0 takes it back. What was said of other days is forgotten.

    Raises `DoctorNotFound`.
    """
    doctors.find(doctor.id)
    day = clock.now().astimezone(zone).date()
    own = RunningLate.doctor_id == doctor.id
    db.session.execute(delete(RunningLate).where(own, (RunningLate.day != day) | (minutes == 0)))
    if minutes:
        said = insert(RunningLate).values(doctor_id=doctor.id, day=day, minutes=minutes, said_at=clock.now())
        changed = {"minutes": said.excluded.minutes, "said_at": said.excluded.said_at}
        db.session.execute(said.on_conflict_do_update(index_elements=["doctor_id", "day"], set_=changed))
    db.session.commit()


def today(zone: ZoneInfo) -> dict[UUID, int]:
    """The minutes by which doctors run late today."""
    rows: Sequence[RunningLate] = db.session.scalars(
        select(RunningLate).where(RunningLate.day == clock.now().astimezone(zone).date())
    ).all()
    return {row.doctor_id: row.minutes for row in rows}
