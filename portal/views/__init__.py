"""The pages by area, one module each."""

from flask import Flask

from portal.views import (
    account,
    accounts,
    appointments,
    booking,
    clinic,
    credentials,
    directory,
    doctor,
    drafts,
    health,
    home,
    idle,
    known,
    licences,
    links,
    medicines,
    people,
    prescribing,
    prescriptions,
    privacy,
    record,
    second_factor,
    second_step,
    sign_ins,
    verification,
)


def register(app: Flask) -> None:
    """Put every area on the map."""
    own = (account, credentials, second_factor, sign_ins, privacy)
    care = (directory, booking, appointments, doctor, known, medicines, prescribing, drafts, prescriptions, health)
    admin = (people, licences, record, clinic)
    for area in (home, idle, verification, accounts, second_step, links, *own, *care, *admin):
        app.register_blueprint(area.pages)
