"""calendar feeds."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'


def upgrade() -> None:
    op.create_table('calendar_feed',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('last_used_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('asked_since', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('asked', sa.SmallInteger(), server_default='0', nullable=False),
    sa.CheckConstraint("role IN ('patient', 'doctor')", name=op.f('ck_calendar_feed_role')),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_calendar_feed')),
    sa.UniqueConstraint('token_hash', name='uq_calendar_feed_token_hash')
    )


def downgrade() -> None:
    op.drop_table('calendar_feed')
