"""A doctor's own templates: the list, another name, deleting. They are kept and used where one writes."""

from contextlib import suppress
from uuid import UUID

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import NotFound, Refusal, Unavailable
from portal import drafted, session
from portal.api import services
from portal.forms import Form
from portal.pages import page
from portal.template_form import TemplateForm

pages = Blueprint("templates", __name__, url_prefix="/templates")


@pages.get("")
@session.only("doctor")
def index() -> ResponseReturnValue:
    """All of one's own, by name."""
    return page("templates/index.html", items=services().templates.all())


@pages.route("/<uuid:template_id>", methods=["GET", "POST"])
@session.only("doctor")
def one(template_id: UUID) -> ResponseReturnValue:
    """What is in it, and another name for it."""
    template = services().templates.one(str(template_id))
    form = TemplateForm(data={"name": template.name, "notes": template.notes})
    refusal: Refusal | None = None
    if form.validate_on_submit():
        try:
            medicines = drafted.sent([medicine.parts for medicine in template.medicines])
            services().templates.rename(template, form.name.data, form.notes.data, medicines)
            flash("Saved.", "success")
            return redirect(url_for("templates.index"), 303)
        except (Refusal, Unavailable) as refused:
            refusal = form.placed(refused)
    return page("templates/one.html", form=form, refusal=refusal, mine=template)


@pages.route("/<uuid:template_id>/delete", methods=["GET", "POST"])
@session.only("doctor")
def delete(template_id: UUID) -> ResponseReturnValue:
    """Delete it, after asking. Pressed twice, it is gone as well."""
    form = Form()
    if not form.validate_on_submit():
        return page("templates/delete.html", form=form, mine=services().templates.one(str(template_id)))
    with suppress(NotFound):  # the other click did it
        services().templates.remove(str(template_id))
    flash("The template is deleted.", "success")
    return redirect(url_for("templates.index"), 303)
