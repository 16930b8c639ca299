"""A doctor's drafts: the list, going on with one, and deleting one."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Conflict, NotFound, Refusal
from chassis.versions import VersionConflict
from portal import drafted, session
from portal.api import services
from portal.desk import Desk, DraftDesk, DraftGone
from portal.forms import Form
from portal.pages import page
from portal.prescription_form import PrescriptionForm
from portal.views import writing

pages = Blueprint("drafts", __name__, url_prefix="/drafts")

PER_PAGE = 20
SIGNED = "This draft was signed, and is this prescription now."
CHANGED = "This draft was changed in another window. This is what it says now."


@pages.get("")
@session.only("doctor")
def index() -> ResponseReturnValue:
    """One's own drafts, the last changed first."""
    cursor = request.args.get("cursor")
    found = services().drafts.listed(limit=PER_PAGE, cursor=cursor)
    return page("drafts/index.html", items=found.items, next_cursor=found.next_cursor, first=not cursor)


@pages.route("/<uuid:draft_id>", methods=["GET", "POST"])
@session.only("doctor")
def write(draft_id: UUID) -> ResponseReturnValue:
    """Go on with a draft. One address for all steps, as for a visit."""
    sent = request.method == "POST"
    try:
        draft = services().drafts.one(str(draft_id))
    except Conflict:
        return _signed(draft_id)
    except NotFound:
        if not sent:
            raise
        visit = services().appointments.one(_visit())
        return writing.show(Desk(visit), PrescriptionForm(), refusal=DraftGone())
    desk = DraftDesk(services().appointments.one(draft.appointment_id), draft)
    return writing.take(desk, PrescriptionForm() if sent else drafted.form_of(draft))


@pages.route("/<uuid:draft_id>/delete", methods=["GET", "POST"])
@session.only("doctor")
def delete(draft_id: UUID) -> ResponseReturnValue:
    """Delete a draft, after asking. Pressed twice, it is gone as well."""
    form = Form()
    try:
        if form.validate_on_submit():
            return _delete(str(draft_id), request.form.get("version", ""))
        draft = services().drafts.one(str(draft_id))
    except Conflict:
        return _signed(draft_id)
    return page("drafts/delete.html", form=form, draft=draft)


def _delete(draft_id: str, seen: str) -> ResponseReturnValue:
    version = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else 0
    try:
        services().drafts.discard(draft_id, version)
    except NotFound:
        pass  # the other click did it
    except Refusal as refusal:
        if refusal.code != VersionConflict.code:
            raise
        flash(CHANGED, "info")
        return redirect(url_for("drafts.delete", draft_id=draft_id), 303)
    flash("The draft is deleted.", "success")
    return redirect(url_for("drafts.index"), 303)


def _signed(draft_id: UUID) -> ResponseReturnValue:
    """A signed draft keeps its id."""
    flash(SIGNED, "info")
    return redirect(url_for("prescriptions.one", prescription_id=draft_id), 303)


def _visit() -> str:
    """Which visit a form is about whose draft is gone. Raises `NotFound` for anything but an id."""
    try:
        return str(UUID(request.form.get("visit", "")))
    except ValueError as error:
        raise NotFound from error
