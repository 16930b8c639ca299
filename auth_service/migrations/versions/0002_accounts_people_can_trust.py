"""accounts people can trust."""

import sqlalchemy as sa
from alembic import op

from chassis.migrations import append_only

revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    op.create_table('attempt',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('account', sa.LargeBinary(), nullable=True),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('attempted_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('succeeded', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attempt'))
    )
    op.create_index('ix_attempt_account', 'attempt', ['kind', 'account', 'address', 'attempted_at'], unique=False)
    op.create_index('ix_attempt_address', 'attempt', ['kind', 'address', 'attempted_at'], unique=False)
    op.create_index('ix_attempt_attempted_at', 'attempt', ['attempted_at'], unique=False)
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
    op.create_table('clinic',
    sa.Column('id', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('name', sa.Text(), nullable=True),
    sa.Column('address', sa.Text(), nullable=True),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('time_zone', sa.Text(), nullable=True),
    sa.Column('emergency_number', sa.Text(), nullable=True),
    sa.Column('emergency_text', sa.Text(), nullable=True),
    sa.Column('logo', sa.LargeBinary(), nullable=True),
    sa.Column('logo_type', sa.Text(), nullable=True),
    sa.Column('changed_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_clinic_one_clinic')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clinic'))
    )
    op.create_table('revocation',
    sa.Column('sequence', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=True),
    sa.Column('revoked_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_revocation'))
    )
    op.create_table('mailed_link',
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('expires_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('used_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.CheckConstraint("purpose IN ('password', 'email')", name=op.f('ck_mailed_link_purpose')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_mailed_link_person_id_person')),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_mailed_link'))
    )
    op.create_index('ix_mailed_link_person_id', 'mailed_link', ['person_id'], unique=False)
    op.create_table('challenge',
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('proof', sa.LargeBinary(), nullable=False),
    sa.Column('expires_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_challenge_person_id_person')),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_challenge'))
    )
    op.create_index('ix_challenge_person_id', 'challenge', ['person_id'], unique=False)
    op.create_index('ix_challenge_expires_at', 'challenge', ['expires_at'], unique=False)
    op.create_table('recovery_code',
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('used_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_recovery_code_person_id_person')),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_recovery_code'))
    )
    op.create_index('ix_recovery_code_person_id', 'recovery_code', ['person_id'], unique=False)
    op.create_table('second_factor',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('secret', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('confirmed_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('last_step', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_second_factor_person_id_person')),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_second_factor'))
    )
    op.add_column('person', sa.Column('sex', sa.Text(), nullable=True))
    op.add_column('person', sa.Column('address', sa.Text(), server_default='', nullable=False))
    op.add_column('person', sa.Column('phone', sa.Text(), server_default='', nullable=False))
    op.add_column('person', sa.Column('language', sa.Text(), server_default='en', nullable=False))
    op.add_column('person', sa.Column('licence_checked_on', sa.Date(), nullable=True))
    op.add_column('person', sa.Column('licence_reason', sa.Text(), nullable=True))
    op.add_column('person', sa.Column('closed_at', sa.TIMESTAMP(timezone=True), nullable=True))
    op.create_check_constraint(op.f('ck_person_sex'), 'person', "sex IN ('female', 'male', 'other', 'unknown')")
    op.drop_constraint(op.f('ck_person_licence_state'), 'person')
    op.create_check_constraint(op.f('ck_person_licence_state'), 'person', "licence_state IN ('unverified', 'verified', 'rejected', 'suspended')")
    op.create_index('ix_person_name', 'person', [sa.text('lower(last_name)'), sa.text('lower(first_name)'), 'id'], unique=False)
    op.create_index('uq_person_licence', 'person', [sa.text('lower(licence_register)'), 'licence_number'], unique=True, postgresql_where=sa.text("licence_state IN ('verified', 'suspended')"))
    op.add_column('session', sa.Column('last_used_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False))
    op.add_column('session', sa.Column('address', sa.Text(), server_default='-', nullable=False))
    op.add_column('session', sa.Column('user_agent', sa.Text(), server_default='', nullable=False))
    op.add_column('session', sa.Column('second_factor', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    append_only('audit_event')


def downgrade() -> None:
    op.drop_column('session', 'second_factor')
    op.drop_column('session', 'user_agent')
    op.drop_column('session', 'address')
    op.drop_column('session', 'last_used_at')
    op.drop_index('uq_person_licence', table_name='person', postgresql_where=sa.text("licence_state IN ('verified', 'suspended')"))
    op.drop_index('ix_person_name', table_name='person')
    op.execute("UPDATE person SET licence_state = 'unverified' WHERE licence_state = 'rejected'")
    op.drop_constraint(op.f('ck_person_licence_state'), 'person')
    op.create_check_constraint(op.f('ck_person_licence_state'), 'person', "licence_state IN ('unverified', 'verified', 'suspended')")
    op.drop_column('person', 'closed_at')
    op.drop_column('person', 'licence_reason')
    op.drop_column('person', 'licence_checked_on')
    op.drop_column('person', 'language')
    op.drop_column('person', 'phone')
    op.drop_column('person', 'address')
    op.drop_column('person', 'sex')
    op.drop_table('second_factor')
    op.drop_index('ix_challenge_expires_at', table_name='challenge')
    op.drop_index('ix_challenge_person_id', table_name='challenge')
    op.drop_table('challenge')
    op.drop_index('ix_recovery_code_person_id', table_name='recovery_code')
    op.drop_table('recovery_code')
    op.drop_index('ix_mailed_link_person_id', table_name='mailed_link')
    op.drop_table('mailed_link')
    op.drop_table('revocation')
    op.drop_table('clinic')
    op.drop_index('ix_audit_event_refused', table_name='audit_event')
    op.drop_index('ix_audit_event_recorded_at', table_name='audit_event')
    op.drop_index('ix_audit_event_patient_id', table_name='audit_event')
    op.drop_index('ix_audit_event_actor_id', table_name='audit_event')
    op.drop_index('ix_audit_event_action', table_name='audit_event')
    op.drop_table('audit_event')
    op.execute("DROP FUNCTION refuse_change_of_audit_event")
    op.drop_index('ix_attempt_attempted_at', table_name='attempt')
    op.drop_index('ix_attempt_address', table_name='attempt')
    op.drop_index('ix_attempt_account', table_name='attempt')
    op.drop_table('attempt')
