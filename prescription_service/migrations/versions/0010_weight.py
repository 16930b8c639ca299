"""the patient's weight, where a dose was reckoned from it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0010'
down_revision = '0009'


def upgrade() -> None:
    op.add_column('prescription', sa.Column('patient_weight', postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column('prescription', 'patient_weight')
