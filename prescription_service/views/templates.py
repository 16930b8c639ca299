"""A doctor's own templates. They say nothing of any patient."""

from uuid import UUID

from apiflask import APIBlueprint
from flask import Response

from chassis.docs import refuses
from chassis.errors import NotFound
from chassis.idempotency import idempotent
from chassis.identity import allow, principal
from prescription_service import templates
from prescription_service.medicine_list import MedicineListMissing
from prescription_service.models import IdempotencyKey, db
from prescription_service.schemas.templates import TemplateIn, TemplateOut, TemplatesOut
from prescription_service.views import RETRIES, today

bp = APIBlueprint("templates", __name__, tag="Templates")


@bp.get("/templates")
@allow("doctor")
@refuses(MedicineListMissing)
@bp.output(TemplatesOut)
def list_own() -> TemplatesOut:
    """List one's own templates by name. Each medicine says what the list has against it by now."""
    return TemplatesOut(items=[TemplateOut.of(one) for one in templates.list_own(principal(), today())])


@bp.post("/templates")
@allow("doctor")
@refuses(templates.TemplateNameTaken, templates.TooManyTemplates, MedicineListMissing, *RETRIES)
@idempotent(db, IdempotencyKey)
@bp.input(TemplateIn, arg_name="given")
@bp.output(TemplateOut, status_code=201)
def keep(given: TemplateIn) -> TemplateOut:
    """Keep a set of medicines under a name, checked by the same limits as a prescription."""
    medicines = [one.words for one in given.medicines]
    return TemplateOut.of(templates.keep(principal(), given.name, given.notes, medicines, today()))


@bp.get("/templates/<id:template_id>")
@allow("doctor")
@refuses(NotFound, MedicineListMissing)
@bp.output(TemplateOut)
def one(template_id: UUID) -> TemplateOut:
    """Read one of one's own templates."""
    return TemplateOut.of(templates.find(principal(), template_id, today()))


@bp.put("/templates/<id:template_id>")
@allow("doctor")
@refuses(NotFound, templates.TemplateNameTaken, MedicineListMissing)
@bp.input(TemplateIn, arg_name="given")
@bp.output(TemplateOut)
def change(template_id: UUID, given: TemplateIn) -> TemplateOut:
    """Write one of one's own templates anew."""
    medicines = [one.words for one in given.medicines]
    return TemplateOut.of(templates.change(principal(), template_id, given.name, given.notes, medicines, today()))


@bp.delete("/templates/<id:template_id>")
@allow("doctor")
@refuses(NotFound)
@bp.doc(responses={204: "The template is gone."})
def remove(template_id: UUID) -> Response:
    """Throw one of one's own templates away for good."""
    templates.remove(principal(), template_id)
    return Response(status=204)
