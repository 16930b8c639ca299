"""people, sessions and signing keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None


def upgrade() -> None:
    op.create_table('person',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('first_name', sa.Text(), nullable=False),
    sa.Column('last_name', sa.Text(), nullable=False),
    sa.Column('birth_date', sa.Date(), nullable=True),
    sa.Column('licence_state', sa.Text(), nullable=True),
    sa.Column('licence_number', sa.Text(), nullable=True),
    sa.Column('licence_register', sa.Text(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('disabled_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("(role = 'doctor') = (licence_state IS NOT NULL)", name=op.f('ck_person_licence_is_a_doctors')),
    sa.CheckConstraint("licence_state <> 'verified' OR licence_number IS NOT NULL", name=op.f('ck_person_verified_has_number')),
    sa.CheckConstraint("licence_state IN ('unverified', 'verified', 'suspended')", name=op.f('ck_person_licence_state')),
    sa.CheckConstraint("role IN ('patient', 'doctor', 'admin')", name=op.f('ck_person_role')),
    sa.CheckConstraint('email = lower(email)', name=op.f('ck_person_email_lower')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person')),
    sa.UniqueConstraint('email', name='uq_person_email')
    )
    op.create_table('signing_key',
    sa.Column('kid', sa.Text(), nullable=False),
    sa.Column('jwk', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('private_key', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('retired_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('kid', name=op.f('pk_signing_key'))
    )
    op.create_table('session',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('expires_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('ended_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_session_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_session'))
    )
    op.create_index('ix_session_person_id', 'session', ['person_id'], unique=False)
    op.create_table('refresh_token',
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('expires_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('used_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['session_id'], ['session.id'], name=op.f('fk_refresh_token_session_id_session')),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_refresh_token'))
    )
    op.create_index('ix_refresh_token_session_id', 'refresh_token', ['session_id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_refresh_token_session_id', table_name='refresh_token')
    op.drop_table('refresh_token')
    op.drop_index('ix_session_person_id', table_name='session')
    op.drop_table('session')
    op.drop_table('signing_key')
    op.drop_table('person')
