"""The medicine list in force: importing it, and giving it to whoever checks or searches."""

from dataclasses import asdict, fields
from importlib.resources import files
from typing import Any, TypeVar

from sqlalchemy import delete, select, text
from sqlalchemy.exc import SQLAlchemyError

from chassis import clock
from chassis.errors import Unavailable
from prescription_service import facts
from prescription_service.facts import AllergyRule, Facts, Interaction, ListedMedicine
from prescription_service.medicine_search import Index
from prescription_service.medicine_tables import AllergyRuleRow, FactsVersion, FormularyRow, InteractionRow
from prescription_service.models import db

T = TypeVar("T")
_loaded: tuple[str, Facts, Index] | None = None


class MedicineListMissing(Unavailable):
    """503: without the list nothing can be searched or checked, so nothing from it is signed either."""

    code, title = "medicine-list-missing", "No medicine list"
    detail = "The medicine list and its safety rules cannot be loaded, so nothing was checked and nothing was saved."


def shipped() -> dict[str, str]:
    """The seed files of this package."""
    folder = files("prescription_service") / "data"
    return {name: (folder / name).read_text(encoding="utf-8") for name in facts.FILES}


def import_files(texts: dict[str, str], *, again: bool = False) -> tuple[Facts, bool]:
    """Put these files in force. Says whether anything changed. Raises `facts.FactsRefused` and then changes nothing.

    What was prescribed keeps its own copy, so medicines may leave the list. `again` writes what is in force too.
    """
    read = facts.read(texts)
    db.session.execute(text("LOCK TABLE facts_version IN EXCLUSIVE MODE"))
    if db.session.scalar(select(FactsVersion.version)) == read.version and not again:
        db.session.commit()
        return read, False
    for table in (FactsVersion, FormularyRow, InteractionRow, AllergyRuleRow):
        db.session.execute(delete(table))
    db.session.add(FactsVersion(version=read.version, imported_at=clock.now()))
    db.session.add_all(FormularyRow(**asdict(one)) for one in read.medicines.values())
    db.session.add_all(InteractionRow(**asdict(rule)) for rule in read.interactions)
    db.session.add_all(AllergyRuleRow(line=n, **asdict(rule)) for n, rule in enumerate(read.allergy_rules, 1))
    db.session.commit()
    return read, True


def forget() -> None:
    """Let this process read the tables again."""
    global _loaded
    _loaded = None


def current() -> Facts:
    """The facts in force, in the transaction under way. Raises `MedicineListMissing`."""
    return _load()[1]


def index() -> Index:
    """The facts in force, ready to be searched. Raises `MedicineListMissing`."""
    return _load()[2]


def _load() -> tuple[str, Facts, Index]:
    """Each process reads the tables once for each version."""
    global _loaded
    try:
        version = db.session.scalar(select(FactsVersion.version))
        if version is None:
            raise MedicineListMissing
        if _loaded is None or _loaded[0] != version:
            found = _read_tables(version)
            _loaded = version, found, Index(list(found.medicines.values()))
    except SQLAlchemyError as error:
        raise MedicineListMissing from error
    return _loaded


def _read_tables(version: str) -> Facts:
    medicines = [_as(ListedMedicine, row) for row in db.session.scalars(select(FormularyRow))]
    interactions = [
        _as(Interaction, row)
        for row in db.session.scalars(select(InteractionRow).order_by(InteractionRow.interaction_id))
    ]
    rules = [_as(AllergyRule, row) for row in db.session.scalars(select(AllergyRuleRow).order_by(AllergyRuleRow.line))]
    if not (medicines and interactions and rules):
        raise MedicineListMissing
    return Facts(version, {one.formulary_id: one for one in medicines}, interactions, rules)


def _as(kind: type[T], row: Any) -> T:
    return kind(**{field.name: getattr(row, field.name) for field in fields(kind)})  # type: ignore[arg-type]
