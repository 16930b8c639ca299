"""Which day it is depends on the zone of the clinic's clocks."""

from zoneinfo import ZoneInfo

from flask import Flask

from prescription_service import clocks
from tests import make
from tests.api import Api


def test_the_zone_follows_what_an_admin_says_and_comes_back_to_the_setting(auth: Flask, appointment: Flask) -> None:
    admin, app = Api(auth, make.admin(auth).token), Flask("prescription")
    hear = clocks.follow(app, appointment.extensions["in_step"].auth, ZoneInfo("Europe/London"))
    seen = []

    for said in (None, "Pacific/Auckland", None):
        admin.patch("/clinic", json={"time_zone": said})
        hear()
        seen.append(app.extensions["zone"].key)

    assert seen == ["Europe/London", "Pacific/Auckland", "Europe/London"]
