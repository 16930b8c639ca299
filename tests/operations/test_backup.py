"""A copy of the database is of one moment, comes back as it was into an empty database only, and works from there."""

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from flask import Flask
from sqlalchemy import make_url

from chassis.provision import provision
from development.installation import choose
from tests import make
from tests.api import Api
from tests.journeys.load import rows, value
from tests.journeys.test_crashes import Database
from tests.operations.copies import (
    SCHEMAS,
    Copier,
    Work,
    at_work,
    contradictions,
    digest_of,
    empty_database,
    rows_outside_a_transaction,
    tables,
)
from tests.servers import Clinic
from tests.thorough import times

PEOPLE = 6
TORN = (
    *("appointment.appointment", "appointment.appointment_event", "appointment.outbox_message"),
    *("appointment.audit_event", "prescription.prescription", "prescription.medicine"),
    *("prescription.status_event", "prescription.audit_event"),
)


@pytest.fixture
def copier(environment: dict[str, str], migrated: None, tmp_path: Path) -> Copier:
    return Copier(environment["ADMIN_URL"], tmp_path / "backups")


def test_a_copy_taken_under_load_is_of_one_moment(
    clinic: Clinic, auth: Flask, appointment: Flask, copier: Copier, environment: dict[str, str]
) -> None:
    """Every row is as it was in the snapshot the copy was taken in, and all that was acknowledged before is there."""
    doctor, url = make.doctor(auth, appointment), environment["ADMIN_URL"]
    before: list[tuple[str, str]] = []
    then: dict[str, Any] = {}

    def copy(work: Work) -> None:
        work.wait_for(times(25, 500))
        before.extend(work.told)
        connection = psycopg2.connect(url)
        connection.set_session(isolation_level="REPEATABLE READ")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone() or ("",)
            copier.must("take", f"--snapshot={snapshot}")
            work.wait_for(5)
            for table in tables(url):
                cursor.execute(digest_of(table))
                then[table] = cursor.fetchall()
        connection.close()

    at_work(clinic, make.signed_in_patients(auth, PEOPLE), doctor, copy)
    restored = empty_database(environment, "clinic_restored")["ADMIN_URL"]
    copier.must("restore", str(copier.newest()), database="clinic_restored")

    assert {table: rows(restored, digest_of(table)) for table in tables(restored)} == then
    assert then != {table: rows(url, digest_of(table)) for table in tables(url)}, "nobody worked meanwhile"
    assert contradictions(restored) == {}
    assert_there(restored, before)


def assert_there(url: str, told: list[tuple[str, str]]) -> None:
    """Everything that people were told of is there, and only once."""
    firsts = "SELECT appointment_id::text FROM appointment.appointment_event WHERE from_status IS NULL"
    begun = [record for (record,) in rows(url, firsts)]
    assert len(begun) == len(set(begun))
    assert {record for what, record in told if what == "booked"} <= set(begun)
    for what, query in {
        "moved": "SELECT appointment_id::text FROM appointment.appointment_event WHERE from_start <> to_start",
        "cancelled": "SELECT id::text FROM appointment.appointment WHERE status = 'cancelled'",
        "signed": "SELECT id::text FROM prescription.prescription",
    }.items():
        heard = {record for said, record in told if said == what}
        assert heard <= {record for (record,) in rows(url, query)}, what
        assert heard, what


def test_the_checker_finds_what_a_copy_table_by_table_tears_apart(
    clinic: Clinic, auth: Flask, appointment: Flask, environment: dict[str, str], tmp_path: Path
) -> None:
    """The control: the same load, and each table read at a moment of its own."""
    url, torn = environment["ADMIN_URL"], empty_database(environment, "clinic_torn")["ADMIN_URL"]
    rows(torn, "DROP SCHEMA auth, appointment, prescription")
    tool(torn, "psql", "--quiet", "--file", str(dump(url, tmp_path / "tables", "--section=pre-data", *only_ours())))

    def copy(work: Work) -> None:
        for table in TORN:
            work.wait_for(4)
            dump(url, tmp_path / table, "--data-only", f"--table={table}")

    at_work(clinic, make.signed_in_patients(auth, PEOPLE), make.doctor(auth, appointment), copy)
    for table in TORN:
        tool(torn, "psql", "--quiet", "--file", str(tmp_path / table))

    found = contradictions(torn)
    assert "steps of no appointment" in found
    assert len(found) > 2, found


def only_ours() -> list[str]:
    return [f"--schema={schema}" for schema in SCHEMAS]


def dump(url: str, file: Path, *options: str) -> Path:
    tool(url, "pg_dump", "--file", str(file), *options)
    return file


def tool(url: str, name: str, *options: str) -> None:
    done = subprocess.run([choose().program(name), "--dbname", url, *options], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_rights_triggers_and_counters_come_back(
    environment: dict[str, str], auth: Flask, appointment: Flask, prescription: Flask, copier: Copier, tmp_path: Path
) -> None:
    """The description of a restored database is that of the first one, line by line, and its promises hold."""
    make.appointment(appointment, make.person(auth), make.doctor(auth, appointment))
    copier.must("take")
    restored = empty_database(environment, "clinic_restored")
    copier.must("restore", str(copier.newest()), database="clinic_restored")

    assert description(restored["ADMIN_URL"], tmp_path) == description(environment["ADMIN_URL"], tmp_path)
    for change in ("DELETE FROM", "UPDATE", "TRUNCATE"):
        what = " SET action = 'appointment.read'" if change == "UPDATE" else ""
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            rows(restored["APPOINTMENT_DATABASE_URL"], f"{change} audit_event{what}")
    with pytest.raises(psycopg2.errors.RestrictViolation):
        rows(restored["ADMIN_URL"], "DELETE FROM appointment.audit_event")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        rows(restored["APPOINTMENT_DATABASE_URL"], "SELECT FROM auth.person")


def description(url: str, place: Path) -> list[str]:
    """Tables, owners, grants, triggers, constraints and counters, as pg_dump writes them."""
    text = dump(url, place / "description", "--schema-only").read_text()
    return [line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]


def test_a_server_that_has_nothing_gets_everything_back(
    environment: dict[str, str], auth: Flask, copier: Copier, tmp_path: Path
) -> None:
    """Another server, new: it knows no role, and gets them from the settings before it gets the copy."""
    make.person(auth, email="back@example.com")
    copier.must("take")
    server = Database(tmp_path / "server")
    server.start()
    there = {**environment, "ADMIN_URL": server.admin_url.rsplit("/", 1)[0] + "/clinic"}
    rows_outside_a_transaction(server.admin_url, "CREATE DATABASE clinic TEMPLATE template0")
    elsewhere = Copier(there["ADMIN_URL"], copier.folder)
    try:
        no_roles = elsewhere.run("restore", str(copier.newest()))
        provision(
            server.admin_url, [moved(environment[url], server) for url in environment if url.endswith("BASE_URL")]
        )
        elsewhere.must("restore", str(copier.newest()))

        assert "python -m chassis.provision" in no_roles.stderr
        assert value(there["ADMIN_URL"], "SELECT email FROM auth.person") == "back@example.com"
        assert description(there["ADMIN_URL"], tmp_path) == description(environment["ADMIN_URL"], tmp_path)
        assert value(moved(environment["AUTH_DATABASE_URL"], server), "SELECT count(*) FROM person") == 1
    finally:
        server.kill()


def moved(url: str, server: Database) -> str:
    """A service's URL, on another server."""
    return make_url(url).set(port=server.port).render_as_string(hide_password=False)


def test_the_programs_work_on_a_restored_database(
    environment: dict[str, str], auth: Flask, appointment: Flask, prescription: Flask, copier: Copier
) -> None:
    from appointment_service import create_app as create_appointment
    from appointment_service.settings import AppointmentSettings
    from auth_service import create_app as create_auth
    from auth_service.settings import AuthSettings
    from prescription_service import create_app as create_prescription
    from prescription_service.settings import PrescriptionSettings
    from tests.conftest import in_process

    patient, doctor = make.person(auth), make.doctor(auth, appointment)
    booked = make.appointment(appointment, patient, doctor)
    signed = make.prescription(prescription, doctor, booked["id"])
    copier.must("take")
    restored = empty_database(environment, "clinic_restored")
    copier.must("restore", str(copier.newest()), database="clinic_restored")

    auth_again = create_auth(AuthSettings(**restored))
    appointment_again = create_appointment(AppointmentSettings(**restored), in_process("auth", auth_again))
    neighbours = in_process("auth", auth_again), in_process("appointment", appointment_again)
    prescription_again = create_prescription(PrescriptionSettings(**restored), *neighbours)
    back = make.sign_in(auth_again, patient.email)
    read = Api(prescription_again, back.token).get(f"/prescriptions/{signed['id']}")
    assert (read["number"], read["content_mark"]) == (signed["number"], signed["content_mark"])
    assert make.appointment(appointment_again, back, doctor, days=8)["status"] == "booked"
    assert seals(prescription_again).exit_code == 0

    other_key = {**restored, "PRESCRIPTION_SECRET_KEY": "another key than the one of the seals"}
    assert signed["number"] in seals(create_prescription(PrescriptionSettings(**other_key), *neighbours)).output
    for app in (auth_again, appointment_again, prescription_again):
        with app.app_context():
            app.extensions["migrate"].db.engine.dispose()


def seals(prescription: Flask) -> Any:
    return prescription.test_cli_runner().invoke(args=["check-seals"])


def test_a_role_that_only_reads_can_take_a_copy(environment: dict[str, str], auth: Flask, copier: Copier) -> None:
    """As docs/operations/backup.md makes it."""
    url = environment["ADMIN_URL"]
    rows(url, "CREATE ROLE backup LOGIN PASSWORD 'reads' IN ROLE pg_read_all_data")
    rows(url, "GRANT CONNECT ON DATABASE clinic TO backup")
    try:
        copier.must("take", PGUSER="backup", PGPASSWORD="reads")
    finally:
        rows(url, "REVOKE CONNECT ON DATABASE clinic FROM backup; DROP ROLE backup")


def test_a_restore_overwrites_nothing(
    environment: dict[str, str], auth: Flask, appointment: Flask, copier: Copier
) -> None:
    person = make.person(auth)
    copier.must("take")

    refused = copier.run("restore", str(copier.newest()))

    assert refused.returncode == 1
    assert "overwrites nothing" in refused.stderr
    assert "set-aside" in refused.stderr
    assert value(environment["ADMIN_URL"], "SELECT email FROM auth.person") == person.email


def test_a_database_is_set_aside_and_keeps_its_data(environment: dict[str, str], auth: Flask, copier: Copier) -> None:
    restored = empty_database(environment, "clinic_restored")
    rows(restored["ADMIN_URL"], "CREATE TABLE auth.mistake (n integer)")

    said = copier.must("set-aside", database="clinic_restored")

    name = said.split(" is called ")[1].split(" now")[0]
    assert name.startswith("clinic_restored_until_")
    kept = f"{environment['ADMIN_URL'].rsplit('/', 1)[0]}/{name}"
    assert value(kept, "SELECT count(*) FROM auth.mistake") == 0
    rows_outside_a_transaction(environment["ADMIN_URL"], f"DROP DATABASE {name}")


@pytest.mark.parametrize("harm", ["cut", "changed", "no sum"])
def test_a_copy_that_was_harmed_is_not_restored(
    environment: dict[str, str], auth: Flask, copier: Copier, harm: str
) -> None:
    copier.must("take")
    file = copier.newest()
    content = file.read_bytes()
    if harm == "no sum":
        file.with_name(f"{file.name}.sha256").unlink()
    else:
        file.write_bytes(content[:-20] if harm == "cut" else content[:-1] + bytes([content[-1] ^ 1]))
    restored = empty_database(environment, "clinic_restored")

    refused = copier.run("restore", str(file), database="clinic_restored")

    assert refused.returncode == 1
    assert tables(restored["ADMIN_URL"]) == []


def test_a_copy_that_fails_leaves_nothing(copier: Copier) -> None:
    failed = copier.run("take", "--table=nobody.has_this")

    assert failed.returncode != 0
    assert [one for one in copier.folder.rglob("*") if one.is_file()] == []


def test_as_many_copies_stay_as_are_asked_for(copier: Copier) -> None:
    copier.must("take")
    weekly = [one.name for one in (copier.folder / "weekly").glob("*.dump")]
    first = copier.newest().rename(copier.folder / "daily" / "clinic-20260105T020000Z.dump")
    for day in range(1, 5):
        shutil.copy(first, first.with_name(f"clinic-2026010{day}T020000Z.dump"))
        shutil.copy(first, first.with_name(f"clinic-2026010{day}T020000Z.dump.sha256"))

    copier.must("take", BACKUP_KEEP_DAILY="3")

    left = sorted(one.name for one in (copier.folder / "daily").iterdir() if one.suffix == ".dump")
    assert len(left) == 3
    assert left[0] == "clinic-20260104T020000Z.dump"
    assert not (copier.folder / "daily" / "clinic-20260101T020000Z.dump.sha256").exists()
    assert [one.name for one in (copier.folder / "weekly").glob("*.dump")] == weekly, "one a week"
    assert len(weekly) == 1
    assert "at least one" in copier.run("take", BACKUP_KEEP_DAILY="0").stderr


def test_monitoring_learns_that_the_newest_copy_is_too_old(copier: Copier) -> None:
    assert copier.run("check").returncode == 1

    copier.must("take")
    copier.must("check")
    said = dict(line.split() for line in (copier.folder / "clinic_backup.prom").read_text().splitlines())
    assert abs(float(said["clinic_backup_last_success_timestamp_seconds"]) - time.time()) < 60
    assert int(said["clinic_backup_size_bytes"]) == copier.newest().stat().st_size

    long_ago = time.time() - 27 * 3600
    os.utime(copier.newest(), (long_ago, long_ago))
    old = copier.run("check")
    assert old.returncode == 1
    assert "older than 26 hours" in old.stderr


def test_a_copy_is_verified_by_restoring_it(environment: dict[str, str], auth: Flask, copier: Copier) -> None:
    make.person(auth)
    copier.must("take")

    said = copier.must("verify")

    assert "can be restored" in said
    assert "1  auth.person" in said
    databases = rows(environment["ADMIN_URL"], "SELECT datname FROM pg_database WHERE datname LIKE '%%verify%%'")
    assert databases == []


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not on this machine")
def test_a_copy_is_encrypted_by_the_filter_that_is_given(
    environment: dict[str, str], auth: Flask, copier: Copier, tmp_path: Path
) -> None:
    make.person(auth, email="find-me@example.com")
    (tmp_path / "key").write_text("a key that lies elsewhere")
    cipher = f"openssl enc -aes-256-ctr -pbkdf2 -pass file:{tmp_path}/key"
    copier.must("take", "--compress=0", BACKUP_ENCRYPT=cipher)
    file = copier.newest()
    empty_database(environment, "clinic_restored")

    assert b"find-me" not in file.read_bytes()
    assert copier.run("restore", str(file), database="clinic_restored").returncode != 0
    copier.must("restore", str(file), database="clinic_restored", BACKUP_DECRYPT=f"{cipher} -d")
