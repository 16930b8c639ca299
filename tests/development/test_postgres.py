"""The PostgreSQL that runs and tests stand on, from the machine and from the wheel."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest

from development.installation import Installation, in_the_wheel, on_this_machine
from development.postgres import Server, ensure_server
from tests.development.running import free_ports

INSTALLATIONS = [*on_this_machine()[:1], *in_the_wheel()[:1]]


@pytest.fixture(scope="module", params=INSTALLATIONS, ids=lambda installation: f"PostgreSQL {installation.version}")
def installation(request: pytest.FixtureRequest) -> Installation:
    chosen: Installation = request.param
    return chosen


@pytest.fixture(scope="module")
def directory(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for each installation: a cluster is of one version."""
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def server(installation: Installation, directory: Path) -> Iterator[Server]:
    running = ensure_server(directory, free_ports(1)[0], installation=installation)
    yield running
    running.stop()
    assert running.cluster.processes() == []
    assert not running.cluster.place.exists() or running.cluster.place == directory


def ask(server: Server, question: str) -> str:
    connection = psycopg2.connect(server.admin_url)
    with connection.cursor() as cursor:
        cursor.execute(question)
        (answer,) = cursor.fetchone()
    connection.close()
    return str(answer)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("server_encoding", "UTF8"),
        ("data_checksums", "on"),
        ("password_encryption", "scram-sha-256"),
        ("unix_socket_directories", ""),
        ("timezone", "UTC"),
    ],
)
def test_the_cluster_is_set_up_as_said(server: Server, setting: str, value: str) -> None:
    assert ask(server, f"SELECT current_setting('{setting}')") == value


def test_letters_beyond_ascii_are_letters(server: Server) -> None:
    assert ask(server, "SELECT lower('ÖÉ')") == "öé"


def test_nobody_gets_in_without_the_password(server: Server) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(server.admin_url.replace(server.cluster.password, "postgres"))


def test_it_listens_on_this_machine_only(server: Server) -> None:
    assert server.process
    listening = [c for c in psutil.Process(server.process.pid).net_connections() if c.status == psutil.CONN_LISTEN]

    assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}


def test_asking_again_gives_the_running_server(server: Server, directory: Path) -> None:
    again = ensure_server(directory, free_ports(1)[0], installation=server.cluster.installation)

    again.stop()

    assert again.admin_url == server.admin_url
    assert ask(server, "SELECT 1") == "1"


def test_files_are_for_the_server_only(server: Server) -> None:
    assert server.cluster.data.stat().st_mode & 0o777 == 0o700
    assert (server.cluster.place / "password").stat().st_mode & 0o777 == 0o600
    assert Path(server.cluster.place).stat().st_mode & 0o066 == 0
