"""The way around: which links the header shows to whom."""

from dataclasses import dataclass

from flask import url_for

from portal.people import Person


@dataclass(frozen=True)
class Item:
    """One link of the header. `section` is what a page calls itself to be marked as current."""

    section: str
    label: str
    icon: str
    url: str


_PATIENT = [
    ("home", "Home", "home", "home.index"),
    ("appointments", "Appointments", "calendar", "appointments.index"),
    ("prescriptions", "Prescriptions", "prescription", "prescriptions.index"),
    ("account", "My account", "person", "account.index"),
]
_DOCTOR = [
    ("today", "Today", "calendar", "doctor.today"),
    ("week", "Week", "week", "week.show"),
    ("patients", "Patients", "people", "patients.index"),
    ("prescriptions", "Prescriptions", "prescription", "prescriptions.index"),
    ("hours", "Hours", "clock", "hours.week"),
    ("account", "My account", "person", "account.index"),
]
_WAITING = [("home", "Home", "home", "home.index"), ("account", "My account", "person", "account.index")]
_ADMIN = [
    ("home", "Home", "home", "home.index"),
    ("people", "People", "people", "people.index"),
    ("schedule", "Schedule", "calendar", "clinic_day.index"),
    ("figures", "Figures", "chart", "figures.index"),
    ("clinic", "Clinic", "place", "clinic.settings"),
    ("record", "Record", "eye", "record.index"),
    ("account", "My account", "lock", "account.index"),
]


def items(person: Person | None) -> list[Item]:
    """The links for this person; none for a visitor."""
    if person is None:
        return []
    by_role = {"patient": _PATIENT, "doctor": _DOCTOR if person.verified else _WAITING, "admin": _ADMIN}
    return [Item(section, label, icon, url_for(endpoint)) for section, label, icon, endpoint in by_role[person.role]]
