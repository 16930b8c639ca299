"""record of access."""

import sqlalchemy as sa
from alembic import op

from chassis.migrations import append_only

revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    op.create_table('audit_event',
    sa.Column('sequence', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('recorded_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.Column('actor_role', sa.Text(), nullable=True),
    sa.Column('actor_name', sa.Text(), nullable=True),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('record_id', sa.Uuid(), nullable=True),
    sa.Column('patient_id', sa.Uuid(), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('request_id', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_audit_event'))
    )
    op.create_index('ix_audit_event_action', 'audit_event', ['action', 'sequence'], unique=False)
    op.create_index('ix_audit_event_actor_id', 'audit_event', ['actor_id', 'sequence'], unique=False)
    op.create_index('ix_audit_event_patient_id', 'audit_event', ['patient_id', 'sequence'], unique=False)
    op.create_index('ix_audit_event_recorded_at', 'audit_event', ['recorded_at'], unique=False, postgresql_using='brin')
    op.create_index('ix_audit_event_refused', 'audit_event', ['sequence'], unique=False, postgresql_where=sa.text("outcome = 'refused'"))
    append_only('audit_event')


def downgrade() -> None:
    op.drop_index('ix_audit_event_refused', table_name='audit_event')
    op.drop_index('ix_audit_event_recorded_at', table_name='audit_event')
    op.drop_index('ix_audit_event_patient_id', table_name='audit_event')
    op.drop_index('ix_audit_event_actor_id', table_name='audit_event')
    op.drop_index('ix_audit_event_action', table_name='audit_event')
    op.drop_table('audit_event')
    op.execute("DROP FUNCTION refuse_change_of_audit_event")
