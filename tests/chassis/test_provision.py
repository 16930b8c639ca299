"""Provisioning reads secrets from files too, and refuses a server that is too small for its programs."""

from pathlib import Path

import pytest

from chassis.provision import require_room, with_secrets


def test_files_are_settings_of_their_names_and_the_environment_goes_before(tmp_path: Path) -> None:
    (tmp_path / "database_admin_url").write_text("postgresql://in-a-file\n")
    (tmp_path / "auth_database_url").write_text("postgresql://in-a-file")

    read = with_secrets({"AUTH_DATABASE_URL": "postgresql://said"}, str(tmp_path))

    assert read == {"DATABASE_ADMIN_URL": "postgresql://in-a-file", "AUTH_DATABASE_URL": "postgresql://said"}
    assert with_secrets({"A": "b"}, str(tmp_path / "nowhere")) == {"A": "b"}


def test_a_server_that_takes_fewer_connections_than_its_programs_hold_is_refused(
    environment: dict[str, str], migrated: None
) -> None:
    require_room(environment["ADMIN_URL"], 10)

    with pytest.raises(SystemExit, match="raise max_connections"):
        require_room(environment["ADMIN_URL"], 100_000)
