"""The command line of the auth service: the first admin, a doctor's licence, and people for the demo."""

import sys
from datetime import date
from uuid import NAMESPACE_URL, uuid5

import click
from apiflask import APIFlask
from pydantic import ValidationError

from auth_service import accounts, passwords
from auth_service.models import Person, db
from auth_service.schemas import RegisterIn
from auth_service.settings import AuthSettings
from chassis.errors import Refusal

DEMO_PASSWORD = "TestPass123"  # noqa: S105 - printed on the demo's start page; refused in production
DEMO_PEOPLE: list[tuple[str, str, str, str, date | None, str | None]] = [
    ("maya@example.com", "patient", "Maya", "Lindqvist", date(1988, 3, 14), None),
    ("dr.okafor@example.com", "doctor", "Amara", "Okafor", None, "7412093"),
    ("dr.hansen@example.com", "doctor", "Ingrid", "Hansen", None, "6120457"),
    ("dr.silva@example.com", "doctor", "Tomás", "Silva", None, "5903318"),
    ("admin@example.com", "admin", "Robin", "Ashworth", None, None),
]


def register(app: APIFlask, settings: AuthSettings) -> None:
    """Hang the commands on the application."""

    @app.cli.command("create-admin")
    @click.argument("email")
    @click.argument("first_name")
    @click.argument("last_name")
    @click.password_option()
    def create_admin(email: str, first_name: str, last_name: str, password: str) -> None:
        """Make an admin. The API never does."""
        try:
            given = RegisterIn(
                email=email, password=password, role="patient", first_name=first_name, last_name=last_name
            )
            accounts.register(given.email, given.password, "admin", given.first_name, given.last_name)
        except ValidationError as error:
            sys.exit("\n".join(f"{problem['loc']}: {problem['msg']}" for problem in error.errors()))
        except Refusal as refusal:
            sys.exit(refusal.detail)
        click.echo(f"{given.email} is an admin now.")

    @app.cli.command("verify-doctor")
    @click.argument("email")
    @click.option("--number", required=True, help="The licence number.")
    @click.option("--register", "register_name", required=True, help="The register it stands in.")
    def verify_doctor(email: str, number: str, register_name: str) -> None:
        """Record a doctor's licence after checking it; the doctor may then work."""
        try:
            person = accounts.verify_doctor(email, number, register_name)
        except Refusal as refusal:
            sys.exit(refusal.detail)
        click.echo(f"{person.name} is verified now and has to sign in again.")

    @app.cli.command("demo")
    def demo() -> None:
        """Make the people of the demo, where they are missing."""
        if settings.environment == "production":
            sys.exit("Demo people are never made in production. Set ENVIRONMENT=demo for a demo.")
        make_demo_people()


def make_demo_people() -> None:
    """The demo's patient, doctors and admin. Ids come from the addresses, so that other services can seed what
    belongs to the same people."""
    for email, role, first_name, last_name, birth_date, number in DEMO_PEOPLE:
        if db.session.scalar(db.select(Person.id).where(Person.email == email)):
            continue
        person = Person(id=uuid5(NAMESPACE_URL, f"mailto:{email}"), email=email, role=role, birth_date=birth_date)
        person.first_name, person.last_name = first_name, last_name
        person.password_hash = passwords.hash_password(DEMO_PASSWORD)
        if number:
            person.licence_state, person.licence_number, person.licence_register = "verified", number, "GMC"
        db.session.add(person)
    db.session.commit()
