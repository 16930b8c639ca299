"""The form of the clinic's settings, and what it takes to call a time zone by its name."""

from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from wtforms import Field
from wtforms.validators import ValidationError

from portal.clinic import Clinic
from portal.forms import AtMost, Form, Line, Pick, Text, an_email, plain_characters

REGIONS = {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}


@cache
def zones() -> list[tuple[str, str]]:
    """Time zones by the names people know: a region and a city."""
    found = sorted(zone for zone in available_timezones() if zone.split("/")[0] in REGIONS)
    return [(zone, zone.replace("_", " ").replace("/", " / ")) for zone in (*found, "UTC")]


def _a_number(form: Form, field: Field) -> None:
    if field.data and not any(character.isdigit() for character in field.data):
        raise ValidationError("Enter a telephone number.")


def _an_email(form: Form, field: Field) -> None:
    if field.data:
        an_email(form, field)


class ClinicForm(Form):
    """Everything but the logo. A box left empty goes back to the portal's own setting."""

    name = Line("Name", [AtMost(100, "A name"), plain_characters])
    address = Line("Address", [AtMost(200, "An address"), plain_characters])
    phone = Line("Phone", [AtMost(40, "A phone number"), _a_number])
    email = Line("E-mail", [AtMost(254, "An e-mail address"), _an_email])
    time_zone = Pick("Time zone", zones())
    emergency_number = Line("Emergency number", [AtMost(40, "A phone number"), _a_number])
    emergency_text = Text("Words for an emergency", [AtMost(500, "This text"), plain_characters])

    def changes(self, own: Clinic) -> dict[str, str | None]:
        """What the auth service is told. What is as the portal has it anyway is not set at all."""
        before = vars(shown(own))
        typed = {name: self[name].data or None for name in before}
        return {name: None if value == before[name] else value for name, value in typed.items()}


@dataclass(frozen=True)
class Shown:
    """A clinic as the form shows it."""

    name: str
    address: str
    phone: str
    email: str
    time_zone: str
    emergency_number: str
    emergency_text: str


def shown(clinic: Clinic) -> Shown:
    """The boxes for a clinic."""
    texts = {name: getattr(clinic, name) for name in Shown.__annotations__ if name != "time_zone"}
    return Shown(**texts, time_zone=clinic.zone.key)
