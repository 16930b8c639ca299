"""Public holidays over HTTP: what there is, and closing the clinic on them."""

from apiflask import APIBlueprint

from appointment_service import impact, public_holidays, time_off
from appointment_service.models import audit
from appointment_service.schemas.exceptions import ImpactOut
from appointment_service.schemas.holidays import (
    BringInIn,
    BroughtInOut,
    CountriesOut,
    HolidaysIn,
    HolidaysOut,
    SomeHolidaysIn,
)
from appointment_service.views import zone
from chassis.docs import refuses
from chassis.identity import allow, principal

bp = APIBlueprint("holidays", __name__, tag="Public holidays")


@bp.get("/clinic/holidays/countries")
@allow("admin")
@bp.output(CountriesOut)
def countries() -> CountriesOut:
    """List the countries whose public holidays are known, with their parts."""
    return CountriesOut.of_countries(public_holidays.countries())


@bp.get("/clinic/holidays")
@allow("admin")
@bp.input(HolidaysIn, location="query", arg_name="wanted")
@bp.output(HolidaysOut)
def listed(wanted: HolidaysIn) -> HolidaysOut:
    """List the public holidays of a year that are not over, and which of them are brought in already."""
    return HolidaysOut.of_holidays(public_holidays.of(wanted.choice, zone()))


@bp.post("/clinic/holidays/preview")
@allow("admin")
@bp.input(SomeHolidaysIn, arg_name="wish")
@bp.output(ImpactOut)
@audit.of("appointment.list")
def preview(wish: SomeHolidaysIn) -> ImpactOut:
    """List who is booked on holidays that would be brought in. Nothing is changed."""
    return ImpactOut.of_people(public_holidays.affected(wish.choice, wish.dates, zone()), zone())


@bp.post("/clinic/holidays")
@allow("admin")
@refuses(time_off.EnoughExceptions, impact.HasBookings)
@bp.input(BringInIn, arg_name="wish")
@bp.output(BroughtInOut, status_code=201)
@audit.of("appointment.displace")
def bring_in(wish: BringInIn) -> BroughtInOut:
    """Close the clinic on public holidays. Those that are there stay as they are: doing it twice adds nothing.

    While people are booked then, say with `on_conflict` what is to become of them.
    """
    rows, people = public_holidays.bring_in(principal(), wish.choice, wish.dates, wish.on_conflict, zone())
    return BroughtInOut.of_rows(rows, people, zone())
