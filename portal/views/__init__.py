"""The pages by area, one module each."""

from flask import Flask

from portal.views import (
    account,
    accounts,
    appointments,
    booking,
    calendar_feed,
    changing,
    clinic,
    clinic_day,
    closing_days,
    confirming,
    credentials,
    directory,
    doctor,
    doctor_schedules,
    drafts,
    entry,
    feed,
    figures,
    follow_up,
    health,
    holidays,
    home,
    hours,
    idle,
    known,
    licences,
    life,
    links,
    medicines,
    moving,
    papers,
    patients,
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
    time_off,
    to_phone,
    verification,
    visit_types,
    visits,
    waiting_list,
    week,
)


def register(app: Flask) -> None:
    """Put every area on the map."""
    anybody = (home, idle, verification, calendar_feed)
    own = (account, feed, credentials, second_factor, sign_ins, privacy)
    care = (directory, booking, confirming, appointments, changing, waiting_list, known, health)
    doctors = (doctor, visits, moving, week, patients, follow_up, hours, entry, time_off, to_phone)
    prescribed = (medicines, prescribing, drafts, prescriptions, papers, life, templates, repeats)
    admin = (people, licences, record, clinic)
    schedule = (clinic_day, doctor_schedules, visit_types, closing_days, holidays, figures)
    areas = (*own, *care, *doctors, *prescribed, *admin, *schedule)
    for area in (*anybody, accounts, second_step, links, *areas):
        app.register_blueprint(area.pages)
    for area in (hours, time_off):
        app.register_blueprint(area.of_doctor)
