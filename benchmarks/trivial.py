"""A real service with two views that do nothing, one of them for patients only: what the token check adds shows here.

Served as ours are. It has no tables and asks the auth service for its keys and its list of revocations.
"""

from os import environ

from apiflask import APIBlueprint, APIFlask

from chassis.client import ServiceClient
from chassis.database import make_database
from chassis.identity import allow, public
from chassis.keys import KeySet
from chassis.revocations import Revocations
from chassis.service import ServiceSettings, build


def create_app() -> APIFlask:
    """The service, as a WSGI application."""
    views = APIBlueprint("trivial", __name__)

    @views.get("/anonymous")
    @public
    def anonymous() -> str:
        return "here"

    @views.get("/authenticated")
    @allow("patient")
    def authenticated() -> str:
        return "here"

    url, secret = environ["APPOINTMENT_DATABASE_URL"], environ["APPOINTMENT_SECRET_KEY"]
    auth = ServiceClient("auth", environ["AUTH_URL"], timeout=KeySet.TIMEOUT)
    keys, revocations = KeySet(auth), Revocations(auth)
    settings = ServiceSettings(database_url=url, secret_key=secret)
    key = environ["SERVICE_KEY"]
    app = build("appointment", __name__, settings, make_database(), [views], keys.find, revocations.check, key)
    revocations.keep_fresh(app, keys)
    return app
