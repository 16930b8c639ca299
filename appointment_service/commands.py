"""The command line of the appointment service: doctors with hours for the demo."""

import sys
from datetime import time
from uuid import NAMESPACE_URL, uuid5

from apiflask import APIFlask

from appointment_service.models import Doctor, db
from appointment_service.schedule_tables import WeeklyHours
from appointment_service.settings import AppointmentSettings

MORNING = (time(9), time(12))
AFTERNOON = (time(14), time(17))
Stretch = tuple[time, time]
DEMO_DOCTORS: list[tuple[str, str, str, str, str, dict[int, tuple[Stretch, ...]]]] = [
    (
        "dr.okafor@example.com",
        "Dr Amara Okafor",
        "General practice",
        "Room 4",
        "Looks after people of every age, with time for long-standing conditions.",
        dict.fromkeys(range(1, 6), (MORNING, AFTERNOON)),
    ),
    (
        "dr.hansen@example.com",
        "Dr Ingrid Hansen",
        "Paediatrics",
        "Room 2",
        "Sees babies, children and teenagers, and listens to their parents.",
        {1: (MORNING,), 2: (MORNING, AFTERNOON), 4: (MORNING, AFTERNOON), 6: ((time(9), time(10)),)},
    ),
    (
        "dr.silva@example.com",
        "Dr Tomás Silva",
        "Dermatology",
        "Room 7",
        "Skin, hair and nails: rashes, moles that have changed, and eczema.",
        {1: (AFTERNOON,), 3: (MORNING, AFTERNOON), 5: (MORNING,)},
    ),
]


def register(app: APIFlask, settings: AppointmentSettings) -> None:
    """Hang the commands on the application."""

    @app.cli.command("demo")
    def demo() -> None:
        """Make the doctors of the demo and their hours, where they are missing."""
        if settings.environment == "production":
            sys.exit("Demo doctors are never made in production. Set ENVIRONMENT=demo for a demo.")
        make_demo_doctors()


def make_demo_doctors() -> None:
    """The demo's doctors. Their ids come from their addresses, as in the auth service's demo."""
    for email, name, specialty, room, about, week in DEMO_DOCTORS:
        doctor_id = uuid5(NAMESPACE_URL, f"mailto:{email}")
        if db.session.get(Doctor, doctor_id):
            continue
        db.session.add(Doctor(id=doctor_id, name=name, specialty=specialty, room=room, about=about))
        db.session.flush()
        for weekday, stretches in week.items():
            for starts, ends in stretches:
                db.session.add(WeeklyHours(doctor_id=doctor_id, weekday=weekday, starts=starts, ends=ends))
    db.session.commit()
