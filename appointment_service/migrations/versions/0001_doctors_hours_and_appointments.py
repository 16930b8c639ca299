"""doctors, hours and appointments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None


def upgrade() -> None:
    # lets core GiST compare ids inside an exclusion constraint, without the btree_gist extension
    op.execute("CREATE TYPE personrange AS RANGE (subtype = uuid)")
    op.create_table('doctor',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('specialty', sa.Text(), nullable=False),
    sa.Column('room', sa.Text(), nullable=False),
    sa.Column('about', sa.Text(), nullable=False),
    sa.Column('visit_minutes', sa.SmallInteger(), nullable=False),
    sa.Column('bookable', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('visit_minutes BETWEEN 5 AND 480', name=op.f('ck_doctor_visit_minutes')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_doctor'))
    )
    op.create_index('ix_doctor_name_id', 'doctor', ['name', 'id'], unique=False)
    op.create_table('idempotency_key',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('route', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('person_id', 'route', 'key', name=op.f('pk_idempotency_key'))
    )
    op.create_table('appointment',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('doctor_id', sa.Uuid(), nullable=False),
    sa.Column('doctor_name', sa.Text(), nullable=False),
    sa.Column('doctor_specialty', sa.Text(), nullable=False),
    sa.Column('room', sa.Text(), nullable=False),
    sa.Column('patient_id', sa.Uuid(), nullable=False),
    sa.Column('patient_name', sa.Text(), nullable=False),
    sa.Column('patient_birth_date', sa.Date(), nullable=True),
    sa.Column('starts_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('ends_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('notes', sa.Text(), nullable=False),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('cancelled_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('cancelled_by', sa.Uuid(), nullable=True),
    postgresql.ExcludeConstraint((sa.literal_column("personrange(doctor_id, doctor_id, '[]')"), '&&'), (sa.literal_column('tstzrange(starts_at, ends_at)'), '&&'), where=sa.text("status = 'booked'"), using='gist', name='ex_appointment_doctor'),
    postgresql.ExcludeConstraint((sa.literal_column("personrange(patient_id, patient_id, '[]')"), '&&'), (sa.literal_column('tstzrange(starts_at, ends_at)'), '&&'), where=sa.text("status = 'booked'"), using='gist', name='ex_appointment_patient'),
    sa.CheckConstraint("(status = 'cancelled') = (cancelled_at IS NOT NULL)", name=op.f('ck_appointment_cancelled_has_time')),
    sa.CheckConstraint("status IN ('booked', 'cancelled')", name=op.f('ck_appointment_status')),
    sa.CheckConstraint('ends_at > starts_at', name=op.f('ck_appointment_starts_before_it_ends')),
    sa.ForeignKeyConstraint(['doctor_id'], ['doctor.id'], name=op.f('fk_appointment_doctor_id_doctor')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_appointment')),
    sa.UniqueConstraint('reference', name='uq_appointment_reference')
    )
    op.create_index('ix_appointment_doctor_id_starts_at', 'appointment', ['doctor_id', 'starts_at', 'id'], unique=False)
    op.create_index('ix_appointment_patient_id_starts_at', 'appointment', ['patient_id', 'starts_at', 'id'], unique=False)
    op.create_table('weekly_hours',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('doctor_id', sa.Uuid(), nullable=False),
    sa.Column('weekday', sa.SmallInteger(), nullable=False),
    sa.Column('starts', sa.Time(), nullable=False),
    sa.Column('ends', sa.Time(), nullable=False),
    sa.CheckConstraint("ends > starts OR ends = '00:00'", name=op.f('ck_weekly_hours_starts_before_it_ends')),
    sa.CheckConstraint('weekday BETWEEN 1 AND 7', name=op.f('ck_weekly_hours_weekday')),
    sa.ForeignKeyConstraint(['doctor_id'], ['doctor.id'], name=op.f('fk_weekly_hours_doctor_id_doctor')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_weekly_hours')),
    sa.UniqueConstraint('doctor_id', 'weekday', 'starts', name='uq_weekly_hours_start')
    )


def downgrade() -> None:
    op.drop_table('weekly_hours')
    op.drop_index('ix_appointment_patient_id_starts_at', table_name='appointment')
    op.drop_index('ix_appointment_doctor_id_starts_at', table_name='appointment')
    op.drop_table('appointment')
    op.drop_table('idempotency_key')
    op.drop_index('ix_doctor_name_id', table_name='doctor')
    op.drop_table('doctor')
    op.execute("DROP TYPE personrange")
