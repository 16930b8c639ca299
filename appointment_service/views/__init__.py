"""The appointment service over HTTP."""

from zoneinfo import ZoneInfo

from flask import current_app

from appointment_service.clocks import ClinicClocks
from chassis.cursor import Cursors


def zone() -> ZoneInfo:
    """The zone in which the clinic's clocks are read."""
    clocks: ClinicClocks = current_app.extensions["clocks"]
    return clocks.zone()


def cursors() -> Cursors:
    """The cursors of this service."""
    found: Cursors = current_app.extensions["cursors"]
    return found
