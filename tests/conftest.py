"""What tests stand on: one real PostgreSQL, the real services in this process or as processes, and clean tables."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from flask import Flask
from flask_migrate import upgrade
from playwright.sync_api import Browser
from xdist.scheduler import LoadScopeScheduling

from appointment_service.settings import AppointmentSettings
from auth_service.settings import AuthSettings
from chassis.client import ServiceClient
from chassis.provision import provision
from development.postgres import ensure_server
from prescription_service.settings import PrescriptionSettings
from tests import servers
from tests.chromium import launched
from tests.figures import figure, pytest_terminal_summary  # noqa: F401 - pytest finds them here
from tests.mailbox import Mailbox
from tests.servers import Program
from tests.wsgi import WSGIAdapter

SERVICES = ("auth", "appointment", "prescription")
SHARING = ("tests/containers/", "tests/faults/")


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """Tests of one file stay together, and all those that share what is slow to start, when several workers work."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::")[0]
        return next((shared for shared in SHARING if path.startswith(shared)), path)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """How the work is shared."""
    return ByFile(config, log)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A PostgreSQL of this test run with empty schemas, and the settings that all programs share."""
    port = servers.free_port()
    server = ensure_server(tmp_path_factory.mktemp("postgres"), port)
    urls = {
        f"{name.upper()}_DATABASE_URL": f"postgresql://{name}:{name}-pw@127.0.0.1:{port}/clinic" for name in SERVICES
    }
    provision(server.admin_url, urls.values())
    secrets = {f"{name.upper()}_SECRET_KEY": name.ljust(32, "-") for name in (*SERVICES, "portal")}
    secrets["SERVICE_KEY"] = "the-key-that-our-own-programs-share"
    secrets["MAIL_DIRECTORY"] = str(tmp_path_factory.mktemp("mail"))
    ours = {"ADMIN_URL": server.admin_url.rsplit("/", 1)[0] + "/clinic", "SERVER_LOG": str(server.log)}
    yield {"ENVIRONMENT": "demo", **urls, **secrets, **ours}
    server.stop()


def in_process(name: str, app: Flask) -> ServiceClient:
    """A client whose other end is `app`, in this process."""
    client = ServiceClient(name, f"http://{name}.test")
    client.session.mount(client.base_url, WSGIAdapter(app))
    return client


@pytest.fixture(scope="session")
def auth(environment: dict[str, str]) -> Flask:
    """The auth service, its tables migrated."""
    from auth_service import create_app

    return _migrated(create_app(AuthSettings(**environment)))


@pytest.fixture(scope="session")
def appointment(environment: dict[str, str], auth: Flask) -> Flask:
    """The appointment service, which asks the auth service of this process for its keys."""
    from appointment_service import create_app

    return _migrated(create_app(AppointmentSettings(**environment), in_process("auth", auth)))


@pytest.fixture(scope="session")
def prescription(environment: dict[str, str], auth: Flask, appointment: Flask) -> Flask:
    """The prescription service beside the other two of this process."""
    from prescription_service import create_app

    neighbours = in_process("auth", auth), in_process("appointment", appointment)
    app = _migrated(create_app(PrescriptionSettings(**environment), *neighbours))
    assert app.test_cli_runner().invoke(args=["import-medicines"]).exit_code == 0
    return app


@pytest.fixture(scope="session")
def portal(environment: dict[str, str], auth: Flask, appointment: Flask, prescription: Flask) -> Flask:
    """The portal in front of the services of this process."""
    from portal import create_app
    from portal.settings import PortalSettings

    app = create_app(PortalSettings(portal_secret_key=environment["PORTAL_SECRET_KEY"]))
    neighbours = app.extensions["services"]
    for api, service in (
        (neighbours.auth, auth),
        (neighbours.appointments, appointment),
        (neighbours.prescriptions, prescription),
    ):
        api.client.session.mount(api.client.base_url, WSGIAdapter(service))
    return app


@pytest.fixture(scope="session")
def migrated(auth: Flask, appointment: Flask, prescription: Flask) -> None:
    """All tables are there."""


@pytest.fixture
def fresh_list(appointment: Flask, prescription: Flask) -> None:
    """The list of revocations as a running service has it. Without it writes ask the auth service of this process, for
    which a clock that stands weeks ahead means that everybody's sign-in is over."""
    for service in (appointment, prescription):
        service.extensions["revocations"].poll()


@pytest.fixture(scope="session")
def clinic(
    environment: dict[str, str], migrated: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[servers.Clinic]:
    """The four programs as processes. A test that stops one starts it again."""
    running = servers.start_clinic(environment, tmp_path_factory.mktemp("logs"))
    yield running
    with ThreadPoolExecutor() as pool:  # each waits for the others' idle connections
        list(pool.map(Program.stop, (running.auth, running.appointment, running.prescription, running.portal)))


@pytest.fixture(scope="session")
def mailbox(environment: dict[str, str]) -> Mailbox:
    """The letters that the auth service has written."""
    return Mailbox(Path(environment["MAIL_DIRECTORY"]))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium, or a skip that says why."""
    with launched() as running:
        yield running


@pytest.fixture(autouse=True)
def _clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empty tables after every test that had a database. Signing keys and the medicine list stay."""
    yield
    if "environment" in request.fixturenames:
        _empty_tables(request.getfixturevalue("environment")["ADMIN_URL"])


# signing keys stay because running programs hold them, the medicine list because it takes a while to import
KEPT = ("alembic_version", "signing_key", "facts_version", "formulary", "interaction", "allergy_rule")


def _empty_tables(admin_url: str) -> None:
    """Empty the tables that have rows: most tests touch a few, and each TRUNCATE makes files anew."""
    connection = psycopg2.connect(admin_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%%I.%%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname = ANY(%s) AND tablename <> ALL(%s)",
            (list(SERVICES), list(KEPT)),
        )
        tables = [name for (name,) in cursor.fetchall()]
        if tables:  # no service was migrated
            cursor.execute(" UNION ALL ".join(f"SELECT '{t}' WHERE EXISTS (SELECT 1 FROM {t})" for t in tables))
        if tables and (used := [name for (name,) in cursor.fetchall()]):
            cursor.execute(f"TRUNCATE {', '.join(used)} CASCADE")
    connection.close()


def _migrated(app: Flask) -> Flask:
    with app.app_context():
        upgrade()
    return app


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the checkout."""
    return servers.ROOT
