"""prescriptions that never change."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None


def upgrade() -> None:
    op.create_table('idempotency_key',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('route', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('created_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('person_id', 'route', 'key', name=op.f('pk_idempotency_key'))
    )
    op.create_table('prescription',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('appointment_id', sa.Uuid(), nullable=False),
    sa.Column('appointment_time', sa.Text(), nullable=False),
    sa.Column('doctor_id', sa.Uuid(), nullable=False),
    sa.Column('doctor_name', sa.Text(), nullable=False),
    sa.Column('doctor_specialty', sa.Text(), nullable=False),
    sa.Column('doctor_licence_number', sa.Text(), nullable=False),
    sa.Column('doctor_licence_register', sa.Text(), nullable=False),
    sa.Column('patient_id', sa.Uuid(), nullable=False),
    sa.Column('patient_name', sa.Text(), nullable=False),
    sa.Column('patient_birth_date', sa.Date(), nullable=True),
    sa.Column('notes', sa.Text(), nullable=False),
    sa.Column('issued_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.CheckConstraint("status IN ('active')", name=op.f('ck_prescription_status')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_prescription')),
    sa.UniqueConstraint('number', name='uq_prescription_number')
    )
    op.create_index('ix_prescription_appointment_id', 'prescription', ['appointment_id'], unique=False)
    op.create_index('ix_prescription_doctor_id_issued_at', 'prescription', ['doctor_id', 'issued_at', 'id'], unique=False)
    op.create_index('ix_prescription_patient_id_issued_at', 'prescription', ['patient_id', 'issued_at', 'id'], unique=False)
    op.create_table('medicine',
    sa.Column('prescription_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('dosage', sa.Text(), nullable=False),
    sa.Column('duration', sa.Text(), nullable=False),
    sa.Column('instructions', sa.Text(), nullable=False),
    sa.CheckConstraint('position BETWEEN 1 AND 10', name=op.f('ck_medicine_position')),
    sa.ForeignKeyConstraint(['prescription_id'], ['prescription.id'], name=op.f('fk_medicine_prescription_id_prescription')),
    sa.PrimaryKeyConstraint('prescription_id', 'position', name=op.f('pk_medicine'))
    )
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a signed prescription is never changed' USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    for table in ("prescription", "medicine"):
        op.execute(
            f"CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"REVOKE DELETE, TRUNCATE ON {table} FROM CURRENT_USER")
    op.execute(
        """
        CREATE FUNCTION refuse_late_medicine() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (SELECT 1 FROM prescription
                            WHERE id = NEW.prescription_id AND xmin::text = pg_current_xact_id()::xid::text) THEN
                RAISE EXCEPTION 'a signed prescription is never changed' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER written_with_its_prescription BEFORE INSERT ON medicine"
        " FOR EACH ROW EXECUTE FUNCTION refuse_late_medicine()"
    )


def downgrade() -> None:
    op.drop_table('medicine')
    op.drop_index('ix_prescription_patient_id_issued_at', table_name='prescription')
    op.drop_index('ix_prescription_doctor_id_issued_at', table_name='prescription')
    op.drop_index('ix_prescription_appointment_id', table_name='prescription')
    op.drop_table('prescription')
    op.drop_table('idempotency_key')
    op.execute("DROP FUNCTION refuse_change")
    op.execute("DROP FUNCTION refuse_late_medicine")
