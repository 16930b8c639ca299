"""the medicine list and its rules."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    op.create_table('facts_version',
    sa.Column('single', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Text(), nullable=False),
    sa.Column('imported_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.CheckConstraint('single', name=op.f('ck_facts_version_single')),
    sa.PrimaryKeyConstraint('single', name=op.f('pk_facts_version'))
    )
    op.create_table('formulary',
    sa.Column('formulary_id', sa.Text(), nullable=False),
    sa.Column('generic_name', sa.Text(), nullable=False),
    sa.Column('tall_man_name', sa.Text(), nullable=False),
    sa.Column('atc_code', sa.Text(), nullable=False),
    sa.Column('duplicate_classes', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('dose_form', sa.Text(), nullable=False),
    sa.Column('routes', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('strengths', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('quantity_unit', sa.Text(), nullable=False),
    sa.Column('ingredients', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('allergy_classes', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('high_alert', sa.Boolean(), nullable=False),
    sa.Column('controlled', sa.Boolean(), nullable=False),
    sa.Column('prescribe_unit_rule', sa.Text(), nullable=False),
    sa.Column('confidence', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('formulary_id', name=op.f('pk_formulary')),
    sa.UniqueConstraint('generic_name', 'dose_form', name=op.f('uq_formulary_generic_name_dose_form'))
    )
    op.create_table('interaction',
    sa.Column('interaction_id', sa.Text(), nullable=False),
    sa.Column('a_name', sa.Text(), nullable=False),
    sa.Column('a_atc', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('b_name', sa.Text(), nullable=False),
    sa.Column('b_atc', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('match_level', sa.Text(), nullable=False),
    sa.Column('severity', sa.Text(), nullable=False),
    sa.Column('mechanism', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('source_read', sa.Boolean(), nullable=False),
    sa.Column('confidence', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.CheckConstraint("severity IN ('contraindicated', 'major', 'moderate')", name=op.f('ck_interaction_severity')),
    sa.PrimaryKeyConstraint('interaction_id', name=op.f('pk_interaction'))
    )
    op.create_table('allergy_rule',
    sa.Column('line', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('class_key', sa.Text(), nullable=False),
    sa.Column('label', sa.Text(), nullable=False),
    sa.Column('within', sa.Text(), nullable=False),
    sa.Column('cross_classes', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('cross_level', sa.Text(), nullable=False),
    sa.Column('basis', sa.Text(), nullable=False),
    sa.Column('confidence', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('line', name=op.f('pk_allergy_rule'))
    )


def downgrade() -> None:
    for table in ('allergy_rule', 'interaction', 'formulary', 'facts_version'):
        op.drop_table(table)
