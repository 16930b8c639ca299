"""what people are told, and the tables of the worker that tells them."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'

PROCRASTINATE = Path(__file__).with_name('procrastinate-3.10.0.sql')
"""The library's own schema, as of this migration. A release of it that brings migrations gets one of ours that runs them."""


def upgrade() -> None:
    op.create_table('outbox_message',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('appointment_id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('due_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('state', sa.Text(), server_default='waiting', nullable=False),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('note', sa.Text(), server_default='', nullable=False),
    sa.Column('sent_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('told_by', sa.Uuid(), nullable=True),
    sa.Column('told_by_name', sa.Text(), nullable=True),
    sa.Column('told_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name=op.f('ck_outbox_message_sent_has_time')),
    sa.CheckConstraint("(state = 'told') = (told_at IS NOT NULL)", name=op.f('ck_outbox_message_told_has_time')),
    sa.CheckConstraint("kind IN ('booked', 'moved', 'cancelled', 'reminder', 'offer')", name=op.f('ck_outbox_message_kind')),
    sa.CheckConstraint("state IN ('waiting', 'sent', 'dropped', 'to-phone', 'told')", name=op.f('ck_outbox_message_state')),
    sa.ForeignKeyConstraint(['appointment_id'], ['appointment.id'], name=op.f('fk_outbox_message_appointment_id_appointment')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox_message')),
    sa.UniqueConstraint('appointment_id', 'person_id', 'kind', 'sequence', name='uq_outbox_message_once')
    )
    op.create_index('ix_outbox_message_due_at', 'outbox_message', ['due_at'], unique=False, postgresql_where=sa.text("state = 'waiting'"))
    op.create_index('ix_outbox_message_to_phone', 'outbox_message', ['appointment_id'], unique=False, postgresql_where=sa.text("state = 'to-phone'"))
    with op.get_bind().connection.cursor() as cursor:  # as it is: there are % and : in it
        cursor.execute(PROCRASTINATE.read_text())


def downgrade() -> None:
    op.execute("""
        DO $$ DECLARE one record; BEGIN
            FOR one IN SELECT format('%I', relname) AS name FROM pg_class WHERE relkind = 'r'
                AND relnamespace = current_schema()::regnamespace AND relname LIKE 'procrastinate\\_%'
            LOOP EXECUTE 'DROP TABLE ' || one.name || ' CASCADE'; END LOOP;
            FOR one IN SELECT oid::regprocedure AS name FROM pg_proc
                WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'procrastinate\\_%'
            LOOP EXECUTE 'DROP FUNCTION ' || one.name || ' CASCADE'; END LOOP;
            FOR one IN SELECT oid::regtype AS name FROM pg_type WHERE typtype IN ('e', 'c')
                AND typnamespace = current_schema()::regnamespace AND typname LIKE 'procrastinate\\_%'
            LOOP EXECUTE 'DROP TYPE ' || one.name || ' CASCADE'; END LOOP;
        END $$
    """)
    op.drop_index('ix_outbox_message_to_phone', table_name='outbox_message', postgresql_where=sa.text("state = 'to-phone'"))
    op.drop_index('ix_outbox_message_due_at', table_name='outbox_message', postgresql_where=sa.text("state = 'waiting'"))
    op.drop_table('outbox_message')
