"""What the appointment service's cases stand on: ten doctors at work from Monday to Friday, and rows in any number."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from appointment_service import visit_types
from appointment_service.models import Doctor, db
from appointment_service.schedule_tables import WeeklyHours
from benchmarks.house import House, Somebody
from tests.servers import Program

BOOKED = """
    INSERT INTO appointment (id, reference, doctor_id, doctor_name, doctor_specialty, room, patient_id, patient_name,
                             starts_at, ends_at, status, notes)
    SELECT gen_random_uuid(), upper(left(md5(random()::text), 8)), %(doctor)s::uuid, 'Dr First Last', 'General care',
           'Room 4', %(patient)s::uuid, 'First Last', day + interval '10 hours', day + interval '10 hours 20 minutes',
           'booked', 'Sore throat and a cough since Tuesday'
      FROM generate_series(1, %(number)s) n, LATERAL (SELECT %(first)s::timestamptz + n * interval '1 day' AS day) d
"""


@dataclass
class Clinic:
    """Ten doctors, their appointment service, and its rival on the same tables."""

    house: House
    doctors: list[Somebody]
    service: Program
    bare: Program
    database: str = "clinic"

    @classmethod
    def of(cls, house: House, database: str = "clinic") -> "Clinic":
        """The clinic of this database, made once."""
        known: dict[str, Clinic] = house.kept
        if database not in known:
            urls = house.database_urls(database)
            doctors = known["clinic"].doctors if known else house.people("doctor", 10)
            _open(house, doctors, urls)
            url = {"APPOINTMENT_DATABASE_URL": urls["APPOINTMENT_DATABASE_URL"]}
            name = "" if database == "clinic" else f"appointment on {database}"
            service = house.program("appointment_service", name, **url)
            known[database] = cls(house, doctors, service, house.program("benchmarks.bare"), database)
        return known[database]

    def fill(self, patient: Somebody, number: int) -> None:
        """Give a patient so many appointments, one a day from the next Monday on; nobody else has any then."""
        given = {"doctor": str(self.doctors[0].id), "patient": str(patient.id), "number": number}
        first = datetime.combine(monday() - timedelta(days=1), time(), UTC)
        self.cancel(first, first + timedelta(days=2 * number))
        with self.house.connect().cursor() as cursor:
            cursor.execute(BOOKED, given | {"first": first})

    def cancel(self, since: datetime, until: datetime) -> None:
        """Give back all that is booked from one instant to another."""
        with self.house.connect(name=self.database).cursor() as cursor:
            cursor.execute(
                "UPDATE appointment SET status = 'cancelled', cancelled_at = now()"
                " WHERE status = 'booked' AND starts_at >= %s AND starts_at < %s",
                (since, until),
            )


def monday() -> date:
    """The next one but at least a day ahead: what notice a kind of visit wants is kept."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    return tomorrow + timedelta(days=-tomorrow.weekday() % 7)


def _open(house: House, doctors: list[Somebody], environment: dict[str, str]) -> None:
    """Make the tables, the doctors and their hours."""
    app = house.migrated("appointment", **environment)
    with app.app_context():
        visit_types.standard()
        for one in doctors:
            entry = {"specialty": "General practice", "room": "Room 4", "about": "", "bookable": True}
            db.session.add(Doctor(id=one.id, name=one.row.name, **entry))
        db.session.flush()
        for one in doctors:
            for weekday in range(1, 6):
                db.session.add(WeeklyHours(doctor_id=one.id, weekday=weekday, starts=time(9), ends=time(17)))
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
