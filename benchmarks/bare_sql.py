"""The rival's statements: what the appointment service asks, in its order, one question each."""

COLUMNS = (
    "id, reference, doctor_id, doctor_name, doctor_specialty, room, patient_id, patient_name, patient_birth_date,"
    " starts_at, ends_at, status, notes, created_at, cancelled_at, visit_type_id, visit_type_name, move_cutoff_min,"
    " cancel_cutoff_min, late_cancel_min, overbook, displaced, version, ical_sequence, arrived_at, cancellation_code,"
    " cancellation_note, late"
)
LIST = f"""
    SELECT {COLUMNS} FROM appointment WHERE patient_id = %s AND status <> 'entered-in-error'
       AND cancellation_code IS DISTINCT FROM 'hold-released' AND cancellation_code IS DISTINCT FROM 'hold-expired'
       AND status <> 'pending' ORDER BY starts_at, id LIMIT 21
"""  # noqa: S608
NOTE = """
    INSERT INTO audit_event (recorded_at, actor_id, actor_role, actor_name, action, record_id, patient_id, outcome,
                             request_id, address)
    VALUES (%s, %s, 'patient', %s, %s, %s, %s, 'done', %s, %s)
"""
TERMS = """
    SELECT d.id, t.id, t.public_name, t.sensitive, coalesce(o.duration_min, t.duration_min),
           coalesce(o.buffer_before_min, t.buffer_before_min), coalesce(o.buffer_after_min, t.buffer_after_min),
           coalesce(o.step_min, t.step_min), coalesce(o.min_notice_min, t.min_notice_min),
           coalesce(o.horizon_days, t.horizon_days), coalesce(o.patient_move_cutoff_min, t.patient_move_cutoff_min),
           coalesce(o.patient_cancel_cutoff_min, t.patient_cancel_cutoff_min),
           coalesce(o.late_cancel_min, t.late_cancel_min), coalesce(o.bookable_by, t.bookable_by)
      FROM doctor d JOIN visit_type t ON t.id = coalesce(NULL::uuid, (
               SELECT id FROM visit_type WHERE active AND bookable_by = 'patient' ORDER BY position, name LIMIT 1))
      LEFT JOIN visit_type_override o ON o.doctor_id = d.id AND o.visit_type_id = t.id
     WHERE d.bookable AND t.active AND coalesce(o.offered, true) AND d.id = ANY (%s::uuid[]) ORDER BY d.id
"""
TAKES_TIME = "(status = 'pending' OR status = 'booked' OR status = 'arrived' OR status = 'checked-in')"
SOMEBODY = f"""
    SELECT id FROM appointment WHERE doctor_id = %s AND {TAKES_TIME} AND starts_at > %s AND starts_at <= %s
       AND ends_at > %s LIMIT 1
"""  # noqa: S608
TURN = "SELECT pg_advisory_xact_lock(%s)"
DOCTORS = """
    SELECT id, name, specialty, room, about, visit_minutes, bookable, created_at FROM doctor
     WHERE id = ANY (%s::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
DEAD = """
    SELECT id FROM appointment WHERE status = 'pending' AND held_until <= %s
       AND (doctor_id = ANY (%s::uuid[]) OR patient_id = %s)
"""
TO_COME = "SELECT id FROM appointment WHERE patient_id = %s AND status = 'booked' AND starts_at > %s LIMIT 5"
WEEKS = """
    SELECT doctor_id, weekday, starts, ends, valid_from, valid_to, visit_type_ids, opens_hours_before FROM weekly_hours
     WHERE doctor_id = ANY (%s::uuid[]) AND (valid_to IS NULL OR valid_to >= %s)
"""
EXCEPTIONS = """
    SELECT doctor_id, kind, from_date, to_date, starts, ends, reason, holiday FROM schedule_exception
     WHERE (doctor_id IS NULL OR doctor_id = ANY (%s::uuid[])) AND to_date >= %s AND from_date <= %s
"""
SPANS = f"""
    SELECT doctor_id, coalesce(block_start, starts_at), coalesce(block_end, ends_at), status = 'pending'
      FROM appointment
     WHERE doctor_id = ANY (%s::uuid[]) AND {TAKES_TIME} AND starts_at > %s AND starts_at < %s
       AND (status <> 'pending' OR held_until > %s) AND id IS DISTINCT FROM NULL::uuid
"""  # noqa: S608
BOOK = f"""
    INSERT INTO appointment (id, reference, doctor_id, doctor_name, doctor_specialty, room, patient_id, patient_name,
                             patient_birth_date, starts_at, ends_at, status, notes, visit_type_id, visit_type_name,
                             sensitive, block_start, block_end, move_cutoff_min, cancel_cutoff_min, late_cancel_min,
                             overbook, held_until)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, NULL, %s, %s, 'booked', %s, %s, %s, %s, %s, %s, %s, %s, %s, false, NULL)
        ON CONFLICT DO NOTHING RETURNING {COLUMNS}
"""  # noqa: S608
HISTORY = """
    INSERT INTO appointment_event (appointment_id, at, actor_id, actor_role, actor_name, action, from_status, to_status,
                                   from_start, to_start, detail)
    VALUES (%s, %s, %s, 'patient', %s, 'book', NULL, 'booked', NULL, %s, '{}')
"""
WAITS = "SELECT id FROM waitlist_entry WHERE patient_id = %s AND visit_type_id = %s AND state = 'waiting'"
TELL = """
    INSERT INTO outbox_message (id, appointment_id, person_id, sequence, kind, due_at)
    SELECT gen_random_uuid(), %s, %s, %s, unnest(%s::text[]), unnest(%s::timestamptz[])
        ON CONFLICT ON CONSTRAINT uq_outbox_message_once DO NOTHING
"""
