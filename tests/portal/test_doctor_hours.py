"""A doctor's own time: describing oneself, weekly hours, time off and who it touches, the week, and whom to phone."""

import re
from datetime import time
from typing import Any

import pytest
from flask import Flask

from tests import make
from tests.api import Api
from tests.portal.visitor import Page, Visitor


@pytest.fixture
def okafor(portal: Flask, doctor: make.Person) -> Visitor:
    """That doctor, signed in."""
    return Visitor(portal).sign_in(doctor.email)


@pytest.fixture
def visit(appointment: Flask, patient: make.Person, doctor: make.Person) -> dict[str, Any]:
    """A visit at ten."""
    return make.appointment(appointment, patient, doctor)


@pytest.fixture
def off(okafor: Visitor) -> Page:
    """The form of time off, for the day of the visit."""
    return okafor.get(okafor.get("/hours").link("Add time off"))


def counted(page: Page) -> str:
    """What the count beside the week says."""
    return " ".join(" ".join(page.all("div[@id='count']")[0].itertext()).split())


def test_a_verified_doctor_becomes_bookable_by_pages_alone(portal: Flask, auth: Flask, appointment: Flask) -> None:
    newcomer = make.person(auth, "doctor", first_name="Nils", last_name="Berg")
    nils = Visitor(portal).sign_in(newcomer.email)
    described = nils.get("/")
    assert described.heading == "Welcome, Dr Nils Berg"
    assert nils.get("/hours").path == nils.get("/hours/change").path == "/entry"
    assert nils.press(described, "Save and set my hours", 422).link("Enter your specialty.") == "#specialty"

    hours = nils.press(described, "Save and set my hours", specialty="Cardiology", room="Room 9")
    assert hours.heading == "Change my hours"
    saved = nils.press(nils.press(hours, "Copy to Friday", d1__0__starts="9"), "Save my hours", 422)
    assert saved.link("Monday 1: enter a time of day") == "#d1-0-ends"
    saved = nils.press(hours, "Save my hours", d1__0__starts="9", d1__0__ends="12")

    assert "Your hours are saved. 9 appointments fit into a week now." in saved.text
    assert "Cardiology · Room 9" in saved.text
    assert Api(appointment).get(f"/doctors/{newcomer.id}")["room"] == "Room 9"
    assert "No appointments today" in nils.get("/").text
    changed = nils.press(nils.get(saved.link("Change it")), "Save", about="Listens.")
    assert (changed.path, "Listens." in changed.text) == ("/hours", True)


def test_hours_are_counted_before_they_are_saved(okafor: Visitor, visit: dict[str, Any]) -> None:
    form = okafor.get(okafor.get("/hours").link("Change my hours"))
    assert counted(form) == "126 appointments a week"

    day = make.clinic_day(7).isoweekday()
    fewer = okafor.press(form, "Count", **{f"d{day}__0__starts": "10.20"})

    assert counted(fewer) == "122 appointments a week 1 booked appointment stands outside these hours."
    assert "09:00 to 12:00" in okafor.get("/hours").text
    refused = okafor.press(fewer, "Save my hours", 409)
    assert "1 booked appointment would stand outside these hours. Nothing is changed yet." in refused.text
    assert refused.link("move or cancel them") == "/week"


def test_rows_are_added_copied_and_emptied_without_scripts(okafor: Visitor) -> None:
    form = okafor.get("/hours/change")
    more = okafor.press(form, "Add a stretch on Monday")
    assert len([e for e in more.all("input") if re.fullmatch(r"d1-\d-starts", e.get("name") or "")]) == 3
    evening = okafor.press(more, "Copy to Friday", d1__2__starts="18", d1__2__ends="24:00")
    gone = okafor.press(evening, "Save my hours", d7__0__starts="", d7__0__ends="", d7__1__starts="", d7__1__ends="")

    assert gone.text.count("18:00 to 24:00") == 5
    assert "SundayNo hours" in gone.text


def test_what_is_wrong_is_said_at_its_box_and_all_that_was_typed_stays(okafor: Visitor) -> None:
    typed = {"d1__0__starts": "25:00", "d2__0__ends": "8", "d3__0__ends": "15:00", "valid_from": "2020-01-01"}

    wrong = okafor.press(okafor.get("/hours/change"), "Save my hours", 422, **typed)

    assert wrong.link("Monday 1: enter a time of day") == "#d1-0-starts"
    assert wrong.link("Tuesday 1: work ends after it starts") == "#d2-0-ends"
    assert wrong.link("Wednesday 2: this overlaps with 09:00 to 15:00") == "#d3-1-starts"
    assert wrong.link("Enter today or a later day") == "#valid_from"
    assert {"25:00", "8", "15:00", "2020-01-01"} <= {e.get("value") for e in wrong.all("input")}


def test_a_week_is_planned_for_later_and_shown_so(okafor: Visitor) -> None:
    later = make.clinic_day(30)

    saved = okafor.press(okafor.get("/hours/change"), "Save my hours", d1__0__starts="8:00", valid_from=str(later))

    assert "Your hours are planned." in saved.text
    assert saved.text.index("09:00 to 12:00") < saved.text.index("Planned from") < saved.text.index("08:00 to 12:00")
    assert "is replaced too" in okafor.get("/hours/change").text


def test_what_the_page_does_not_show_of_a_stretch_is_not_lost(
    okafor: Visitor, auth: Flask, appointment: Flask, doctor: make.Person
) -> None:
    kind = make.visit_type(appointment, make.admin(auth))
    special = {
        "weekday": 1,
        "starts": "09:00",
        "ends": "12:00",
        "visit_type_ids": [kind["id"]],
        "opens_hours_before": 4,
    }
    Api(appointment, doctor.token).put("/doctors/me/hours", json={"hours": [special]})

    okafor.press(okafor.get("/hours/change"), "Save my hours", d1__0__ends="12:30")

    (kept,) = Api(appointment, doctor.token).get("/doctors/me/hours")["hours"]
    assert kept == special | {"ends": "12:30"}


@pytest.mark.parametrize(
    "fields", [{"d1-0-kinds": "x"}, {"d1-0-before": "9999"}, {"act": "add:9"}, {"d1-99999-ends": "9"}]
)
def test_fields_that_no_page_of_ours_wrote_change_nothing(okafor: Visitor, fields: dict[str, str]) -> None:
    page = okafor.get("/hours/change")
    form, _ = page.form("Save my hours")
    answer = okafor.client.post(
        "/hours/change", data={**page.fields(form), **fields}, headers={"Sec-Fetch-Site": "same-origin"}
    )

    assert answer.status_code in {200, 303, 422}


def test_time_off_when_nobody_is_booked_is_entered_at_once(okafor: Visitor, off: Page) -> None:
    day = make.clinic_day(9)
    done = okafor.press(off, "Continue", from_date=str(day), reason="Course")
    again = okafor.press(off, "Continue", from_date=str(day), reason="Course")

    assert "Entered: time off. Nobody was booked then." in done.text
    assert again.path == done.path
    assert okafor.get("/hours").text.count("Course") == 1


@pytest.mark.parametrize(
    ("choice", "said", "badge"),
    [
        ("keep", "1 person is seen all the same", "Stands in time off"),
        ("offer", "1 person is asked by letter to choose another time", "Stands in time off"),
        ("cancel", "1 person is told by letter that the visit is cancelled", "Cancelled"),
    ],
)
def test_time_off_says_who_is_booked_and_does_what_is_chosen(
    okafor: Visitor, off: Page, visit: dict[str, Any], choice: str, said: str, badge: str
) -> None:
    impact = okafor.press(off, "Continue", from_date=str(make.clinic_day(7)))
    assert impact.heading == "1 person is booked then"
    assert "Maya Lindqvist" in impact.text
    assert okafor.get("/hours").text.count("Nothing is entered.") == 1
    unsaid = okafor.press(impact, "Enter it", 422)
    assert unsaid.link("Choose what is to become of them.") == "#on_conflict-0"

    done = okafor.press(unsaid, "Enter it", on_conflict=choice)

    assert said in done.text
    assert badge in done.text
    assert "Maya Lindqvist" in okafor.get(done.path).text
    assert okafor.press(unsaid, "Enter it", on_conflict=choice).path == done.path


def test_days_can_be_changed_after_seeing_who_is_booked(okafor: Visitor, off: Page, visit: dict[str, Any]) -> None:
    impact = okafor.press(off, "Continue", from_date=str(make.clinic_day(7)), starts="9", ends="12", reason="Dentist")

    form = okafor.press(impact, "Change the days")

    assert {"Dentist", "9", str(make.clinic_day(7))} <= {e.get("value") for e in form.all("input")}
    assert "Nobody was booked" in okafor.press(form, "Continue", starts="14", ends="17").text


def test_time_off_of_some_hours_and_other_hours_need_sense(okafor: Visitor, off: Page) -> None:
    typed = {"from_date": "2020-01-01", "to_date": "nope", "starts": "12", "ends": "9", "kind": "nap"}
    wrong = okafor.press(off, "Continue", 422, **typed)
    found = [wrong.link(w) for w in ("Choose what it is", "today or a later", "Enter the first day or", "ends after")]
    assert found == ["#kind-0", "#from_date", "#to_date", "#ends"]

    bare = okafor.press(off, "Continue", 422, kind="extra", from_date=str(make.clinic_day(7)))
    assert bare.link("Enter a time of day") == "#starts"
    extra = okafor.press(bare, "Continue", starts="18", ends="20")
    assert "Entered: extra hours." in extra.text


def test_time_off_is_taken_back_after_asking(okafor: Visitor, off: Page, visit: dict[str, Any]) -> None:
    impact = okafor.press(off, "Continue", from_date=str(make.clinic_day(7)))
    done = okafor.press(impact, "Enter it", on_conflict="keep")
    ask = okafor.get(done.link("Take it back"))

    back = okafor.press(ask, "Take it back")

    assert "Taken back: time off." in back.text
    assert "Stands in time off" not in okafor.get(f"/appointments/{visit['id']}").text
    okafor.get(ask.path, 404)


def test_added_hours_with_people_in_them_are_not_taken_back(
    okafor: Visitor, off: Page, appointment: Flask, doctor: make.Person, patient: make.Person
) -> None:
    added = okafor.press(off, "Continue", kind="extra", from_date=str(make.clinic_day(7)), starts="18", ends="20")
    make.appointment(appointment, patient, doctor, at=time(18))

    refused = okafor.press(okafor.get(added.link("Take it back")), "Take it back", 409)

    assert "People are booked" in refused.text


def test_somebody_elses_time_off_is_none(okafor: Visitor, auth: Flask, appointment: Flask, maya: Visitor) -> None:
    other = make.doctor(auth, appointment)
    theirs = make.exception(appointment, other)["exception"]["id"]

    okafor.get(f"/time-off/{theirs}", 404)
    okafor.get(f"/time-off/{theirs}/take-back", 404)
    for path in ("/hours", "/hours/change", "/time-off/new", "/week", "/entry", "/patients", "/to-phone"):
        maya.get(path, 403)


def test_the_week_is_a_table_with_visits_free_times_and_time_off(
    okafor: Visitor, appointment: Flask, doctor: make.Person, visit: dict[str, Any]
) -> None:
    make.exception(appointment, doctor, starts="14:00", ends="17:00")

    week = okafor.get(f"/week?of={make.clinic_day(7)}")

    assert len(week.all("th[@scope='col']")) == 8
    (row,) = [r for r in week.all("tr") if "".join(r[0].itertext()) == "10:00"]
    column = make.clinic_day(7).isoweekday()
    assert row[column].get("class") == "week-busy"
    assert "10:00 Maya Lindqvist" in " ".join("".join(row[column].itertext()).split())
    assert "2 free" in "".join(row[column].itertext())
    (afternoon,) = [r for r in week.all("tr") if "".join(r[0].itertext()) == "15:00"]
    assert (afternoon[column].get("class"), "".join(afternoon[column].itertext()).strip()) == ("week-off", "Time off")
    assert okafor.get(week.link("Earlier")).path != week.path


@pytest.mark.parametrize("asked", ["", "?of=tomorrow", "?of=2000-01-01", "?of=2100-12-31", "?of=0001-01-01"])
def test_any_week_can_be_asked_for(okafor: Visitor, asked: str) -> None:
    assert okafor.get(f"/week{asked}").status == 200


def test_a_week_without_hours_says_where_to_set_them(portal: Flask, auth: Flask, appointment: Flask) -> None:
    idle = make.doctor(auth, appointment, hours=[])
    nobody = Visitor(portal).sign_in(idle.email)

    assert nobody.get("/week").link("My hours") == "/hours"
    assert nobody.get("/today").link("Set my hours") == "/hours/change"
