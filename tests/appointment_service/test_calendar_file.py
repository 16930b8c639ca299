from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event

from appointment_service import calendar_file
from appointment_service.calendar_file import Entry, Parties
from chassis import clock

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2027, 3, 1, 8, 30, tzinfo=UTC)
START = datetime(2027, 3, 30, 10, tzinfo=LONDON)
ENTRY = Entry(
    appointment_id=UUID("0b0e5a34-6c3c-4a43-9b0e-1f6a3f7d2c11"),
    reference="ABCD-2345",
    starts_at=START,
    ends_at=START + timedelta(minutes=20),
    summary="Appointment – Larkfield Clinic",
    place="Room 4, Larkfield Clinic, 12 Lark Lane; second floor",
    site="https://portal.larkfield.example:8443/",
    sequence=2,
)
PARTIES = Parties("noreply@larkfield.example", "maya@example.com")


def read(file: bytes) -> tuple[Calendar, list[Event]]:
    """The file as another program's parser reads it, which has to be all of it."""
    calendar = Calendar.from_ical(file)
    assert isinstance(calendar, Calendar)
    assert [event.errors for event in calendar.walk()] == [[]] * len(calendar.walk())
    return calendar, list(calendar.events)


def test_a_booked_appointment_is_asked_into_the_patients_calendar() -> None:
    with clock.set_to(NOW):
        calendar, (event,) = read(calendar_file.request(ENTRY, PARTIES))

    assert (calendar["VERSION"], calendar["METHOD"]) == ("2.0", "REQUEST")
    assert event["UID"] == "0b0e5a34-6c3c-4a43-9b0e-1f6a3f7d2c11@portal.larkfield.example"
    assert (event["SEQUENCE"], event["STATUS"], event.stamp) == (2, "CONFIRMED", NOW)
    assert (event["ORGANIZER"], event["ATTENDEE"]) == ("mailto:noreply@larkfield.example", "mailto:maya@example.com")
    assert event["SUMMARY"] == "Appointment – Larkfield Clinic"
    assert event["LOCATION"] == ENTRY.place


def test_times_are_written_in_utc_whatever_the_clinics_clock_shows() -> None:
    file = calendar_file.request(ENTRY, PARTIES)

    assert b"DTSTART:20270330T090000Z\r\n" in file
    assert b"DTEND:20270330T092000Z\r\n" in file
    assert read(file)[1][0].start == START


def test_a_cancelled_appointment_is_taken_out_by_the_same_uid_and_a_higher_sequence() -> None:
    booked = read(calendar_file.request(ENTRY, PARTIES))[1][0]
    gone = replace(ENTRY, sequence=3, cancelled=True)

    calendar, (event,) = read(calendar_file.cancel(gone, PARTIES))

    assert (calendar["METHOD"], event["STATUS"]) == ("CANCEL", "CANCELLED")
    assert event["UID"] == booked["UID"]
    assert event["SEQUENCE"] > booked["SEQUENCE"]


def test_a_file_to_download_names_nobody() -> None:
    calendar, (event,) = read(calendar_file.publish([ENTRY]))

    assert calendar["METHOD"] == "PUBLISH"
    assert "ORGANIZER" not in event
    assert "ATTENDEE" not in event


def test_a_feed_holds_all_entries_and_marks_the_cancelled_ones() -> None:
    second = replace(ENTRY, appointment_id=UUID(int=7), cancelled=True)

    calendar, events = read(calendar_file.publish([ENTRY, second], name="Larkfield Clinic"))

    assert calendar.calendar_name == "Larkfield Clinic"
    assert [event["STATUS"] for event in events] == ["CONFIRMED", "CANCELLED"]
    assert len({event["UID"] for event in events}) == 2


def test_an_empty_feed_can_be_read() -> None:
    assert read(calendar_file.publish([], name="Larkfield Clinic"))[1] == []


@pytest.mark.parametrize("file", [calendar_file.request(ENTRY, PARTIES), calendar_file.publish([ENTRY])])
def test_the_description_holds_reference_and_link_only(file: bytes) -> None:
    (event,) = read(file)[1]

    page = "https://portal.larkfield.example:8443/appointments/0b0e5a34-6c3c-4a43-9b0e-1f6a3f7d2c11"
    assert event["DESCRIPTION"] == f"Reference ABCD-2345\n{page}"
    assert event["URL"] == page


def test_a_name_with_line_breaks_and_commas_stays_inside_its_line() -> None:
    odd = replace(ENTRY, summary="Appointment – A, B; C\\D\r\nATTENDEE:mailto:everybody@example.com")

    (event,) = read(calendar_file.publish([odd]))[1]

    assert "ATTENDEE" not in event
    assert str(event["SUMMARY"]).startswith("Appointment – A, B; C\\D")


def test_no_line_is_longer_than_75_octets() -> None:
    long = replace(ENTRY, summary="Appointment – " + "Ärztehaus " * 30)

    file = calendar_file.publish([long])

    assert max(len(line) for line in file.split(b"\r\n")) <= 75
    assert read(file)[1][0]["SUMMARY"] == long.summary
