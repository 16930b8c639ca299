"""the life of a prescription: drafts, states and seals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.migrations import append_only

revision = '0007'
down_revision = '0006'

STATES = "'active', 'on-hold', 'completed', 'cancelled', 'stopped', 'entered-in-error'"


def upgrade() -> None:
    op.create_table('draft',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('doctor_id', sa.Uuid(), nullable=False),
    sa.Column('doctor_name', sa.Text(), nullable=False),
    sa.Column('patient_id', sa.Uuid(), nullable=False),
    sa.Column('appointment_id', sa.Uuid(), nullable=False),
    sa.Column('visit', postgresql.JSONB(), nullable=False),
    sa.Column('wish', postgresql.JSONB(), nullable=False),
    sa.Column('replaces_id', sa.Uuid(), nullable=True),
    sa.Column('renews_id', sa.Uuid(), nullable=True),
    sa.Column('updated_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['replaces_id'], ['prescription.id'], name=op.f('fk_draft_replaces_id_prescription')),
    sa.ForeignKeyConstraint(['renews_id'], ['prescription.id'], name=op.f('fk_draft_renews_id_prescription')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft'))
    )
    op.create_index('ix_draft_doctor_id', 'draft', ['doctor_id', 'updated_at', 'id'], unique=False)

    op.execute("DROP TRIGGER never_changed ON prescription")
    op.drop_constraint(op.f('ck_prescription_status'), 'prescription', type_='check')
    op.create_check_constraint(op.f('ck_prescription_status'), 'prescription', f"status IN ({STATES})")
    op.add_column('prescription', sa.Column('replaces_id', sa.Uuid(), nullable=True))
    op.add_column('prescription', sa.Column('replaced_by_id', sa.Uuid(), nullable=True))
    op.add_column('prescription', sa.Column('renews_id', sa.Uuid(), nullable=True))
    op.add_column('prescription', sa.Column('medicine_count', sa.SmallInteger(), nullable=True))
    op.add_column('prescription', sa.Column('digest', sa.Text(), nullable=True))
    for column in ('replaces_id', 'replaced_by_id', 'renews_id'):
        op.create_foreign_key(op.f(f'fk_prescription_{column}_prescription'), 'prescription', 'prescription', [column], ['id'])
    op.execute(
        "UPDATE prescription SET medicine_count ="
        " (SELECT count(*) FROM medicine WHERE prescription_id = prescription.id)"
    )
    op.execute(
        """
        CREATE FUNCTION refuse_change_of_signed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - ARRAY['status', 'replaced_by_id']
                                  = to_jsonb(OLD) - ARRAY['status', 'replaced_by_id'] THEN
                IF NEW.status = OLD.status OR NEW.status = 'entered-in-error' AND OLD.status <> NEW.status
                   OR (OLD.status, NEW.status) IN (('active', 'on-hold'), ('on-hold', 'active'), ('active', 'completed'),
                                                   ('active', 'cancelled'), ('on-hold', 'cancelled'),
                                                   ('active', 'stopped'), ('on-hold', 'stopped')) THEN
                    IF NEW.replaced_by_id IS NOT DISTINCT FROM OLD.replaced_by_id OR OLD.replaced_by_id IS NULL THEN
                        RETURN NEW;
                    END IF;
                END IF;
            END IF;
            RAISE EXCEPTION 'a signed prescription is never changed' USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON prescription"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change_of_signed()"
    )
    # a change of status makes its transaction the row's own, so the number of medicines has to close the door as well
    op.execute(
        """
        CREATE OR REPLACE FUNCTION refuse_late_medicine() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (SELECT 1 FROM prescription
                            WHERE id = NEW.prescription_id AND xmin::text = pg_current_xact_id()::xid::text
                              AND medicine_count > (SELECT count(*) FROM medicine
                                                     WHERE prescription_id = NEW.prescription_id)) THEN
                RAISE EXCEPTION 'a signed prescription is never changed' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.create_table('status_event',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('prescription_id', sa.Uuid(), nullable=False),
    sa.Column('from_status', sa.Text(), nullable=True),
    sa.Column('to_status', sa.Text(), nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=False),
    sa.Column('actor_role', sa.Text(), nullable=False),
    sa.Column('actor_name', sa.Text(), nullable=False),
    sa.Column('reason_code', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['prescription_id'], ['prescription.id'], name=op.f('fk_status_event_prescription_id_prescription')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_status_event'))
    )
    op.create_index('ix_status_event_prescription_id', 'status_event', ['prescription_id'], unique=False)
    append_only('status_event')


def downgrade() -> None:
    raise NotImplementedError("states that prescriptions have taken cannot be taken back")
