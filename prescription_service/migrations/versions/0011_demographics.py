"""names apart, sex and address of the patient, as they were at signing."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0011'
down_revision = '0010'


def upgrade() -> None:
    op.add_column('prescription', sa.Column('patient_details', postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column('prescription', 'patient_details')
