"""The private calendar address, asked for where people reach the clinic, by a program without cookies."""

from flask import Flask

from tests import make
from tests.api import Api
from tests.appointment_service.test_calendar_file import read
from tests.portal.visitor import Visitor


def path_of(appointment: Flask, who: make.Person) -> str:
    address: str = Api(appointment, who.token).post("/calendar-feed", expect=201)["address"]
    assert address.startswith("http://127.0.0.1:8000/calendar/")
    return address.removeprefix("http://127.0.0.1:8000")


def test_a_calendar_program_reads_at_the_address_it_was_given(
    portal: Flask, appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    path = path_of(appointment, patient)

    answer = portal.test_client().get(path, headers={"Accept": "*/*"})
    again = portal.test_client().get(path, headers={"If-None-Match": answer.headers["ETag"]})

    assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
    assert [event["UID"].split("@")[0] for event in read(answer.get_data())[1]] == [booked["id"]]
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Set-Cookie" not in answer.headers
    assert (again.status_code, again.get_data()) == (304, b"")


def test_a_refusal_is_plain_words_and_says_when_to_come_again(
    portal: Flask, appointment: Flask, patient: make.Person
) -> None:
    path = path_of(appointment, patient)
    statuses = [portal.test_client().get(path).status_code for _ in range(31)]
    refused = portal.test_client().get(path)
    unknown = [portal.test_client().get(f"/calendar/{token}.ics") for token in ("a", "%2e%2e", "a%3fb", "%ff", "a%23")]

    assert statuses == [200] * 30 + [429]
    assert 3590 < int(refused.headers["Retry-After"]) <= 3600
    assert {answer.status_code for answer in unknown} == {404}
    assert {answer.content_type for answer in (*unknown, refused)} == {"text/plain; charset=utf-8"}
    assert {answer.headers["Cache-Control"] for answer in (*unknown, refused)} == {"no-store"}


def test_an_appointment_is_saved_as_a_file_by_whom_it_is_about(
    portal: Flask, appointment: Flask, maya: Visitor, patient: make.Person, doctor: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor)

    answer = maya.client.get(f"/appointments/{booked['id']}.ics")

    assert answer.content_type == "text/calendar; charset=utf-8"
    assert [event["UID"].split("@")[0] for event in read(answer.get_data())[1]] == [booked["id"]]
    assert portal.test_client().get(f"/appointments/{booked['id']}.ics").status_code == 302
