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
    life,
    links,
    medicines,
    papers,
    people,
    prescribing,
    prescriptions,
    privacy,
    record,
    repeats,
    second_factor,
    second_step,
    sign_ins,
    templates,
    verification,
)


def register(app: Flask) -> None:
    """Put every area on the map."""
    own = (account, credentials, second_factor, sign_ins, privacy)
    care = (directory, booking, appointments, doctor, known, health)
    prescribed = (medicines, prescribing, drafts, prescriptions, papers, life, templates, repeats)
    admin = (people, licences, record, clinic)
    for area in (home, idle, verification, accounts, second_step, links, *own, *care, *prescribed, *admin):
        app.register_blueprint(area.pages)
