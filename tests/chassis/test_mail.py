"""What a letter becomes on its way out."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import cast

import pytest

from chassis.mail import Attachment, Letter, written

SENDER = "Larkfield Clinic <noreply@larkfield.example>"
FILE = Attachment("appointment.ics", "text/calendar", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", (("method", "REQUEST"),))


def read(message: EmailMessage) -> EmailMessage:
    """As it arrives at the other end."""
    return cast(EmailMessage, message_from_bytes(message.as_bytes(), policy=SMTP))


def test_a_file_goes_with_a_letter_byte_for_byte() -> None:
    letter = read(written(SENDER, "maya@example.com", Letter("Booked", "See you.\n", (FILE,))))

    (file,) = letter.iter_attachments()
    assert cast(EmailMessage, letter.get_body()).get_content().replace("\r\n", "\n") == "See you.\n"
    assert (file.get_content_type(), file.get_filename()) == ("text/calendar", "appointment.ics")
    assert file["Content-Type"].params["method"] == "REQUEST"
    assert file.get_payload(decode=True) == FILE.data


def test_a_letter_sent_again_can_be_known_by_its_id() -> None:
    first, second = (written(SENDER, "maya@example.com", Letter("Booked", "."), "b7c1") for _ in range(2))
    others = {written(SENDER, "maya@example.com", Letter("Booked", "."))["Message-ID"] for _ in range(2)}

    assert first["Message-ID"] == second["Message-ID"] == "<b7c1@larkfield.example>"
    assert len(others) == 2


@pytest.mark.parametrize("harmful", ["a\nBcc: everybody@example.com", "a\r\nBcc: everybody@example.com"])
def test_neither_subject_nor_name_of_a_file_becomes_another_header(harmful: str) -> None:
    with pytest.raises(ValueError, match="linefeed or carriage return"):
        written(SENDER, "maya@example.com", Letter(harmful, "."))
    named = Attachment(harmful, "text/calendar", b"")

    try:
        letter = read(written(SENDER, "maya@example.com", Letter("Booked", ".", (named,))))
    except ValueError:
        return
    assert [part["Bcc"] for part in letter.walk()] == [None, None, None]
