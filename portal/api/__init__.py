"""The neighbours over HTTP: one small class for each service, one method for each call, typed answers."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from portal.api.account import Account
from portal.api.appointments import Appointments
from portal.api.auth import Auth
from portal.api.base import Neighbour
from portal.api.booking import Booking
from portal.api.clinic import ClinicApi
from portal.api.clinic_schedule import ClinicSchedule
from portal.api.drafts import Drafts
from portal.api.feed import FeedApi
from portal.api.life import Life
from portal.api.medicines import Medicines
from portal.api.messages import Messages
from portal.api.overview import Overview
from portal.api.patients import Patients
from portal.api.people import People
from portal.api.prescriptions import Prescriptions
from portal.api.repeats import Repeats
from portal.api.schedules import Schedules
from portal.api.signing import Signing
from portal.api.templates import Templates
from portal.api.visits import Visits
from portal.api.waiting_list import WaitingList
from portal.settings import PortalSettings


@dataclass(frozen=True)
class Services:
    """The three services as this portal calls them."""

    auth: Auth
    account: Account
    people: People
    clinic: ClinicApi
    appointments: Appointments
    booking: Booking
    feed: FeedApi
    waiting_list: WaitingList
    overview: Overview
    clinic_schedule: ClinicSchedule
    visits: Visits
    schedules: Schedules
    messages: Messages
    prescriptions: Prescriptions
    medicines: Medicines
    patients: Patients
    signing: Signing
    drafts: Drafts
    life: Life
    templates: Templates
    repeats: Repeats

    @classmethod
    def at(cls, settings: PortalSettings) -> "Services":
        """The services at the addresses in the settings."""
        auth = Neighbour("auth", settings.auth_url)
        appointment = Neighbour("appointment", settings.appointment_url)
        prescription = Neighbour("prescription", settings.prescription_url)
        return cls(
            auth=Auth(auth),
            account=Account(auth),
            people=People(auth),
            clinic=ClinicApi(auth),
            appointments=Appointments(appointment),
            booking=Booking(appointment),
            feed=FeedApi(appointment),
            waiting_list=WaitingList(appointment),
            overview=Overview(appointment),
            clinic_schedule=ClinicSchedule(appointment),
            visits=Visits(appointment),
            schedules=Schedules(appointment),
            messages=Messages(appointment),
            prescriptions=Prescriptions(prescription),
            medicines=Medicines(prescription),
            patients=Patients(prescription),
            signing=Signing(prescription),
            drafts=Drafts(prescription),
            life=Life(prescription),
            templates=Templates(prescription),
            repeats=Repeats(prescription),
        )


def services() -> Services:
    """The services of the running portal."""
    return cast(Services, current_app.extensions["services"])
