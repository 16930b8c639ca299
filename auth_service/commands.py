"""The command line of the auth service: the first admin, a doctor's licence, and people for the demo."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from uuid import NAMESPACE_URL, uuid5

import click
from apiflask import APIFlask
from pydantic import ValidationError

from auth_service import accounts, licences, passwords, retention, signing_keys
from auth_service.licences import Licence
from auth_service.models import Person, audit, db
from auth_service.schemas import RegisterIn
from auth_service.schemas.people import LicenceIn
from auth_service.settings import AuthSettings
from chassis import clock, purge
from chassis.database import held
from chassis.errors import Refusal

KEYS_ROTATED = "It signs in a minute. The key before it is published until its last token is dead."
KEYS_REPLACED = "It signs now. Services refuse every older access token within ten seconds; refresh tokens hold."
DEMO_PASSWORD = "TestPass123"  # noqa: S105 - printed on the demo's start page; refused in production
DEMO_PEOPLE: list[tuple[str, str, str, str, date | None, tuple[str, str] | None]] = [
    ("maya@example.com", "patient", "Maya", "Lindqvist", date(1988, 3, 14), None),
    ("dr.okafor@example.com", "doctor", "Amara", "Okafor", None, ("verified", "7412093")),
    ("dr.hansen@example.com", "doctor", "Ingrid", "Hansen", None, ("verified", "6120457")),
    ("dr.silva@example.com", "doctor", "Tomás", "Silva", None, ("verified", "5903318")),
    ("dr.novak@example.com", "doctor", "Jana", "Novák", None, ("unverified", "6633104")),
    ("admin@example.com", "admin", "Robin", "Ashworth", None, None),
]


def register(app: APIFlask, settings: AuthSettings) -> None:
    """Hang the commands on the application."""
    purge.register(app, db, retention.ended)

    @app.cli.command("create-admin")
    @click.argument("email")
    @click.argument("first_name")
    @click.argument("last_name")
    @click.password_option()
    def create_admin(email: str, first_name: str, last_name: str, password: str) -> None:
        """Make an admin. The API never does."""
        with _refusals_as_lines():
            given = RegisterIn(
                email=email, password=password, role="patient", first_name=first_name, last_name=last_name
            )
            accounts.register(given.email, given.password, "admin", given.first_name, given.last_name)
        click.echo(f"{given.email} is an admin now.")

    @app.cli.command("verify-doctor")
    @click.argument("email")
    @click.option("--number", required=True, help="The licence number.")
    @click.option("--register", "register_name", required=True, help="The register it stands in.")
    @click.option("--checked-on", help="The day of the check, YYYY-MM-DD; today unless given.")
    def verify_doctor(email: str, number: str, register_name: str, checked_on: str | None) -> None:
        """Record a doctor's licence after checking it; the doctor may then work. Admins do the same in the portal."""
        day = checked_on or clock.now().date().isoformat()
        with _refusals_as_lines():
            given = LicenceIn.model_validate({"number": number, "register": register_name, "checked_on": day})
            person = verify(email, Licence(given.number, given.register_, given.checked_on))
        click.echo(f"{person.name} is verified now.")

    @app.cli.command("rotate-keys")
    @click.option("--now", is_flag=True, help="A key was stolen: drop all keys at once. Access tokens no longer hold.")
    def rotate_keys(now: bool) -> None:
        """Change the key that signs access tokens. Nobody notices."""
        change = signing_keys.replace if now else signing_keys.rotate
        click.echo(f"Published: {change(settings.secret_key)}. {KEYS_REPLACED if now else KEYS_ROTATED}")

    @app.cli.command("demo")
    def demo() -> None:
        """Make the people of the demo, where they are missing."""
        if settings.environment == "production":
            sys.exit("Demo people are never made in production. Set ENVIRONMENT=demo for a demo.")
        make_demo_people()


def verify(email: str, licence: Licence) -> Person:
    """Verify the doctor with this address. The record of access names nobody: a command line knows no person."""
    with held(db.session()):
        person = licences.verify(licences.doctor_with(email), licence)
    audit.note("licence.verify", None, record_id=person.id)
    db.session.commit()
    return person


@contextmanager
def _refusals_as_lines() -> Iterator[None]:
    """Say what is refused in plain lines, and exit with 1."""
    try:
        yield
    except ValidationError as error:
        sys.exit("\n".join(f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}" for wrong in error.errors()))
    except Refusal as refusal:
        sys.exit(refusal.detail)


def make_demo_people() -> None:
    """The demo's patient, doctors (one waits to be verified) and admin. Ids come from the addresses, so that other
    services can seed what belongs to the same people."""
    for email, role, first_name, last_name, birth_date, licence in DEMO_PEOPLE:
        if db.session.scalar(db.select(Person.id).where(Person.email == email)):
            continue
        person = Person(id=uuid5(NAMESPACE_URL, f"mailto:{email}"), email=email, role=role, birth_date=birth_date)
        person.first_name, person.last_name = first_name, last_name
        person.password_hash = passwords.hash_password(DEMO_PASSWORD)
        if licence:
            (person.licence_state, person.licence_number), person.licence_register = licence, "GMC"
            person.licence_checked_on = clock.now().date() if person.licence_state == "verified" else None
        db.session.add(person)
    db.session.commit()
