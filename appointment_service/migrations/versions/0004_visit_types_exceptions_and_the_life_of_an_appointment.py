"""visit types, exceptions, and the life of an appointment."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.migrations import append_only

revision = '0004'
down_revision = '0003'

STATUSES = "'pending', 'booked', 'arrived', 'checked-in', 'fulfilled', 'noshow', 'cancelled', 'entered-in-error'"
BLOCKING = "'pending', 'booked', 'arrived', 'checked-in'"


def nobody_twice(column, begins, ends, name, where):
    op.execute(f"ALTER TABLE appointment DROP CONSTRAINT {name}")
    op.execute(
        f"ALTER TABLE appointment ADD CONSTRAINT {name} EXCLUDE USING gist"
        f" (personrange({column}, {column}, '[]') WITH &&, tstzrange({begins}, {ends}) WITH &&) WHERE ({where})"
    )


def upgrade() -> None:
    op.create_table('visit_type',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('public_name', sa.Text(), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('duration_min', sa.SmallInteger(), nullable=False),
    sa.Column('buffer_before_min', sa.SmallInteger(), nullable=False),
    sa.Column('buffer_after_min', sa.SmallInteger(), nullable=False),
    sa.Column('step_min', sa.SmallInteger(), nullable=False),
    sa.Column('min_notice_min', sa.Integer(), nullable=False),
    sa.Column('horizon_days', sa.SmallInteger(), nullable=False),
    sa.Column('patient_move_cutoff_min', sa.Integer(), nullable=False),
    sa.Column('patient_cancel_cutoff_min', sa.Integer(), nullable=False),
    sa.Column('late_cancel_min', sa.Integer(), nullable=False),
    sa.Column('sensitive', sa.Boolean(), nullable=False),
    sa.Column('bookable_by', sa.Text(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("bookable_by IN ('patient', 'staff')", name=op.f('ck_visit_type_bookable_by')),
    sa.CheckConstraint('buffer_after_min BETWEEN 0 AND 240', name=op.f('ck_visit_type_buffer_after_min')),
    sa.CheckConstraint('buffer_before_min BETWEEN 0 AND 240', name=op.f('ck_visit_type_buffer_before_min')),
    sa.CheckConstraint('duration_min BETWEEN 5 AND 480', name=op.f('ck_visit_type_duration_min')),
    sa.CheckConstraint('horizon_days BETWEEN 1 AND 730', name=op.f('ck_visit_type_horizon_days')),
    sa.CheckConstraint('late_cancel_min BETWEEN 0 AND 43200', name=op.f('ck_visit_type_late_cancel_min')),
    sa.CheckConstraint('min_notice_min BETWEEN 0 AND 43200', name=op.f('ck_visit_type_min_notice_min')),
    sa.CheckConstraint('patient_cancel_cutoff_min BETWEEN 0 AND 43200', name=op.f('ck_visit_type_patient_cancel_cutoff_min')),
    sa.CheckConstraint('patient_move_cutoff_min BETWEEN 0 AND 43200', name=op.f('ck_visit_type_patient_move_cutoff_min')),
    sa.CheckConstraint('step_min BETWEEN 5 AND 480', name=op.f('ck_visit_type_step_min')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_visit_type')),
    sa.UniqueConstraint('name', name='uq_visit_type_name')
    )
    op.create_table('running_late',
    sa.Column('doctor_id', sa.Uuid(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('minutes', sa.SmallInteger(), nullable=False),
    sa.Column('said_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.CheckConstraint('minutes BETWEEN 0 AND 480', name=op.f('ck_running_late_minutes')),
    sa.ForeignKeyConstraint(['doctor_id'], ['doctor.id'], name=op.f('fk_running_late_doctor_id_doctor')),
    sa.PrimaryKeyConstraint('doctor_id', 'day', name=op.f('pk_running_late'))
    )
    op.create_table('schedule_exception',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('doctor_id', sa.Uuid(), nullable=True),
    sa.Column('from_date', sa.Date(), nullable=False),
    sa.Column('to_date', sa.Date(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('starts', sa.Time(), nullable=True),
    sa.Column('ends', sa.Time(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('holiday', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("doctor_id IS NOT NULL OR kind = 'closed'", name=op.f('ck_schedule_exception_the_clinic_only_closes')),
    sa.CheckConstraint("kind = 'closed' OR starts IS NOT NULL", name=op.f('ck_schedule_exception_opening_has_times')),
    sa.CheckConstraint("kind IN ('closed', 'replace', 'extra')", name=op.f('ck_schedule_exception_kind')),
    sa.CheckConstraint('(starts IS NULL) = (ends IS NULL)', name=op.f('ck_schedule_exception_both_times_or_none')),
    sa.CheckConstraint('to_date >= from_date', name=op.f('ck_schedule_exception_from_before_to')),
    sa.ForeignKeyConstraint(['doctor_id'], ['doctor.id'], name=op.f('fk_schedule_exception_doctor_id_doctor')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_schedule_exception'))
    )
    op.create_index('ix_schedule_exception_doctor_id', 'schedule_exception', ['doctor_id', 'to_date'], unique=False)
    op.create_index('uq_schedule_exception_holiday', 'schedule_exception', ['from_date'], unique=True, postgresql_where=sa.text('holiday AND doctor_id IS NULL'))
    op.create_table('visit_type_override',
    sa.Column('doctor_id', sa.Uuid(), nullable=False),
    sa.Column('visit_type_id', sa.Uuid(), nullable=False),
    sa.Column('offered', sa.Boolean(), nullable=False),
    sa.Column('duration_min', sa.SmallInteger(), nullable=True),
    sa.Column('buffer_before_min', sa.SmallInteger(), nullable=True),
    sa.Column('buffer_after_min', sa.SmallInteger(), nullable=True),
    sa.Column('step_min', sa.SmallInteger(), nullable=True),
    sa.Column('min_notice_min', sa.Integer(), nullable=True),
    sa.Column('horizon_days', sa.SmallInteger(), nullable=True),
    sa.Column('patient_move_cutoff_min', sa.Integer(), nullable=True),
    sa.Column('patient_cancel_cutoff_min', sa.Integer(), nullable=True),
    sa.Column('late_cancel_min', sa.Integer(), nullable=True),
    sa.Column('bookable_by', sa.Text(), nullable=True),
    sa.CheckConstraint("bookable_by IN ('patient', 'staff')", name=op.f('ck_visit_type_override_bookable_by')),
    sa.CheckConstraint('buffer_after_min BETWEEN 0 AND 240', name=op.f('ck_visit_type_override_buffer_after_min')),
    sa.CheckConstraint('buffer_before_min BETWEEN 0 AND 240', name=op.f('ck_visit_type_override_buffer_before_min')),
    sa.CheckConstraint('duration_min BETWEEN 5 AND 480', name=op.f('ck_visit_type_override_duration_min')),
    sa.CheckConstraint('horizon_days BETWEEN 1 AND 730', name=op.f('ck_visit_type_override_horizon_days')),
    sa.CheckConstraint('late_cancel_min BETWEEN 0 AND 43200', name=op.f('ck_visit_type_override_late_cancel_min')),
    sa.CheckConstraint('min_notice_min BETWEEN 0 AND 43200', name=op.f('ck_visit_type_override_min_notice_min')),
    sa.CheckConstraint('patient_cancel_cutoff_min BETWEEN 0 AND 43200', name=op.f('ck_visit_type_override_patient_cancel_cutoff_min')),
    sa.CheckConstraint('patient_move_cutoff_min BETWEEN 0 AND 43200', name=op.f('ck_visit_type_override_patient_move_cutoff_min')),
    sa.CheckConstraint('step_min BETWEEN 5 AND 480', name=op.f('ck_visit_type_override_step_min')),
    sa.ForeignKeyConstraint(['doctor_id'], ['doctor.id'], name=op.f('fk_visit_type_override_doctor_id_doctor')),
    sa.ForeignKeyConstraint(['visit_type_id'], ['visit_type.id'], name=op.f('fk_visit_type_override_visit_type_id_visit_type')),
    sa.PrimaryKeyConstraint('doctor_id', 'visit_type_id', name=op.f('pk_visit_type_override'))
    )
    op.create_table('appointment_event',
    sa.Column('sequence', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('appointment_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.Column('actor_role', sa.Text(), nullable=False),
    sa.Column('actor_name', sa.Text(), nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('from_status', sa.Text(), nullable=True),
    sa.Column('to_status', sa.Text(), nullable=False),
    sa.Column('from_start', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('to_start', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('detail', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.ForeignKeyConstraint(['appointment_id'], ['appointment.id'], name=op.f('fk_appointment_event_appointment_id_appointment')),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_appointment_event'))
    )
    op.create_index('ix_appointment_event_appointment_id', 'appointment_event', ['appointment_id', 'sequence'], unique=False)
    op.add_column('appointment', sa.Column('visit_type_id', sa.Uuid(), nullable=True))
    op.add_column('appointment', sa.Column('visit_type_name', sa.Text(), server_default='', nullable=False))
    op.add_column('appointment', sa.Column('sensitive', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('appointment', sa.Column('block_start', sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column('appointment', sa.Column('block_end', sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column('appointment', sa.Column('move_cutoff_min', sa.Integer(), server_default='240', nullable=False))
    op.add_column('appointment', sa.Column('cancel_cutoff_min', sa.Integer(), server_default='0', nullable=False))
    op.add_column('appointment', sa.Column('late_cancel_min', sa.Integer(), server_default='1440', nullable=False))
    op.add_column('appointment', sa.Column('overbook', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('appointment', sa.Column('displaced', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('appointment', sa.Column('held_until', sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column('appointment', sa.Column('version', sa.Integer(), server_default='1', nullable=False))
    op.add_column('appointment', sa.Column('ical_sequence', sa.Integer(), server_default='0', nullable=False))
    op.add_column('appointment', sa.Column('arrived_at', sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column('appointment', sa.Column('cancellation_code', sa.Text(), nullable=True))
    op.add_column('appointment', sa.Column('cancellation_note', sa.Text(), server_default='', nullable=False))
    op.add_column('appointment', sa.Column('late', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.create_index('ix_appointment_held_until', 'appointment', ['held_until'], unique=False, postgresql_where=sa.text("status = 'pending'"))
    op.create_index('ix_appointment_starts_at', 'appointment', ['starts_at', 'id'], unique=False)
    op.create_foreign_key(op.f('fk_appointment_visit_type_id_visit_type'), 'appointment', 'visit_type', ['visit_type_id'], ['id'])
    op.alter_column('doctor', 'visit_minutes',
               existing_type=sa.SMALLINT(),
               server_default='20',
               existing_nullable=False)
    op.add_column('weekly_hours', sa.Column('valid_from', sa.Date(), server_default='0001-01-01', nullable=False))
    op.add_column('weekly_hours', sa.Column('valid_to', sa.Date(), nullable=True))
    op.add_column('weekly_hours', sa.Column('visit_type_ids', sa.ARRAY(sa.Uuid()), nullable=True))
    op.add_column('weekly_hours', sa.Column('opens_hours_before', sa.SmallInteger(), nullable=True))
    op.drop_constraint(op.f('uq_weekly_hours_start'), 'weekly_hours', type_='unique')
    op.create_unique_constraint('uq_weekly_hours_start', 'weekly_hours', ['doctor_id', 'weekday', 'starts', 'valid_from'])

    op.execute("ALTER TABLE weekly_hours DROP CONSTRAINT ck_weekly_hours_starts_before_it_ends")
    op.create_check_constraint(op.f('ck_weekly_hours_opens_hours_before'), 'weekly_hours', 'opens_hours_before BETWEEN 1 AND 720')
    op.create_check_constraint(op.f('ck_weekly_hours_valid_from_before_to'), 'weekly_hours', 'valid_to >= valid_from')
    op.drop_constraint(op.f('ck_appointment_status'), 'appointment', type_='check')
    op.create_check_constraint(op.f('ck_appointment_status'), 'appointment', f"status IN ({STATUSES})")
    op.create_check_constraint(op.f('ck_appointment_block_holds_the_visit'), 'appointment', "block_start <= starts_at AND block_end >= ends_at")
    op.create_check_constraint(op.f('ck_appointment_pending_ends'), 'appointment', "(status = 'pending') <= (held_until IS NOT NULL)")
    # without buffers the block is the visit: rows of the release before have none
    nobody_twice('doctor_id', 'coalesce(block_start, starts_at)', 'coalesce(block_end, ends_at)', 'ex_appointment_doctor',
                 f"status IN ({BLOCKING}) AND NOT overbook")
    nobody_twice('patient_id', 'starts_at', 'ends_at', 'ex_appointment_patient', f"status IN ({BLOCKING})")
    op.execute(
        "INSERT INTO appointment_event (appointment_id, at, actor_id, actor_role, actor_name, action, to_status, to_start)"
        " SELECT id, created_at, patient_id, 'patient', patient_name, 'book', 'booked', starts_at FROM appointment"
    )
    op.execute(
        "INSERT INTO appointment_event"
        " (appointment_id, at, actor_id, actor_role, actor_name, action, from_status, to_status, to_start)"
        " SELECT id, cancelled_at, cancelled_by, CASE WHEN cancelled_by = patient_id THEN 'patient' WHEN cancelled_by ="
        " doctor_id THEN 'doctor' ELSE 'admin' END, CASE WHEN cancelled_by = patient_id THEN patient_name WHEN"
        " cancelled_by = doctor_id THEN doctor_name ELSE '' END, 'cancel', 'booked', 'cancelled', starts_at"
        " FROM appointment WHERE status = 'cancelled'"
    )
    append_only('appointment_event')


def downgrade() -> None:
    op.execute("DELETE FROM appointment WHERE status NOT IN ('booked', 'cancelled') OR overbook")
    nobody_twice('doctor_id', 'starts_at', 'ends_at', 'ex_appointment_doctor', "status = 'booked'")
    nobody_twice('patient_id', 'starts_at', 'ends_at', 'ex_appointment_patient', "status = 'booked'")
    for name in ('pending_ends', 'block_holds_the_visit', 'status'):
        op.drop_constraint(op.f(f'ck_appointment_{name}'), 'appointment', type_='check')
    op.create_check_constraint(op.f('ck_appointment_status'), 'appointment', "status IN ('booked', 'cancelled')")
    op.execute("DELETE FROM weekly_hours WHERE NOT (ends > starts OR ends = '00:00') OR valid_to IS NOT NULL")
    for name in ('valid_from_before_to', 'opens_hours_before'):
        op.drop_constraint(op.f(f'ck_weekly_hours_{name}'), 'weekly_hours', type_='check')
    op.create_check_constraint(op.f('ck_weekly_hours_starts_before_it_ends'), 'weekly_hours', "ends > starts OR ends = '00:00'")
    op.drop_constraint('uq_weekly_hours_start', 'weekly_hours', type_='unique')
    op.create_unique_constraint(op.f('uq_weekly_hours_start'), 'weekly_hours', ['doctor_id', 'weekday', 'starts'], postgresql_nulls_not_distinct=False)
    op.drop_column('weekly_hours', 'opens_hours_before')
    op.drop_column('weekly_hours', 'visit_type_ids')
    op.drop_column('weekly_hours', 'valid_to')
    op.drop_column('weekly_hours', 'valid_from')
    op.alter_column('doctor', 'visit_minutes',
               existing_type=sa.SMALLINT(),
               server_default=None,
               existing_nullable=False)
    op.drop_constraint(op.f('fk_appointment_visit_type_id_visit_type'), 'appointment', type_='foreignkey')
    op.drop_index('ix_appointment_starts_at', table_name='appointment')
    op.drop_index('ix_appointment_held_until', table_name='appointment', postgresql_where=sa.text("status = 'pending'"))
    op.drop_column('appointment', 'late')
    op.drop_column('appointment', 'cancellation_note')
    op.drop_column('appointment', 'cancellation_code')
    op.drop_column('appointment', 'arrived_at')
    op.drop_column('appointment', 'ical_sequence')
    op.drop_column('appointment', 'version')
    op.drop_column('appointment', 'held_until')
    op.drop_column('appointment', 'displaced')
    op.drop_column('appointment', 'overbook')
    op.drop_column('appointment', 'late_cancel_min')
    op.drop_column('appointment', 'cancel_cutoff_min')
    op.drop_column('appointment', 'move_cutoff_min')
    op.drop_column('appointment', 'block_end')
    op.drop_column('appointment', 'block_start')
    op.drop_column('appointment', 'sensitive')
    op.drop_column('appointment', 'visit_type_name')
    op.drop_column('appointment', 'visit_type_id')
    op.drop_index('ix_appointment_event_appointment_id', table_name='appointment_event')
    op.drop_table('appointment_event')
    op.execute("DROP FUNCTION refuse_change_of_appointment_event()")
    op.drop_table('visit_type_override')
    op.drop_index('uq_schedule_exception_holiday', table_name='schedule_exception', postgresql_where=sa.text('holiday AND doctor_id IS NULL'))
    op.drop_index('ix_schedule_exception_doctor_id', table_name='schedule_exception')
    op.drop_table('schedule_exception')
    op.drop_table('running_late')
    op.drop_table('visit_type')
