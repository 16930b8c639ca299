"""when a session was proved."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    op.add_column('session', sa.Column('proved_at', sa.TIMESTAMP(timezone=True), server_default=sa.text('now()'), nullable=False))
    op.execute("UPDATE session SET proved_at = created_at")


def downgrade() -> None:
    op.drop_column('session', 'proved_at')
