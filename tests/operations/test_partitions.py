"""How the table of appointments could be partitioned by time, and still nobody is in two places at once.

docs/operations/scaling.md says when that would be needed. The constraints are those of the real table.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import pytest
from psycopg2.errors import CheckViolation, ExclusionViolation
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a type

MONTHS = [datetime(2027, month, 1, 3, tzinfo=UTC) for month in (3, 4, 5)]
"""Partitions begin at an hour at which a clinic is closed, not at midnight."""
DOCTOR = uuid4()
INSERT = """
    INSERT INTO parted (id, reference, doctor_id, doctor_name, doctor_specialty, room, patient_id, patient_name,
                        starts_at, ends_at, status, notes, created_at)
    VALUES (gen_random_uuid(), left(md5(random()::text), 8), %s, '', '', '', %s, '', %s, %s, 'booked', '', now())
"""


@pytest.fixture
def table(environment: dict[str, str], migrated: None) -> Iterator[Cursor]:
    """A table like that of appointments, empty and partitioned by month; gone afterwards."""
    connection = psycopg2.connect(environment["APPOINTMENT_DATABASE_URL"])
    cursor = connection.cursor()
    cursor.execute(
        "CREATE TABLE parted (LIKE appointment INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (starts_at)"
    )
    yield cursor
    connection.rollback()
    connection.close()


def nobody_twice(cursor: Cursor) -> dict[str, str]:
    """The exclusion constraints of the real table."""
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'appointment'::regclass AND contype = 'x'"
    )
    return dict(cursor.fetchall())


def part(cursor: Cursor, *, inside: bool = True) -> None:
    """Make the partitions, each with the constraints; `inside`: no visit with its buffers reaches beyond its own."""
    promises = nobody_twice(cursor)
    for n, (first, last) in enumerate(pairwise(MONTHS)):
        cursor.execute(f"CREATE TABLE parted_{n} PARTITION OF parted FOR VALUES FROM (%s) TO (%s)", (first, last))
        for name, definition in promises.items():
            cursor.execute(f"ALTER TABLE parted_{n} ADD CONSTRAINT {name}_{n} {definition}")
        if inside:
            cursor.execute(
                f"ALTER TABLE parted_{n} ADD CHECK (coalesce(block_start, starts_at) >= %s"
                " AND coalesce(block_end, ends_at) <= %s)",
                (first, last),
            )


def book(cursor: Cursor, start: datetime, doctor: UUID = DOCTOR, **given: Any) -> None:
    cursor.execute(INSERT, (str(doctor), str(given.get("patient", uuid4())), start, start + timedelta(minutes=20)))


def test_postgresql_keeps_no_such_promise_over_all_partitions(table: Cursor) -> None:
    promises = nobody_twice(table)

    assert len(promises) == 2
    with pytest.raises(psycopg2.Error, match=r"exclusion constraint|partition"):
        table.execute(f"ALTER TABLE parted ADD CONSTRAINT promised {promises['ex_appointment_doctor']}")


def test_each_partition_keeps_it_where_no_visit_reaches_beyond_its_own(table: Cursor) -> None:
    part(table)
    book(table, MONTHS[0] + timedelta(hours=6))
    book(table, MONTHS[1] + timedelta(hours=6))  # another month, and the same hour

    table.execute("SAVEPOINT before")
    with pytest.raises(ExclusionViolation):
        book(table, MONTHS[0] + timedelta(hours=6, minutes=10))
    table.execute("ROLLBACK TO before")
    with pytest.raises(CheckViolation):
        book(table, MONTHS[1] - timedelta(minutes=10))


def test_without_that_somebody_could_be_in_two_places_at_the_border(table: Cursor) -> None:
    part(table, inside=False)

    book(table, MONTHS[1] - timedelta(minutes=10))
    book(table, MONTHS[1])

    table.execute(
        "SELECT count(*) FROM parted a JOIN parted b ON a.id < b.id AND a.doctor_id = b.doctor_id"
        " AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)"
    )
    assert table.fetchone() == (1,)
