"""the zone of the clinic's clocks."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    op.create_table('clinic_zone',
    sa.Column('id', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('name', sa.Text(), nullable=True),
    sa.CheckConstraint('id = 1', name=op.f('ck_clinic_zone_one_zone')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clinic_zone'))
    )


def downgrade() -> None:
    op.drop_table('clinic_zone')
