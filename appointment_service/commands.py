"""The command line of the appointment service: doctors with hours, and kinds of visit, for the demo."""

import sys
from datetime import time
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from apiflask import APIFlask
from sqlalchemy.dialects.postgresql import insert

from appointment_service import retention
from appointment_service.models import Doctor, db
from appointment_service.schedule_tables import VisitType, VisitTypeOverride, WeeklyHours
from appointment_service.settings import AppointmentSettings
from appointment_service.visit_types import STANDARD
from chassis import purge

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
DEMO_VISIT_TYPES: dict[str, dict[str, Any]] = {
    "consultation": {
        "name": "Consultation",
        "description": "One thing that troubles you, or a check that you were asked to come for.",
    },
    "long": {
        "name": "Long appointment",
        "description": "Several things at once, a long-standing condition, or if you need more time.",
        "duration_min": 40,
    },
    "sexual-health": {
        "name": "Sexual health",
        "description": "Contraception, tests and anything about sex. Our letters and calendars do not name it.",
        "sensitive": True,
    },
    "phone-call": {
        "name": "Phone call",
        "description": "The doctor calls you. For results, and for questions that need no examination.",
        "duration_min": 10,
        "step_min": 10,
        "min_notice_min": 60,
    },
    "procedure": {
        "name": "Minor procedure (LA)",
        "public_name": "Minor procedure",
        "description": "Taking off a mole, a small cut or an injection. We book it with you after a visit.",
        "duration_min": 40,
        "buffer_before_min": 10,
        "buffer_after_min": 10,
        "late_cancel_min": 2880,
        "bookable_by": "staff",
    },
}
"""By what their ids come from. The consultation is the one that every clinic has."""
DEMO_OVERRIDES: dict[str, dict[str, dict[str, Any]]] = {
    "dr.silva@example.com": {"long": {"duration_min": 30}, "sexual-health": {"offered": False}}
}


def register(app: APIFlask, settings: AppointmentSettings) -> None:
    """Hang the commands on the application."""
    purge.register(app, db, retention.ended)

    @app.cli.command("demo")
    def demo() -> None:
        """Make the doctors of the demo, their hours and kinds of visit, where they are missing."""
        if settings.environment == "production":
            sys.exit("Demo doctors are never made in production. Set ENVIRONMENT=demo for a demo.")
        make_demo_doctors()
        make_demo_visit_types()


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


def make_demo_visit_types() -> None:
    """The demo's kinds of visit, and what single doctors do otherwise. What is there stays as somebody has left it."""
    made = set()
    for position, (key, given) in enumerate(DEMO_VISIT_TYPES.items()):
        row = {"id": _visit_type(key), "public_name": given["name"], "position": position, **given}
        made.add(db.session.scalar(insert(VisitType).values(row).on_conflict_do_nothing().returning(VisitType.id)))
    for email, said in DEMO_OVERRIDES.items():
        for key, own in said.items():
            if _visit_type(key) in made:
                doctor_id = uuid5(NAMESPACE_URL, f"mailto:{email}")
                db.session.add(VisitTypeOverride(doctor_id=doctor_id, visit_type_id=_visit_type(key), **own))
    db.session.commit()


def _visit_type(key: str) -> UUID:
    return STANDARD if key == "consultation" else uuid5(NAMESPACE_URL, f"urn:visit-type:{key}")
