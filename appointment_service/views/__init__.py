"""The appointment service over HTTP."""

from zoneinfo import ZoneInfo

from flask import current_app

from chassis.cursor import Cursors


def zone() -> ZoneInfo:
    """The zone in which the clinic's clocks are read."""
    found: ZoneInfo = current_app.extensions["zone"]
    return found


def cursors() -> Cursors:
    """The cursors of this service."""
    found: Cursors = current_app.extensions["cursors"]
    return found
