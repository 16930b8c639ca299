"""What patients choose from, and where their appointments stand: who offers a kind of visit, on which terms; lists."""

from datetime import time, timedelta

from flask import Flask

from chassis import clock
from tests import make
from tests.api import Api


def test_the_directory_can_be_asked_who_offers_a_kind_of_visit(auth: Flask, appointment: Flask) -> None:
    admin, amara, ingrid = make.admin(auth), make.doctor(auth, appointment), make.doctor(auth, appointment)
    kind = make.visit_type(appointment, admin, duration_min=40, horizon_days=30, patient_move_cutoff_min=60)["id"]
    left_out = {"overrides": [{"visit_type_id": kind, "offered": False}]}
    Api(appointment, admin.token).put(f"/doctors/{ingrid.id}/overrides", json=left_out)

    found = Api(appointment).get(f"/doctors?visit_type_id={kind}")["items"]
    (offer,) = [o for o in Api(appointment).get(f"/doctors/{amara.id}/visit-types")["items"] if o["duration_min"] == 40]

    assert amara.id in [one["id"] for one in found]
    assert ingrid.id not in [one["id"] for one in found]
    assert Api(appointment).get("/doctors?visit_type_id=3f0b1c7e-0000-4000-8000-000000000000")["items"] == []
    assert (offer["horizon_days"], offer["patient_move_cutoff_min"], offer["patient_cancel_cutoff_min"]) == (30, 60, 0)


def test_lists_tell_apart_what_is_ahead_what_is_over_and_what_was_cancelled(
    auth: Flask, appointment: Flask, fresh_list: None
) -> None:
    patient, doctor = make.person(auth), make.doctor(auth, appointment)
    ahead = make.appointment(appointment, patient, doctor, days=9)["id"]
    cancelled = make.appointment(appointment, patient, doctor, days=8)["id"]
    with clock.set_to(clock.now() - timedelta(days=8)):
        over = make.appointment(appointment, patient, doctor, days=-2, at=time(9))["id"]
    api = Api(appointment, patient.token)
    api.post(f"/appointments/{cancelled}/cancel", json={})

    shown = {show: [a["id"] for a in api.get(f"/appointments?show={show}")["items"]] for show in SHOWN}

    assert shown == {"upcoming": [ahead], "past": [over], "cancelled": [cancelled]}
    assert api.get("/appointments?show=all", expect=422)["errors"][0]["pointer"] == "/show"


SHOWN = ("upcoming", "past", "cancelled")


def test_an_appointment_says_whether_it_was_moved_and_from_when_on_cancelling_counts_as_late(
    auth: Flask, appointment: Flask
) -> None:
    patient, doctor = make.person(auth), make.doctor(auth, appointment)
    api = Api(appointment, patient.token)
    booked = make.appointment(appointment, patient, doctor)
    start = make.wish(doctor.id, at=time(11))["appointment_time"]

    moved = api.post(
        f"/appointments/{booked['id']}/move", json={"appointment_time": start}, headers={"If-Match": '"1"'}
    )
    cancelled = api.post(f"/appointments/{booked['id']}/cancel", json={})

    assert (booked["moved"], moved["moved"], cancelled["moved"]) == (False, True, True)
    assert booked["late_from"] == booked["cancel_until"].replace(booked["cancel_until"][:10], str(make.clinic_day(6)))
