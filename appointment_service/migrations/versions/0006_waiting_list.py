"""waiting list."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0006'
down_revision = '0005'

KINDS = "'booked', 'moved', 'cancelled', 'reminder', 'offer'"


def upgrade() -> None:
    op.create_table('waitlist_entry',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('patient_id', sa.Uuid(), nullable=False),
    sa.Column('patient_name', sa.Text(), nullable=False),
    sa.Column('patient_birth_date', sa.Date(), nullable=True),
    sa.Column('visit_type_id', sa.Uuid(), nullable=False),
    sa.Column('doctor_id', sa.Uuid(), nullable=True),
    sa.Column('from_date', sa.Date(), nullable=False),
    sa.Column('to_date', sa.Date(), nullable=False),
    sa.Column('weekdays', sa.ARRAY(sa.SmallInteger()), nullable=True),
    sa.Column('day_part', sa.Text(), nullable=True),
    sa.Column('notice_min', sa.Integer(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("day_part IN ('morning', 'afternoon', 'evening')", name=op.f('ck_waitlist_entry_day_part')),
    sa.CheckConstraint("state IN ('waiting', 'booked', 'left', 'over')", name=op.f('ck_waitlist_entry_state')),
    sa.CheckConstraint('notice_min BETWEEN 0 AND 43200', name=op.f('ck_waitlist_entry_notice_min')),
    sa.CheckConstraint('to_date >= from_date', name=op.f('ck_waitlist_entry_from_before_to')),
    sa.ForeignKeyConstraint(['doctor_id'], ['doctor.id'], name=op.f('fk_waitlist_entry_doctor_id_doctor')),
    sa.ForeignKeyConstraint(['visit_type_id'], ['visit_type.id'], name=op.f('fk_waitlist_entry_visit_type_id_visit_type')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_waitlist_entry'))
    )
    op.create_index('ix_waitlist_entry_patient_id', 'waitlist_entry', ['patient_id', 'created_at'], unique=False)
    op.create_index('ix_waitlist_entry_waiting', 'waitlist_entry', ['created_at', 'id'], unique=False, postgresql_where=sa.text("state = 'waiting'"))
    op.create_table('waitlist_offer',
    sa.Column('appointment_id', sa.Uuid(), nullable=False),
    sa.Column('entry_id', sa.Uuid(), nullable=False),
    sa.Column('offered_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.CheckConstraint("outcome IN ('accepted', 'declined', 'expired')", name=op.f('ck_waitlist_offer_outcome')),
    sa.ForeignKeyConstraint(['appointment_id'], ['appointment.id'], name=op.f('fk_waitlist_offer_appointment_id_appointment')),
    sa.ForeignKeyConstraint(['entry_id'], ['waitlist_entry.id'], name=op.f('fk_waitlist_offer_entry_id_waitlist_entry')),
    sa.PrimaryKeyConstraint('appointment_id', name=op.f('pk_waitlist_offer'))
    )
    op.create_index('ix_waitlist_offer_entry_id', 'waitlist_offer', ['entry_id'], unique=False)
    op.create_index('uq_waitlist_offer_one_at_a_time', 'waitlist_offer', ['entry_id'], unique=True, postgresql_where=sa.text('outcome IS NULL'))
    op.drop_constraint(op.f('ck_outbox_message_kind'), 'outbox_message', type_='check')
    op.create_check_constraint(op.f('ck_outbox_message_kind'), 'outbox_message', f"kind IN ({KINDS}, 'move-wanted')")


def downgrade() -> None:
    op.execute("DELETE FROM outbox_message WHERE kind = 'move-wanted'")
    op.drop_constraint(op.f('ck_outbox_message_kind'), 'outbox_message', type_='check')
    op.create_check_constraint(op.f('ck_outbox_message_kind'), 'outbox_message', f"kind IN ({KINDS})")
    op.drop_index('uq_waitlist_offer_one_at_a_time', table_name='waitlist_offer', postgresql_where=sa.text('outcome IS NULL'))
    op.drop_index('ix_waitlist_offer_entry_id', table_name='waitlist_offer')
    op.drop_table('waitlist_offer')
    op.drop_index('ix_waitlist_entry_waiting', table_name='waitlist_entry', postgresql_where=sa.text("state = 'waiting'"))
    op.drop_index('ix_waitlist_entry_patient_id', table_name='waitlist_entry')
    op.drop_table('waitlist_entry')
