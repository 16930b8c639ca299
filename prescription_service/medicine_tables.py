"""The tables of the medicine list: one row for each line of the seed files, and which version of them is in force."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ARRAY, CheckConstraint, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from prescription_service.models import db

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase as Model
else:
    Model = db.Model


class FactsVersion(Model):
    """The one version of the facts in force."""

    __tablename__ = "facts_version"
    __table_args__ = (CheckConstraint("single", name="single"),)

    single: Mapped[bool] = mapped_column(primary_key=True, default=True)
    version: Mapped[str]
    imported_at: Mapped[datetime]


class FormularyRow(Model):
    """One generic medicine in one form."""

    __tablename__ = "formulary"
    __table_args__ = (UniqueConstraint("generic_name", "dose_form"),)

    formulary_id: Mapped[str] = mapped_column(primary_key=True)
    generic_name: Mapped[str]
    tall_man_name: Mapped[str]
    atc_code: Mapped[str]
    duplicate_classes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    dose_form: Mapped[str]
    routes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    strengths: Mapped[list[str]] = mapped_column(ARRAY(Text))
    quantity_unit: Mapped[str]
    ingredients: Mapped[list[str]] = mapped_column(ARRAY(Text))
    allergy_classes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    high_alert: Mapped[bool]
    controlled: Mapped[bool]
    prescribe_unit_rule: Mapped[str]
    confidence: Mapped[str]
    note: Mapped[str]


class InteractionRow(Model):
    """Two groups of medicines that do each other harm."""

    __tablename__ = "interaction"
    __table_args__ = (CheckConstraint("severity IN ('contraindicated', 'major', 'moderate')", name="severity"),)

    interaction_id: Mapped[str] = mapped_column(primary_key=True)
    a_name: Mapped[str]
    a_atc: Mapped[list[str]] = mapped_column(ARRAY(Text))
    b_name: Mapped[str]
    b_atc: Mapped[list[str]] = mapped_column(ARRAY(Text))
    match_level: Mapped[str]
    severity: Mapped[str]
    mechanism: Mapped[str]
    source: Mapped[str]
    source_read: Mapped[bool]
    confidence: Mapped[str]
    note: Mapped[str]


class AllergyRuleRow(Model):
    """What an allergy to a class means inside it, and for another class."""

    __tablename__ = "allergy_rule"

    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    class_key: Mapped[str]
    label: Mapped[str]
    within: Mapped[str]
    cross_classes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    cross_level: Mapped[str]
    basis: Mapped[str]
    confidence: Mapped[str]
