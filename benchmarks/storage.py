"""What a visit leaves behind: bytes of each table with its indexes, and what PostgreSQL writes ahead for a request.

docs/operations/scaling.md works out from it how much storage clinics need.
"""

from collections.abc import Iterator
from itertools import islice

from benchmarks import measure
from benchmarks.clinic import Clinic
from benchmarks.house import SERVICES, House
from benchmarks.measure import Request
from benchmarks.signing import Desk
from benchmarks.table import Row
from tests.servers import Program

NUMBER = 500
TABLES = """
    SELECT relname, n, pg_total_relation_size(c.oid), pg_indexes_size(c.oid)
      FROM pg_class c,
           LATERAL (SELECT (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %%I', relname),
                           true, true, '')))[1]::text::int AS n) counted
     WHERE relnamespace = %s::regnamespace AND relkind = 'r' AND n >= %s
     ORDER BY relname
"""


def rows(house: House) -> Iterator[Row]:
    """Of a booking, a list that is read and a signature what is written ahead; then each table that has grown."""
    desk = Desk(house, Clinic.of(house), weeks=6)  # beyond what others book
    reading = (Request("GET", "/appointments", house.bearer(desk.patients[n])) for n in range(NUMBER))
    for name, program, requests in (
        ("booking", desk.clinic.service, desk.booking()),
        ("reading one's list", desk.clinic.service, reading),
        ("signing one medicine", desk.service, desk.signing()),
    ):
        yield Row(f"written ahead: {name}", None, written(house, program, requests), "B")
    for schema in SERVICES:
        with house.connect(schema).cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute(TABLES, (schema, NUMBER // 2))
            for table, number, size, indexes in cursor.fetchall():
                how = f"{number} rows, {indexes / number:.0f} of it indexes"
                yield Row(f"a row of {schema}.{table}", None, size / number, "B", how)


def written(house: House, program: Program, requests: Iterator[Request]) -> float:
    """Bytes of write-ahead log for each of so many requests. Pages are written whole only after a checkpoint."""
    with house.connect().cursor() as cursor:
        sent = list(islice(requests, NUMBER))
        cursor.execute("SELECT pg_current_wal_lsn()")
        before = cursor.fetchone()
        measure.send(program.port, sent)
        cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), %s)", before)
        (found,) = cursor.fetchone() or (0,)
    return float(found) / NUMBER
