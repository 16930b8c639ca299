"""The record of access, for admins: who did what with whose record, in all services."""

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from wtforms import Field
from wtforms import Form as PlainForm
from wtforms.validators import ValidationError

from portal import record, session
from portal.clinic import clinic
from portal.forms import AtMost, Line, Pick
from portal.pages import page

pages = Blueprint("record", __name__, url_prefix="/record-of-access")

FIRST = date(2000, 1, 1)


def _sorted_actions() -> list[tuple[str, str]]:
    named = [(action, done[:1].upper() + done[1:]) for action, (done, _) in record.ACTIONS.items()]
    return sorted(named, key=lambda option: option[1])


class Filters(PlainForm):  # type: ignore[misc]
    """What to look for, from the address."""

    actor = Line("Who did it", [AtMost(254, "What you look for")])
    patient = Line("Whose record", [AtMost(254, "What you look for")])
    place = Pick("Where", [("", "Everywhere"), *record.PLACES.items()])
    action = Pick("What", [("", "Anything"), *_sorted_actions()])
    outcome = Pick("Outcome", [("", "Any"), ("done", "Done"), ("refused", "Refused")])
    since = Line("From day")
    until = Line("To day")

    def validate_since(self, field: Field) -> None:
        """A day, if one is given."""
        _day(field.data)

    def validate_until(self, field: Field) -> None:
        """A day, if one is given, and not before the first one."""
        last, first = _day(field.data), _day(self.since.data, quietly=True)
        if first and last and last < first:
            raise ValidationError("This day is before the first one.")

    def validate_actor(self, field: Field) -> None:
        """One person."""
        _person(field)

    def validate_patient(self, field: Field) -> None:
        """One person."""
        _person(field)

    @property
    def asked(self) -> dict[str, Any]:
        """The filters as the services take them, but for the end."""
        people = {f"{name}_id": self[name].meant for name in ("actor", "patient") if self[name].data}
        given = {name: self[name].data for name in ("action", "outcome") if self[name].data}
        first = _day(self.since.data)
        return people | given | ({"since": _midnight(first)} if first else {})

    @property
    def end(self) -> datetime | None:
        """The moment before which to read: the end of the last day, or where the page before ended."""
        last = _day(self.until.data)
        return _midnight(last + timedelta(days=1)) if last else None


@pages.get("")
@session.only("admin")
def index() -> ResponseReturnValue:
    """What was noted, newest first."""
    form = Filters(request.args)
    if not form.validate():
        return page("record/index.html", form=form, found=None, before=None, address=_address())
    before = _moment(request.args.get("before"))
    ends = [moment for moment in (form.end, before) if moment]
    found = record.read(form.place.data or None, min(ends, default=None), **form.asked)
    return page("record/index.html", form=form, found=found, before=before, address=_address())


def _person(field: Field) -> None:
    try:
        meant = record.person_meant(field.data)
    except record.Nobody as nobody:
        raise ValidationError(nobody.sentence) from nobody
    field.meant = meant[0] if meant else None


def _day(typed: str | None, *, quietly: bool = False) -> date | None:
    try:
        day = date.fromisoformat(typed) if typed else None
    except ValueError as error:
        if quietly:
            return None
        raise ValidationError("Enter a day like 2026-12-08.") from error
    if day and not quietly and not FIRST <= day <= date(2100, 1, 1):
        raise ValidationError("Enter a day after the year 2000.")
    return day


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clinic().zone)


def _moment(typed: str | None) -> datetime | None:
    """Where the page before ended; nonsense is no moment."""
    try:
        moment = datetime.fromisoformat(typed) if typed else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo and FIRST.year < moment.year < 2100 else None


def _address() -> dict[str, str]:
    """The filters as the address has them, to be kept from page to page."""
    return {name: value for name, value in request.args.items() if value and name in Filters()}
