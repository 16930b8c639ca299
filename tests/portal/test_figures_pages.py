"""Figures as admins see them: numbers in tables, and the same as bars."""

from datetime import UTC, datetime, time, timedelta

import pytest
from flask import Flask

from portal import charts
from tests import make
from tests.appointment_service.telling import visit
from tests.portal.visitor import Page, Visitor

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def ada(portal: Flask, auth: Flask) -> Visitor:
    """An admin, signed in."""
    return Visitor(portal).sign_in(make.admin(auth).email)


def cells(page: Page, row: str) -> list[str]:
    """What a table says in the rows that begin with these words."""
    return [
        " ".join("".join(cell.itertext()).split())
        for line in page.all("tr")
        if "".join(line[0].itertext()).strip() == row
        for cell in line[1:]
    ]


def test_figures_show_counts_and_bars_and_no_names_of_patients(
    ada: Visitor, appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    yesterday = datetime.combine(make.clinic_day(-1), time(10), UTC)
    for number, status in enumerate(("fulfilled", "fulfilled", "fulfilled", "noshow", "booked")):
        visit(appointment, patient, doctor, yesterday + timedelta(minutes=20 * number), status=status)

    page = ada.get("/figures")

    assert "25.0 % did not come (1 of 4)" in page.text.replace("25.0 %did", "25.0 % did")
    assert cells(page, "Dr Amara Okafor")[2:] == ["5", "3", "0", "0", "1", "25.0 %"]
    drawn = page.all(f"{SVG}svg[@class='chart']")
    assert len(drawn) == 3
    assert all(chart.find(f"{SVG}title") is not None and chart.get("role") == "img" for chart in drawn)
    assert "Lindqvist" not in page.text


def test_a_clinic_without_visits_has_figures_too(ada: Visitor) -> None:
    assert "Nothing to count yet" in ada.get("/figures").text


def test_other_days_are_asked_for(ada: Visitor, doctor: make.Person) -> None:
    page = ada.press(ada.get("/figures"), "Show", since="2026-01-01", until="2026-01-31")

    assert "1 to 31 January 2026" in page.text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=2026-02-01&until=2026-01-01", "The last day is before the first one."),
        ("since=2026-01-01&until=2027-02-01", "Choose a year at most."),
        ("since=x&until=2026-01-01", "Enter a real date"),
        ("since=2026-01-01&until=", "Enter a real date"),
    ],
)
def test_days_that_make_no_sense_are_said_at_their_boxes(ada: Visitor, query: str, words: str) -> None:
    assert words in ada.get(f"/figures?{query}", 422).text


def test_the_greatest_value_has_the_longest_bar_and_nothing_is_wider_than_the_chart() -> None:
    rows = [
        charts.Row("A", 10, "10"),
        charts.Row("B" * 60, 5, "5"),
        charts.Row("C", None, "–"),
        charts.Row("D", 0, "0"),
    ]

    found = charts.chart(rows)

    ten, five, unknown, nothing = found.bars
    assert ten.width == 2 * five.width
    assert unknown.width == nothing.width == 1
    assert ten.number_x < found.width
    assert five.label == "B" * 33 + "…"
