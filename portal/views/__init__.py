"""The pages by area, one module each."""

from flask import Flask

from portal.views import (
    account,
    accounts,
    appointments,
    booking,
    directory,
    doctor,
    home,
    idle,
    prescribing,
    prescriptions,
)


def register(app: Flask) -> None:
    """Put every area on the map."""
    for area in (home, idle, accounts, account, directory, booking, appointments, doctor, prescribing, prescriptions):
        app.register_blueprint(area.pages)
