"""The pages by area, one module each."""

from flask import Flask

from portal.views import (
    account,
    accounts,
    appointments,
    booking,
    clinic,
    closing_days,
    credentials,
    directory,
    doctor,
    doctor_schedules,
    drafts,
    figures,
    health,
    holidays,
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
    visit_types,
)


def register(app: Flask) -> None:
    """Put every area on the map."""
    own = (account, credentials, second_factor, sign_ins, privacy)
    care = (directory, booking, appointments, doctor, known, health)
    prescribed = (medicines, prescribing, drafts, prescriptions, papers, life, templates, repeats)
    admin = (people, licences, record, clinic)
    schedule = (doctor_schedules, visit_types, closing_days, holidays, figures)
    for area in (home, idle, verification, accounts, second_step, links, *own, *care, *prescribed, *admin, *schedule):
        app.register_blueprint(area.pages)
