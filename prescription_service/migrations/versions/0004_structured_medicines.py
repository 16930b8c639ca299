"""structured medicines."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    op.add_column('prescription', sa.Column('valid_until', sa.Date(), nullable=True))
    op.add_column('medicine', sa.Column('directions', sa.Text(), nullable=True))
    op.add_column('medicine', sa.Column('structure', postgresql.JSONB(none_as_null=True), nullable=True))
    op.add_column('medicine', sa.Column('listed', postgresql.JSONB(none_as_null=True), nullable=True))


def downgrade() -> None:
    for column in ('listed', 'structure', 'directions'):
        op.drop_column('medicine', column)
    op.drop_column('prescription', 'valid_until')
