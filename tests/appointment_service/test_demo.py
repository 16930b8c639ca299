"""The demo shows doctors and kinds of visit, is made once, and leaves alone what somebody has changed."""

from uuid import NAMESPACE_URL, uuid5

from flask import Flask

from tests.api import Api

SILVA = uuid5(NAMESPACE_URL, "mailto:dr.silva@example.com")


def make_demo(appointment: Flask) -> None:
    assert appointment.test_cli_runner().invoke(args=["demo"]).exit_code == 0


def test_the_demo_has_kinds_of_visit_and_a_doctor_who_does_otherwise(appointment: Flask) -> None:
    make_demo(appointment)
    offered = [one["public_name"] for one in Api(appointment).get("/visit-types")["items"]]
    own = {
        one["public_name"]: one["duration_min"]
        for one in Api(appointment).get(f"/doctors/{SILVA}/visit-types")["items"]
    }

    assert offered == ["Consultation", "Long appointment", "Sexual health", "Phone call"]
    assert own == {"Consultation": 20, "Long appointment": 30, "Phone call": 10}


def test_making_the_demo_again_changes_nothing(appointment: Flask) -> None:
    from appointment_service.models import db
    from appointment_service.schedule_tables import VisitType, VisitTypeOverride

    make_demo(appointment)
    with appointment.app_context():
        db.session.query(VisitType).filter_by(name="Phone call").update({"duration_min": 15})
        db.session.query(VisitTypeOverride).delete()
        db.session.commit()

    make_demo(appointment)

    lengths = {one["public_name"]: one["duration_min"] for one in Api(appointment).get("/visit-types")["items"]}
    own = {
        one["public_name"]: one["duration_min"]
        for one in Api(appointment).get(f"/doctors/{SILVA}/visit-types")["items"]
    }
    assert lengths["Phone call"] == 15
    assert own["Long appointment"] == 40
