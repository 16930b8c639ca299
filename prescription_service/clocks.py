"""The zone of the clinic's clocks: as an admin has said it to the auth service, else this program's setting."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from flask import Flask

from chassis.client import ServiceClient

TIMEOUT = 1.0


def follow(app: Flask, auth: ServiceClient, setting: ZoneInfo) -> Callable[[], None]:
    """A chore that keeps `app.extensions["zone"]` in step. While the auth service is out the zone last heard counts.

    Only the date that stands on a prescription depends on it, never an instant, so it need not outlive the process.
    """
    app.extensions["zone"] = setting

    def hear() -> None:
        said = auth.request("GET", "/clinic", timeout=TIMEOUT, aside=True)["time_zone"]
        app.extensions["zone"] = ZoneInfo(said) if said else setting

    return hear
