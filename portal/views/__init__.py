"""The pages by area, one module each."""

from flask import Flask

from portal.views import (
    account,
    accounts,
    appointments,
    booking,
    credentials,
    directory,
    doctor,
    home,
    idle,
    links,
    prescribing,
    prescriptions,
    privacy,
    second_factor,
    second_step,
    sign_ins,
)


def register(app: Flask) -> None:
    """Put every area on the map."""
    own = (account, credentials, second_factor, sign_ins, privacy)
    care = (directory, booking, appointments, doctor, prescribing, prescriptions)
    for area in (home, idle, accounts, second_step, links, *own, *care):
        app.register_blueprint(area.pages)
