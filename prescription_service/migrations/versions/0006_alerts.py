"""alerts and what was decided about them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.migrations import append_only

revision = '0006'
down_revision = '0005'


def upgrade() -> None:
    op.add_column('prescription', sa.Column('coverage', postgresql.JSONB(none_as_null=True), nullable=True))
    op.create_table('alert_event',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('prescription_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=True),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('rule', sa.Text(), nullable=False),
    sa.Column('tier', sa.Text(), nullable=False),
    sa.Column('message', sa.Text(), nullable=False),
    sa.Column('decision', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=False),
    sa.Column('facts_version', sa.Text(), nullable=False),
    sa.Column('at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.CheckConstraint("tier IN ('stop', 'ask', 'info')", name=op.f('ck_alert_event_tier')),
    sa.CheckConstraint("decision IN ('overridden', 'acknowledged', 'shown')", name=op.f('ck_alert_event_decision')),
    sa.ForeignKeyConstraint(['prescription_id'], ['prescription.id'], name=op.f('fk_alert_event_prescription_id_prescription')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alert_event'))
    )
    op.create_index('ix_alert_event_prescription_id', 'alert_event', ['prescription_id'], unique=False)
    append_only('alert_event')


def downgrade() -> None:
    op.drop_index('ix_alert_event_prescription_id', table_name='alert_event')
    op.drop_table('alert_event')
    op.execute("DROP FUNCTION refuse_change_of_alert_event")
    op.drop_column('prescription', 'coverage')
