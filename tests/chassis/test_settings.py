"""Settings come from the environment or from files, and what is wrong with them is said at once and without secrets."""

from pathlib import Path

import pytest

from appointment_service.settings import AppointmentSettings
from auth_service.settings import AuthSettings
from chassis import settings
from prescription_service.settings import PrescriptionSettings

GOOD = {
    "APPOINTMENT_DATABASE_URL": "postgresql://appointment:hidden-pw@127.0.0.1:5432/clinic",
    "APPOINTMENT_SECRET_KEY": "a-secret-that-nobody-may-read-in-a-log",
}


@pytest.fixture(autouse=True)
def _only_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ENVIRONMENT", "LOG_LEVEL", "TRUSTED_HOSTS", "CLINIC_TIME_ZONE", "AUTH_URL", "APPOINTMENT_URL", *GOOD):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(settings, "SECRETS_DIR", str(tmp_path))


def read(monkeypatch: pytest.MonkeyPatch, **changes: str) -> AppointmentSettings:
    for name, value in (GOOD | changes).items():
        monkeypatch.setenv(name, value)
    return AppointmentSettings.from_environment()


def said(monkeypatch: pytest.MonkeyPatch, **changes: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        read(monkeypatch, **changes)
    return str(stopped.value)


def test_production_is_what_nobody_has_to_ask_for(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(monkeypatch)

    assert found.environment == "production"
    assert found.zone.key == "Europe/London"
    assert found.trusted_hosts == []
    assert found.auth_url == "http://127.0.0.1:8001"


@pytest.mark.parametrize("kind", [AuthSettings, AppointmentSettings, PrescriptionSettings])
def test_no_secret_has_a_default_and_all_that_is_missing_is_named_at_once(kind: type[settings.Settings]) -> None:
    with pytest.raises(SystemExit) as stopped:
        kind.from_environment()

    name = kind.__name__.removesuffix("Settings").upper()
    assert f"{name}_DATABASE_URL: is not set" in str(stopped.value)
    assert f"{name}_SECRET_KEY: is not set" in str(stopped.value)


def test_a_short_secret_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    words = said(
        monkeypatch, APPOINTMENT_SECRET_KEY="too-short-a-secret", LOG_LEVEL="LOUD", CLINIC_TIME_ZONE="Mars/Base"
    )

    assert "APPOINTMENT_SECRET_KEY: " in words
    assert "at least 32" in words
    assert "LOG_LEVEL: " in words
    assert "CLINIC_TIME_ZONE: " in words
    assert "too-short-a-secret" not in words


@pytest.mark.parametrize(
    "url",
    [
        "",
        "postgresql",
        "nonsense://",
        "sqlite:///clinic.db",
        "postgresql://127.0.0.1/clinic",
        "mysql://appointment:hidden-pw@127.0.0.1/clinic",
        "postgresql://appointment:hidden-pw@127.0.0.1:port/clinic",
    ],
)
def test_a_database_that_is_none_of_ours_is_refused_and_its_password_not_repeated(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    words = said(monkeypatch, APPOINTMENT_DATABASE_URL=url)

    assert "APPOINTMENT_DATABASE_URL: " in words
    assert "hidden-pw" not in words


@pytest.mark.parametrize("url", ["", "auth-service:8001", "ftp://auth-service", "http://", "http://a b/"])
def test_a_neighbours_address_is_a_web_address(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert "AUTH_URL: " in said(monkeypatch, AUTH_URL=url)


def test_a_file_serves_in_place_of_a_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in GOOD.items():
        (tmp_path / name.lower()).write_text(value + "\n")

    found = AppointmentSettings.from_environment()

    assert found.secret_key == GOOD["APPOINTMENT_SECRET_KEY"]
    assert found.database_url == GOOD["APPOINTMENT_DATABASE_URL"]


def test_no_secret_shows_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(monkeypatch)

    for text in (repr(found), str(found), f"{found}"):
        assert GOOD["APPOINTMENT_SECRET_KEY"] not in text
        assert "hidden-pw" not in text


def test_hosts_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, TRUSTED_HOSTS="a.example, b.example,").trusted_hosts == ["a.example", "b.example"]
