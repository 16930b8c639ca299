"""Booking a time, one question a page: what for, with whom, when, and anything we should know."""

import re
from datetime import timedelta

from flask import Blueprint, make_response, redirect, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from werkzeug.routing import BaseConverter

from chassis.errors import Refusal
from chassis.schemas import UUID_PATTERN
from portal import session, weeks, wish
from portal.api import services
from portal.api.booking import ANY
from portal.dates import local, today
from portal.pages import page
from portal.wish import Answers, Wish

pages = Blueprint("booking", __name__, url_prefix="/book")

CHOOSE_TIME = "Choose a time."


class DoctorOrAny(BaseConverter):
    """Part of an address: a doctor's id, or `any`."""

    regex = f"{ANY}|{UUID_PATTERN}"


@pages.record
def _know_converter(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["doctor_or_any"] = DoctorOrAny


@pages.route("", methods=["GET", "POST"])
@session.only("patient")
def what_for() -> ResponseReturnValue:
    """Choose what the visit is for. Where there is only one kind, nobody is asked."""
    answers = wish.answers()
    found = wish.wish(_doctor_asked(answers), answers)
    if found.visit_type is None and request.method == "POST":
        answers.visit_type.errors = ["Choose what you need."]
    if found.visit_type is None or (request.method == "GET" and len(found.visit_types) > 1):
        return page("booking/what_for.html", form=answers, wish=found)
    return _after_what_for(found, found.visit_type.id)


def _doctor_asked(answers: Answers) -> str:
    """The doctor whom the address or the form names; any, when nobody was chosen yet."""
    asked = request.values.get("doctor") or answers.doctor.data or ""
    return asked if re.fullmatch(DoctorOrAny.regex, asked, re.ASCII) else ANY


def _after_what_for(found: Wish, visit_type_id: str) -> ResponseReturnValue:
    """To the times of the doctor who is chosen, or the only one to offer it; else to the choice of one."""
    if found.doctor is None:
        some = services().booking.doctors(visit_type_id).items
        if len(some) != 1:
            return _onward(found.answers, ".with_whom", None)
        found.answers.doctor.data = some[0].id
    return _onward(found.answers, ".times", found.answers.doctor.data)


def _onward(answers: Answers, question: str, doctor_id: str | None) -> ResponseReturnValue:
    """To the next question, with what was answered kept."""
    onward = make_response(redirect(url_for(question, doctor_id=doctor_id, attempt=answers.attempt.data), 303))
    wish.keep(onward, answers, "visit_type", *(["doctor"] if doctor_id else []))
    return onward


@pages.route("/with", methods=["GET", "POST"])
@session.only("patient")
def with_whom() -> ResponseReturnValue:
    """Choose any doctor, or one by name."""
    answers = wish.answers()
    chosen = answers.doctor.data
    found = wish.wish(ANY, answers)
    if found.visit_type is None:
        return redirect(url_for(".what_for", attempt=answers.attempt.data), 303)
    answers.doctor.data = chosen
    doctors = services().booking.doctors(found.visit_type.id, request.args.get("cursor"))
    if request.method == "POST" and re.fullmatch(DoctorOrAny.regex, chosen or "", re.ASCII):
        return _onward(answers, ".times", chosen)
    if request.method == "POST":
        answers.doctor.errors = ["Choose any doctor, or one of them."]
    return page("booking/with_whom.html", form=answers, wish=found, doctors=doctors)


@pages.route("/<doctor_or_any:doctor_id>", methods=["GET", "POST"])
@session.only("patient")
def times(doctor_id: str) -> ResponseReturnValue:
    """Choose a day and time. Posted only to carry along what was typed while the patient looks for another time."""
    return times_page(doctor_id, wish.answers())


def times_page(doctor_id: str, answers: Answers, refusal: Refusal | None = None) -> ResponseReturnValue:
    """The days with their free times. Without a kind of visit there are none: that question comes first."""
    found = wish.wish(doctor_id, answers)
    if found.visit_type is None:
        return redirect(url_for(".what_for", doctor=doctor_id, attempt=answers.attempt.data), 303)
    chosen = local(answers.time).date().isoformat() if answers.time else None
    last = today() + timedelta(days=found.visit_type.horizon_days)
    first = weeks.first_day(request.values.get("from") or chosen, today(), last)
    free = services().booking.times(doctor_id, found.visit_type.id, first, first + timedelta(days=6))
    week = weeks.week_of(free, request.values.get("day") or chosen, today(), last)
    next_free = free.next_available
    return page("booking/times.html", form=answers, refusal=refusal, wish=found, week=week, next_free=next_free)


@pages.route("/<doctor_or_any:doctor_id>/reason", methods=["GET", "POST"])
@session.only("patient")
def reason(doctor_id: str) -> ResponseReturnValue:
    """Say why, if the patient likes. Who has said so before, and changes the time, goes on to check."""
    answers = wish.answers()
    if answers.time is None:
        answers.start.errors = [CHOOSE_TIME]
        return times_page(doctor_id, answers)
    if request.args.get("start") and wish.answered_all(str(answers.attempt.data)):
        answers.doctor.data = doctor_id
        onward = make_response(
            redirect(url_for("confirming.review", doctor_id=doctor_id, attempt=answers.attempt.data), 303)
        )
        if wish.keep(onward, answers, "doctor", "start"):
            return onward
    return reason_page(doctor_id, answers)


def reason_page(doctor_id: str, answers: Answers) -> ResponseReturnValue:
    """The question, or the one about the kind of visit where that is open."""
    found = wish.wish(doctor_id, answers)
    if found.visit_type is None:
        return redirect(url_for(".what_for", doctor=doctor_id, attempt=answers.attempt.data), 303)
    return page("booking/reason.html", form=answers, wish=found)
