"""When a reminder is due: a day ahead, not at night, not too late, and not for what has only just been booked."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from appointment_service import reminders

LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
BOOKED = datetime(2027, 1, 4, 12, tzinfo=UTC)


def at(zone: ZoneInfo, text: str, fold: int = 0) -> datetime:
    """The instant at which the clock of a zone shows this."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def test_it_is_due_a_day_before() -> None:
    assert reminders.due(BOOKED + timedelta(days=3), BOOKED) == BOOKED + timedelta(days=2)


@pytest.mark.parametrize("ahead", [timedelta(hours=2), timedelta(hours=23, minutes=59), timedelta(hours=24)])
def test_what_is_booked_less_than_a_day_ahead_has_none(ahead: timedelta) -> None:
    assert reminders.due(BOOKED + ahead, BOOKED) is None


def test_a_minute_more_than_a_day_ahead_has_one() -> None:
    assert reminders.due(BOOKED + timedelta(hours=24, minutes=1), BOOKED) == BOOKED + timedelta(minutes=1)


def test_a_day_before_is_elapsed_time_also_when_the_clocks_change_between() -> None:
    start = at(LONDON, "2027-03-28T10:00")  # the night before it the clocks went forward

    assert reminders.due(start, BOOKED) == at(LONDON, "2027-03-27T09:00")


@pytest.mark.parametrize(
    ("zone", "due", "allowed"),
    [
        (LONDON, "2027-01-06T08:00", "2027-01-06T08:00"),
        (LONDON, "2027-01-06T19:59", "2027-01-06T19:59"),
        (LONDON, "2027-01-06T20:00", "2027-01-07T08:00"),
        (LONDON, "2027-01-06T23:30", "2027-01-07T08:00"),
        (LONDON, "2027-01-07T00:00", "2027-01-07T08:00"),
        (LONDON, "2027-01-07T07:59", "2027-01-07T08:00"),
        (LONDON, "2027-03-27T21:00", "2027-03-28T08:00"),  # a night of 23 hours
        (LONDON, "2027-03-28T00:30", "2027-03-28T08:00"),
        (LONDON, "2027-10-30T21:00", "2027-10-31T08:00"),  # a night of 25 hours
        (LONDON, "2027-10-31T01:30", "2027-10-31T08:00"),  # which of the two half past ones does not matter
        (NEW_YORK, "2027-03-13T22:00", "2027-03-14T08:00"),
        (NEW_YORK, "2027-11-07T01:30", "2027-11-07T08:00"),
        (ZoneInfo("Pacific/Apia"), "2027-06-01T20:30", "2027-06-02T08:00"),
        (ZoneInfo("Pacific/Pago_Pago"), "2027-06-01T20:30", "2027-06-02T08:00"),
        (ZoneInfo("Asia/Kolkata"), "2027-06-01T07:59", "2027-06-01T08:00"),
    ],
)
def test_quiet_hours_put_it_off_until_eight_by_the_clinics_clock(zone: ZoneInfo, due: str, allowed: str) -> None:
    found = reminders.allowed(at(zone, due), at(zone, due) + timedelta(hours=24), zone)

    assert found == at(zone, allowed)


def test_both_half_past_ones_of_an_autumn_night_are_quiet() -> None:
    for fold in (0, 1):
        due = at(LONDON, "2027-10-31T01:30", fold)
        assert reminders.allowed(due, due + timedelta(hours=24), LONDON) == at(LONDON, "2027-10-31T08:00")


def test_it_is_never_put_off_later_than_two_hours_before_the_visit() -> None:
    due, start = at(LONDON, "2027-01-07T05:00"), at(LONDON, "2027-01-07T09:00")

    assert reminders.allowed(due, start, LONDON) == at(LONDON, "2027-01-07T07:00")


def test_what_is_late_already_is_not_put_back() -> None:
    late, start = at(LONDON, "2027-01-07T07:30"), at(LONDON, "2027-01-07T09:00")

    assert reminders.allowed(late, start, LONDON) == late


@pytest.mark.parametrize("hour", range(24))
def test_a_day_ahead_no_hour_of_the_day_ends_at_night_or_too_late(hour: int) -> None:
    for day in ("2027-03-28", "2027-03-29", "2027-10-31", "2027-11-01", "2027-06-15"):
        start = at(LONDON, f"{day}T{hour:02}:15")
        due = reminders.due(start, BOOKED)
        assert due is not None
        sent = reminders.allowed(due, start, LONDON)
        assert reminders.QUIET_UNTIL <= sent.astimezone(LONDON).time() < reminders.QUIET_FROM
        assert due <= sent <= start - timedelta(hours=10)
