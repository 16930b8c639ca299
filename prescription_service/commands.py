"""The command line of the prescription service: the medicine list and the seals."""

import sys
from pathlib import Path

import click
from apiflask import APIFlask

from chassis import purge
from prescription_service import facts, medicine_list, retention, signing
from prescription_service.models import db


def register(app: APIFlask) -> None:
    """Hang the commands on the application."""
    purge.register(app, db, retention.ended)

    @app.cli.command("import-medicines")
    @click.option(
        "--from",
        "folder",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help=f"A folder with {', '.join(facts.FILES)}; what this package ships, unless given.",
    )
    def import_medicines(folder: Path | None) -> None:
        """Put the medicine list and its rules in force. Doing it again changes nothing."""
        try:
            texts = _texts_in(folder) if folder else medicine_list.shipped()
            read, changed = medicine_list.import_files(texts)
        except (facts.FactsRefused, OSError, UnicodeDecodeError) as error:
            sys.exit(f"Nothing was imported.\n{error}")
        counts = f"{len(read.medicines)} medicines, {len(read.interactions)} interactions"
        click.echo(f"{counts}: version {read.version} is {'now' if changed else 'already'} in force.")
        click.echo("A doctor and a pharmacist of the clinic approve this list before it is relied on.")

    @app.cli.command("check-seals")
    def check_seals() -> None:
        """Work out the seal of every prescription again, and name those that are not as they were signed."""
        broken = signing.broken_seals(app.extensions["seal"])
        if broken:
            sys.exit("Not as signed: " + ", ".join(broken))
        click.echo("Every prescription is as it was signed.")


def _texts_in(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text(encoding="utf-8") for name in facts.FILES}
