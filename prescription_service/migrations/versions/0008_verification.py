"""verification of paper."""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'


def upgrade() -> None:
    op.create_table('verification_code',
    sa.Column('prescription_id', sa.Uuid(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('code_hash', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['prescription_id'], ['prescription.id'], name=op.f('fk_verification_code_prescription_id_prescription')),
    sa.PrimaryKeyConstraint('prescription_id', name=op.f('pk_verification_code')),
    sa.UniqueConstraint('token_hash', name='uq_verification_code_token_hash'),
    sa.UniqueConstraint('code_hash', name='uq_verification_code_code_hash')
    )
    op.create_table('verification_try',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('tried_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('found', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_verification_try'))
    )
    op.create_index('ix_verification_try_address', 'verification_try', ['address', 'tried_at'], unique=False)
    op.create_index('ix_verification_try_tried_at', 'verification_try', ['tried_at'], unique=False)
    op.create_table('blind_check',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('prescription_id', sa.Uuid(), nullable=False),
    sa.Column('checked_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['prescription_id'], ['prescription.id'], name=op.f('fk_blind_check_prescription_id_prescription')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_blind_check'))
    )
    op.create_index('ix_blind_check_prescription_id', 'blind_check', ['prescription_id', 'checked_at'], unique=False)


def downgrade() -> None:
    op.drop_table('blind_check')
    op.drop_table('verification_try')
    op.drop_table('verification_code')
