"""What 10,000 appointments in the database cost, and what 1,000,000: the same questions to two services in turns.

Costs are those of the service and of PostgreSQL together, because it is PostgreSQL that has more to look through.
"""

from collections.abc import Iterator
from datetime import timedelta

from benchmarks import booking, measure
from benchmarks.clinic import Clinic, monday
from benchmarks.house import House, Somebody
from benchmarks.lists import asked
from benchmarks.measure import Cost, Side
from benchmarks.table import Row

FEW, MANY = 10_000, 1_000_000
PATIENTS = 20_000
FILL = """
    INSERT INTO appointment (id, reference, doctor_id, doctor_name, doctor_specialty, room, patient_id, patient_name,
                             starts_at, ends_at, status, notes)
    SELECT gen_random_uuid(), upper(lpad(to_hex(n), 8, '0')), (%(doctors)s::uuid[])[1 + n %% 10], 'Dr Name',
           'General practice', '', CASE n %% %(patients)s WHEN 17 THEN %(patient)s::uuid ELSE
           ('00000000-0000-4000-8000-' || lpad((n %% %(patients)s)::text, 12, '0'))::uuid END, 'Some Body',
           now() - n / 10 * interval '20 minutes', now() - n / 10 * interval '20 minutes' + interval '20 minutes',
           'fulfilled', 'Sore throat'
      FROM generate_series(1, %(number)s) n
"""
"""Every ten of them begin at the same time, back into the past."""


def rows(house: House) -> Iterator[Row]:
    """A ratio for each question."""
    patient = house.people("patient", 1)[0]
    patients = house.people("patient", measure.REQUESTS)
    few, many = (_filled(house, name, patient, number) for name, number in (("clinic", FEW), ("clinic_many", MANY)))
    doctor = few.doctors[4]
    first = monday()
    days = f"from={first}&to={first + timedelta(days=27)}"
    lately = f"from={first - timedelta(days=14)}&to={first - timedelta(days=8)}"
    questions = {
        "a doctor's newest twenty": (doctor, "/appointments?sort=-start"),
        "a doctor's week": (doctor, f"/appointments?{lately}"),
        "a patient's newest twenty": (patient, "/appointments?sort=-start"),
        "free times of a doctor for 28 days": (patient, f"/slots?doctor_id={doctor.id}&{days}"),
    }
    for name, (who, path) in questions.items():
        sides = [Side(one.service, asked(house, who, path)) for one in (many, few)]
        yield _row(house, name, *sides)
    yield _row(house, "booking", *[booking.side(one, patients, booking.OURS) for one in (many, few)])


def _row(house: House, name: str, many: Side, few: Side) -> Row:
    found = measure.compare(many, few, house.database, requests=60, rounds=5)
    return Row(f"{name}, {MANY:,} rows against {FEW:,}", 1.2, found.ratio(_together), how=found.how)


def _together(cost: Cost) -> float:
    return cost.together


def _filled(house: House, name: str, patient: Somebody, number: int) -> Clinic:
    clinic = Clinic.of(house, name)
    doctors = [str(one.id) for one in clinic.doctors]
    given = {"doctors": doctors, "patients": PATIENTS, "patient": str(patient.id), "number": number}
    with house.connect(name=name).cursor() as cursor:
        cursor.execute(FILL, given)
        cursor.execute("VACUUM ANALYZE appointment")
    return clinic
