"""what is known of patients."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'


def said() -> list[sa.Column]:
    return [
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('patient_id', sa.Uuid(), nullable=False),
        sa.Column('certainty', sa.Text(), nullable=False),
        sa.Column('status', sa.Text(), nullable=False),
        sa.Column('recorded_by', sa.Uuid(), nullable=False),
        sa.Column('recorded_by_role', sa.Text(), nullable=False),
        sa.Column('recorded_by_name', sa.Text(), nullable=False),
        sa.Column('recorded_at', sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column('decided_by', sa.Uuid(), nullable=True),
        sa.Column('decided_by_name', sa.Text(), nullable=True),
        sa.Column('decided_at', sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column('decision_reason', sa.Text(), nullable=True),
    ]


def upgrade() -> None:
    op.create_table('care_relation',
    sa.Column('doctor_id', sa.Uuid(), nullable=False),
    sa.Column('patient_id', sa.Uuid(), nullable=False),
    sa.Column('appointment_id', sa.Uuid(), nullable=False),
    sa.Column('valid_until', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('doctor_id', 'patient_id', name=op.f('pk_care_relation'))
    )
    op.create_table('allergy_state',
    sa.Column('patient_id', sa.Uuid(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('asked_by', sa.Uuid(), nullable=False),
    sa.Column('asked_by_role', sa.Text(), nullable=False),
    sa.Column('asked_by_name', sa.Text(), nullable=False),
    sa.Column('asked_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('none-known', 'has', 'not-asked')", name=op.f('ck_allergy_state_state')),
    sa.PrimaryKeyConstraint('patient_id', name=op.f('pk_allergy_state'))
    )
    op.create_table('allergy', *said(),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('label', sa.Text(), nullable=False),
    sa.Column('reaction', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.CheckConstraint("kind IN ('class', 'ingredient', 'text')", name=op.f('ck_allergy_kind')),
    sa.CheckConstraint("certainty IN ('reported', 'confirmed')", name=op.f('ck_allergy_certainty')),
    sa.CheckConstraint("status IN ('active', 'refuted', 'entered-in-error')", name=op.f('ck_allergy_status')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_allergy'))
    )
    op.create_index('ix_allergy_patient_id', 'allergy', ['patient_id', 'recorded_at'], unique=False)
    op.create_table('reported_medicine', *said(),
    sa.Column('formulary_id', sa.Text(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('dosage', sa.Text(), nullable=False),
    sa.CheckConstraint("certainty IN ('reported', 'confirmed')", name=op.f('ck_reported_medicine_certainty')),
    sa.CheckConstraint("status IN ('active', 'ended', 'entered-in-error')", name=op.f('ck_reported_medicine_status')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reported_medicine'))
    )
    op.create_index('ix_reported_medicine_patient_id', 'reported_medicine', ['patient_id', 'recorded_at'], unique=False)
    for table in ('allergy', 'reported_medicine'):
        op.execute(f'REVOKE DELETE, TRUNCATE ON {table} FROM CURRENT_USER')


def downgrade() -> None:
    op.drop_index('ix_reported_medicine_patient_id', table_name='reported_medicine')
    op.drop_table('reported_medicine')
    op.drop_index('ix_allergy_patient_id', table_name='allergy')
    for table in ('allergy', 'allergy_state', 'care_relation'):
        op.drop_table(table)
