"""A patient books, from the directory to the confirmation."""

from datetime import UTC, date, datetime, time
from xml.etree.ElementTree import Element

import pytest
from flask import Flask

from chassis import clock
from tests import make
from tests.api import Api
from tests.portal.visitor import Page, Visitor


def to_times(somebody: Visitor, doctor: make.Person, day: date) -> Page:
    return somebody.get(f"/book/{doctor.id}?from={day}&day={day}")


def to_check(somebody: Visitor, doctor: make.Person, day: date, notes: str = "Sore throat") -> Page:
    """Everything answered, nothing booked."""
    times = to_times(somebody, doctor, day)
    start = next(box.get("value", "") for box in times.all("input[@name='start']"))
    reason = somebody.press(times, "Continue", start=start)
    return somebody.press(reason, "Continue", notes=notes)


def test_a_patient_books_and_reads_what_when_and_where(maya: Visitor, doctor: make.Person, next_week: date) -> None:
    check = to_check(maya, doctor, next_week, notes="Sore throat\r\nsince Sunday")
    assert check.heading == "Check your answers"
    assert "Sore throat since Sunday" in check.text

    booked = maya.press(check, "Book this appointment")

    assert booked.heading == "Your appointment is booked"
    for words in ("Dr Amara Okafor", "09:00", "Room 4, Larkfield Clinic", "London time", "Reference"):
        assert words in booked.text
    assert "Sore throat" not in booked.title + booked.path


def test_the_directory_leads_a_visitor_through_sign_in_to_the_times(
    visitor: Visitor, doctor: make.Person, patient: make.Person
) -> None:
    sign_in = visitor.get(visitor.get("/doctors").link("Dr Amara Okafor"))
    assert sign_in.heading == "Sign in"

    times = visitor.press(sign_in, "Sign in", email=patient.email, password=make.PASSWORD)

    assert times.heading == "Choose a day and time"


def test_seven_days_are_shown_with_the_number_of_free_times(
    maya: Visitor, doctor: make.Person, next_week: date
) -> None:
    times = to_times(maya, doctor, next_week)

    assert times.text.count("18 free") == 7
    assert [h.text for h in times.all("h3")] == ["Morning", "Afternoon"]
    assert "Earlier" in times.text
    assert "Later" in times.text


def test_earlier_never_leads_before_today_and_later_never_beyond_the_calendar(
    maya: Visitor, doctor: make.Person
) -> None:
    assert "Earlier" not in maya.get(f"/book/{doctor.id}").text
    assert "Earlier" not in maya.get(f"/book/{doctor.id}?from=1999-01-01").text
    assert "Later" not in maya.get(f"/book/{doctor.id}?from=9999-01-01").text
    assert maya.get(f"/book/{doctor.id}?from=tomorrow").heading == "Choose a day and time"


def test_a_week_without_times_names_the_next_free_one(maya: Visitor, auth: Flask, appointment: Flask) -> None:
    day = make.clinic_day(20)
    hours = [{"weekday": day.isoweekday(), "starts": "09:00", "ends": "09:20"}]
    doctor = make.doctor(auth, appointment, hours)
    for ahead in range(1, 20):
        free = make.clinic_day(ahead)
        if free.isoweekday() == day.isoweekday():
            make.appointment(appointment, make.person(auth), doctor, at=time(9), days=ahead)

    empty = maya.get(f"/book/{doctor.id}?from={make.clinic_day(8)}")
    assert "No free times on these days" in empty.text
    assert "09:00" in empty.text

    found = maya.get(empty.link("Show that day"))
    assert "1 free" in found.text


def test_no_time_chosen_is_an_error_that_keeps_the_day(maya: Visitor, doctor: make.Person, next_week: date) -> None:
    times = to_times(maya, doctor, next_week)

    again = maya.press(times, "Continue", status=422)

    assert again.title.startswith("Error: ")
    assert "Choose a time." in again.text
    assert [h.text for h in again.all("legend")] == [h.text for h in times.all("legend")]


def test_a_reason_that_is_too_long_is_kept_and_explained(maya: Visitor, doctor: make.Person, next_week: date) -> None:
    long = to_check_with_status(maya, doctor, next_week, "x" * 2001, 422)

    assert "The reason can have 2,000 characters. This has 2,001." in long.text
    assert long.all("textarea")[0].text == "x" * 2001


def to_check_with_status(somebody: Visitor, doctor: make.Person, day: date, notes: str, status: int) -> Page:
    times = to_times(somebody, doctor, day)
    start = next(box.get("value", "") for box in times.all("input[@name='start']"))
    reason = somebody.press(times, "Continue", start=start)
    return somebody.press(reason, "Continue", status, notes=notes)


def test_changing_the_time_keeps_the_reason_and_puts_it_in_no_address(
    maya: Visitor, doctor: make.Person, next_week: date
) -> None:
    times = maya.get(to_check(maya, doctor, next_week).link("Change the time"))
    other_week = maya.get(times.link("Later"))
    other = next(box.get("value", "") for box in other_week.all("input[@name='start']"))
    check = maya.press(other_week, "Continue", start=other)

    assert check.heading == "Check your answers"
    assert "Sore throat" in check.text
    reason = maya.get(check.link("Change what we should know"))
    assert reason.all("textarea")[0].text == "Sore throat"
    for page in (times, other_week, check, reason):
        assert "Sore" not in page.path

    booked = maya.press(maya.press(reason, "Continue"), "Book this appointment")
    assert booked.heading == "Your appointment is booked"


def test_going_back_and_sending_again_shows_the_same_booking(
    maya: Visitor, doctor: make.Person, next_week: date
) -> None:
    check = to_check(maya, doctor, next_week)

    first = maya.press(check, "Book this appointment")
    second = maya.press(check, "Book this appointment")

    assert second.path == first.path
    assert maya.get("/appointments").text.count("Dr Amara Okafor") == 1


def test_a_time_that_was_just_taken_gives_others_and_keeps_the_answers(
    maya: Visitor, doctor: make.Person, next_week: date, auth: Flask, appointment: Flask
) -> None:
    check = to_check(maya, doctor, next_week)
    make.appointment(appointment, make.person(auth), doctor, at=time(9))

    taken = maya.press(check, "Book this appointment", status=409)
    assert taken.heading == "That time has just been taken"
    others = [box.get("value", "") for box in taken.all("input[@name='start']")]
    assert others

    again = maya.press(taken, "Continue", start=others[0])
    assert "Sore throat" in again.text
    assert maya.press(again, "Book this appointment").heading == "Your appointment is booked"


def test_a_second_booking_at_the_same_hour_leads_to_the_first(
    maya: Visitor, doctor: make.Person, next_week: date, auth: Flask, appointment: Flask
) -> None:
    other = make.doctor(auth, appointment, first_name="Ingrid", last_name="Hansen")
    booked = maya.press(to_check(maya, doctor, next_week), "Book this appointment")

    refused = maya.press(to_check(maya, other, next_week), "Book this appointment", status=409)

    assert refused.heading == "Check your answers"
    assert "Sore throat" in refused.text
    assert refused.link("your other appointment") + "/booked" == booked.path


def test_too_many_bookings_lead_to_the_list(
    maya: Visitor, patient: make.Person, doctor: make.Person, next_week: date, appointment: Flask
) -> None:
    for ahead in range(8, 13):
        make.appointment(appointment, patient, doctor, days=ahead)

    refused = maya.press(to_check(maya, doctor, next_week), "Book this appointment", status=409)

    assert refused.link("your appointments") == "/appointments"


@pytest.mark.parametrize("start", ["", "now", "2027-02-30T10:00:00Z", "2027-03-10T10:00:00", "{{config}}"])
def test_a_time_that_is_no_time_of_ours_leads_back_to_the_times(maya: Visitor, doctor: make.Person, start: str) -> None:
    assert maya.get(f"/book/{doctor.id}/reason", 422, query_string={"start": start}).heading == "Choose a day and time"


def test_a_time_nobody_offers_leads_back_to_the_times_with_the_reason_why(
    maya: Visitor, doctor: make.Person, next_week: date
) -> None:
    check = to_check(maya, doctor, next_week)

    refused = maya.press(check, "Book this appointment", status=422, start=f"{next_week}T10:07:00Z")

    assert refused.heading == "Choose a day and time"
    assert refused.title.startswith("Error: ")


def test_an_unknown_doctor_is_a_page_not_found(maya: Visitor) -> None:
    assert maya.get("/book/3f0b1c7e-0000-4000-8000-000000000000", 404).heading == "Page not found"
    assert maya.get("/book/../admin", 404).heading == "Page not found"


def test_fields_that_nobody_asked_for_go_nowhere(
    maya: Visitor, doctor: make.Person, next_week: date, auth: Flask, appointment: Flask
) -> None:
    stranger = make.person(auth)
    check = to_check(maya, doctor, next_week)

    booked = maya.press(check, "Book this appointment", patient_id=stranger.id, status=200)

    assert booked.heading == "Your appointment is booked"
    assert maya.get("/appointments").text.count("Dr Amara Okafor") == 1


def test_what_somebody_types_is_shown_and_never_run(maya: Visitor, doctor: make.Person, next_week: date) -> None:
    words = "{{config}} {% raw %} <script>alert(1)</script>"

    check = to_check(maya, doctor, next_week, notes=words)

    assert words in check.text
    assert "<script>alert" not in check.source


def test_the_page_that_checks_the_answers_can_be_opened_again(
    maya: Visitor, doctor: make.Person, next_week: date
) -> None:
    check = to_check(maya, doctor, next_week)

    assert maya.get(check.path).text == check.text
    assert "Sore" not in check.path


def test_answers_are_gone_after_signing_out(
    maya: Visitor, patient: make.Person, doctor: make.Person, next_week: date
) -> None:
    check = to_check(maya, doctor, next_week)
    maya.press(check, "Sign out")
    maya.sign_in(patient.email)

    assert maya.get(check.path).heading == "Choose a day and time"


def test_a_reason_too_large_to_keep_is_carried_all_the_same(
    maya: Visitor, doctor: make.Person, next_week: date
) -> None:
    words = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(2000))
    check = to_check(maya, doctor, next_week, notes=words)

    assert words in check.text
    later = maya.press(maya.press(check, "Change the time"), "Later")
    start = next(box.get("value", "") for box in later.all("input[@name='start']"))
    reason = maya.press(later, "Continue", start=start)
    assert reason.all("textarea")[0].text == words
    again = maya.press(reason, "Continue")
    assert words in again.text
    assert maya.press(again, "Book this appointment").heading == "Your appointment is booked"


def to_book(somebody: Visitor, kind: str, whom: str) -> Page:
    """The first two questions answered: the times."""
    what = somebody.get("/book")
    (chosen,) = [box.get("value", "") for box in what.all("input[@name='visit_type']") if kind in label(what, box)]
    with_whom = somebody.press(what, "Continue", visit_type=chosen)
    (doctor,) = [
        box.get("value", "") for box in with_whom.all("input[@name='doctor']") if whom in label(with_whom, box)
    ]
    return somebody.press(with_whom, "Continue", doctor=doctor)


def label(page: Page, box: Element) -> str:
    return " ".join("".join(one.itertext()) for one in page.all("label") if one.get("for") == box.get("id"))


@pytest.fixture
def kinds(auth: Flask, appointment: Flask) -> list[str]:
    """Two kinds of visit: their ids."""
    admin = make.admin(auth)
    short = make.visit_type(appointment, admin, public_name="See a doctor", description="Something new.")
    long = make.visit_type(appointment, admin, public_name="Review", duration_min=40, step_min=40, position=1)
    return [short["id"], long["id"]]


@pytest.fixture
def ingrid(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment, first_name="Ingrid", last_name="Hansen")


def test_one_question_a_page_leads_to_any_doctor_and_the_confirmation_says_which(
    maya: Visitor, doctor: make.Person, ingrid: make.Person, kinds: list[str], next_week: date
) -> None:
    what = maya.get("/book")
    assert what.heading == "What do you need?"
    assert "20 minutes. Something new." in what.text
    assert "Is it an emergency?" in what.text

    whom = maya.press(what, "Continue", visit_type=kinds[1])
    assert whom.heading == "Who would you like to see?"
    assert whom.all("input[@checked]")[0].get("value") == "any"
    assert "Review" in whom.text

    times = maya.press(whom, "Continue")
    assert "Any doctor" in times.text
    day = maya.get(times.link("Later"))
    start = day.all("input[@name='start']")[0].get("value", "")
    check = maya.press(maya.press(day, "Continue", start=start), "Continue", notes="Sore throat")
    for words in ("Review", "40 minutes", "Any doctor", "Sore throat"):
        assert words in check.text
    for page in (whom, times, day, check):
        assert kinds[1] not in page.path

    booked = maya.press(check, "Book this appointment")

    assert any(name in booked.text for name in ("Dr Amara Okafor", "Dr Ingrid Hansen"))
    assert "Any doctor" not in booked.text
    assert "40 minutes" in booked.text


def test_a_question_without_an_answer_is_asked_again(maya: Visitor, doctor: make.Person, kinds: list[str]) -> None:
    again = maya.press(maya.get("/book"), "Continue", 422)
    assert "Choose what you need." in again.text
    assert again.title.startswith("Error: ")

    assert "Choose what you need." in maya.press(again, "Continue", 422, visit_type="{{config}}").text


def test_what_only_one_doctor_offers_is_booked_with_that_doctor(
    maya: Visitor, doctor: make.Person, ingrid: make.Person, kinds: list[str], auth: Flask, appointment: Flask
) -> None:
    left_out = {"overrides": [{"visit_type_id": kinds[1], "offered": False}]}
    Api(appointment, make.admin(auth).token).put(f"/doctors/{ingrid.id}/overrides", json=left_out)

    times = maya.press(maya.get("/book"), "Continue", visit_type=kinds[1])

    assert times.heading == "Choose a day and time"
    assert "Dr Amara Okafor" in times.text


def test_the_directory_keeps_the_doctor_and_asks_what_for(
    maya: Visitor, doctor: make.Person, ingrid: make.Person, kinds: list[str]
) -> None:
    what = maya.get(maya.get("/doctors").link("Dr Ingrid Hansen"))
    assert what.heading == "What do you need?"
    assert "Dr Ingrid Hansen" in what.text

    times = maya.press(what, "Continue", visit_type=kinds[0])

    assert times.heading == "Choose a day and time"
    assert times.path.startswith(f"/book/{ingrid.id}")


def test_every_choice_can_be_changed_from_the_box_beside_the_questions(
    maya: Visitor, doctor: make.Person, ingrid: make.Person, kinds: list[str]
) -> None:
    times = to_book(maya, "See a doctor", "Ingrid")

    what = maya.get(times.link("Change what it is for"))
    assert what.all("input[@checked]")[0].get("value") == kinds[0]
    whom = maya.get(times.link("Change the doctor"))
    assert whom.all("input[@checked]")[0].get("value") == ingrid.id

    other = maya.press(maya.get(times.link("Change the doctor")), "Continue", doctor=doctor.id)
    assert "Dr Amara Okafor" in other.text
    assert "See a doctor" in other.text


def test_two_windows_do_not_mix_their_answers(
    maya: Visitor, doctor: make.Person, ingrid: make.Person, kinds: list[str]
) -> None:
    one, other = to_book(maya, "See a doctor", "Ingrid"), to_book(maya, "Review", "Amara")

    assert "See a doctor" in maya.get(one.path).text
    assert "Review" in maya.get(other.path).text


def test_a_kind_that_is_offered_no_more_is_chosen_again_and_nothing_is_lost(
    maya: Visitor,
    doctor: make.Person,
    ingrid: make.Person,
    kinds: list[str],
    next_week: date,
    auth: Flask,
    appointment: Flask,
) -> None:
    times = maya.get(f"{to_book(maya, 'Review', 'Amara').path}&from={next_week}")
    start = times.all("input[@name='start']")[0].get("value", "")
    check = maya.press(maya.press(times, "Continue", start=start), "Continue", notes="Sore throat")
    left_out = {"overrides": [{"visit_type_id": kinds[1], "offered": False}]}
    Api(appointment, make.admin(auth).token).put(f"/doctors/{doctor.id}/overrides", json=left_out)

    refused = maya.press(check, "Book this appointment", 422)
    assert refused.heading == "What do you need?"
    assert refused.title.startswith("Error: ")

    times = maya.press(refused, "Continue", visit_type=kinds[0])
    start = maya.get(f"{times.path}&from={next_week}").all("input[@name='start']")[0].get("value", "")
    again = maya.get(f"{times.path.replace('?', '/reason?')}&start={start}")
    assert "Sore throat" in again.text


def test_an_answer_that_is_too_soon_names_the_earliest_time_and_the_phone(
    maya: Visitor, doctor: make.Person, auth: Flask, appointment: Flask, next_week: date
) -> None:
    check = to_check(maya, doctor, next_week)
    soon = {**VISIT, "min_notice_min": 30 * 24 * 60}
    admin = Api(appointment, make.admin(auth).token)
    (kind,) = admin.get("/visit-types/all")["items"]
    admin.put(f"/visit-types/{kind['id']}", json=soon, headers={"If-Match": f'"{kind["version"]}"'})

    refused = maya.press(check, "Book this appointment", 422)

    assert refused.heading == "Choose a day and time"
    assert "This time is too soon to book online. Choose one from" in refused.text
    assert "01632 960 122" in refused.text


VISIT = {"name": "Consultation", "public_name": "Consultation"}


def test_any_date_can_be_gone_to(maya: Visitor, doctor: make.Person) -> None:
    far = make.clinic_day(40)

    there = maya.press(to_times(maya, doctor, make.clinic_day(7)), "Show", **{"from": far.isoformat()})

    assert far.strftime("%A") in there.all("legend")[0].text


def test_days_without_times_offer_any_doctor_and_the_phone(
    maya: Visitor, ingrid: make.Person, auth: Flask, appointment: Flask
) -> None:
    away = make.doctor(auth, appointment, hours=[])

    empty = maya.get(f"/book/{away.id}")

    assert "No free times on these days" in empty.text
    assert "01632 960 122" in empty.text
    assert "Any doctor" in maya.get(empty.link("any doctor")).text
    assert maya.get(empty.link("Choose another doctor")).heading == "Who would you like to see?"


def test_the_hour_that_comes_twice_in_autumn_is_shown_twice_and_told_apart(
    maya: Visitor, auth: Flask, appointment: Flask, fresh_list: None
) -> None:
    night = make.doctor(auth, appointment, hours=[{"weekday": 7, "starts": "00:00", "ends": "04:00"}])
    with clock.set_to(datetime(2026, 10, 20, 12, tzinfo=UTC)):
        times = maya.get(f"/book/{night.id}?from=2026-10-25")
        boxes = {label(times, box).strip(): box.get("value", "") for box in times.all("input[@name='start']")}
        check = maya.press(maya.press(times, "Continue", start=boxes["01:00 GMT"]), "Continue")

    assert (boxes["01:00 BST"], boxes["01:00 GMT"]) == ("2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z")
    assert "The clocks go back on this day" in times.text
    assert "London time (GMT)" in check.text
