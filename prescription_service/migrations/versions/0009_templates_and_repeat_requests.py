"""doctors' own templates, and patients' requests for a repeat."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0009'
down_revision = '0008'


def upgrade() -> None:
    op.create_table('template',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('doctor_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('notes', sa.Text(), nullable=False),
    sa.Column('medicines', postgresql.JSONB(), nullable=False),
    sa.Column('written_on', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_template'))
    )
    op.create_index('uq_template_doctor_id_name', 'template', ['doctor_id', sa.literal_column('lower(name)')], unique=True)

    op.create_table('repeat_request',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('prescription_id', sa.Uuid(), nullable=False),
    sa.Column('patient_id', sa.Uuid(), nullable=False),
    sa.Column('doctor_id', sa.Uuid(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('requested_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('renewal_id', sa.Uuid(), nullable=True),
    sa.Column('decided_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.CheckConstraint("status IN ('open', 'approved', 'declined')", name=op.f('ck_repeat_request_status')),
    sa.CheckConstraint("(status = 'open') = (decided_at IS NULL)", name=op.f('ck_repeat_request_decided')),
    sa.ForeignKeyConstraint(['prescription_id'], ['prescription.id'], name=op.f('fk_repeat_request_prescription_id_prescription')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_repeat_request'))
    )
    op.create_index('uq_repeat_request_open', 'repeat_request', ['prescription_id'], unique=True,
                    postgresql_where=sa.text("status = 'open'"))
    op.create_index('ix_repeat_request_doctor_id', 'repeat_request', ['doctor_id', 'requested_at', 'id'], unique=False)
    op.create_index('ix_repeat_request_patient_id', 'repeat_request', ['patient_id', 'requested_at', 'id'], unique=False)
    op.create_index('ix_repeat_request_renewal_id', 'repeat_request', ['renewal_id'], unique=False)


def downgrade() -> None:
    op.drop_table('repeat_request')
    op.drop_table('template')
