"""Kinds of visit over HTTP."""

from uuid import UUID

from apiflask import APIBlueprint

from appointment_service import doctors, visit_types
from appointment_service.schedule_tables import VisitType
from appointment_service.schemas.visit_types import (
    OfferOut,
    OffersOut,
    OverridesIn,
    OverridesOut,
    VisitTypeIn,
    VisitTypeOut,
    VisitTypesOut,
)
from chassis import versions
from chassis.docs import refuses
from chassis.identity import allow, principal, public

bp = APIBlueprint("visit_types", __name__, tag="Visit types")


@bp.get("/visit-types")
@public
@bp.output(VisitTypesOut)
def listed() -> VisitTypesOut:
    """List the kinds of visit that patients book."""
    return VisitTypesOut.of_types(visit_types.listed(None))


@bp.get("/visit-types/all")
@allow("doctor", "admin")
@bp.output(VisitTypesOut)
def every() -> VisitTypesOut:
    """List all kinds of visit, also those that only staff book and those out of use."""
    return VisitTypesOut.of_types(visit_types.listed(principal()))


@bp.post("/visit-types")
@allow("admin")
@refuses(visit_types.NameTaken)
@bp.input(VisitTypeIn, arg_name="kind")
@bp.output(VisitTypeOut, status_code=201)
def create(kind: VisitTypeIn) -> VisitTypeOut:
    """Make a new kind of visit."""
    return _tagged(visit_types.create(kind.model_dump()))


@bp.get("/visit-types/<id:visit_type_id>")
@allow("admin")
@refuses(visit_types.VisitTypeNotFound)
@bp.output(VisitTypeOut)
def one(visit_type_id: UUID) -> VisitTypeOut:
    """Read a kind of visit; `ETag` is its version."""
    return _tagged(visit_types.find(visit_type_id))


@bp.put("/visit-types/<id:visit_type_id>")
@allow("admin")
@refuses(visit_types.VisitTypeNotFound, visit_types.NameTaken, versions.PreconditionRequired, versions.VersionConflict)
@bp.input(VisitTypeIn, arg_name="kind")
@bp.output(VisitTypeOut)
def change(visit_type_id: UUID, kind: VisitTypeIn) -> VisitTypeOut:
    """Change a kind of visit, in the version that `If-Match` names. What is booked keeps the terms it was booked on."""
    visit_types.find(visit_type_id)
    check = versions.if_match(required=True)
    return _tagged(visit_types.change(visit_type_id, kind.model_dump(), check))


@bp.get("/doctors/<id:doctor_id>/visit-types")
@public
@refuses(doctors.DoctorNotFound)
@bp.output(OffersOut)
def offers(doctor_id: UUID) -> OffersOut:
    """List what one doctor offers to patients, on the doctor's terms."""
    doctors.listed(doctor_id)
    return OffersOut(items=[OfferOut.of_terms(*one) for one in visit_types.offers_of(doctor_id)])


@bp.get("/doctors/<id:doctor_id>/overrides")
@allow("admin")
@refuses(doctors.DoctorNotFound)
@bp.output(OverridesOut)
def overrides(doctor_id: UUID) -> OverridesOut:
    """Read what one doctor does otherwise."""
    return OverridesOut.of_overrides(visit_types.overrides_of(doctor_id))


@bp.put("/doctors/<id:doctor_id>/overrides")
@allow("admin")
@refuses(doctors.DoctorNotFound, visit_types.VisitTypeNotFound)
@bp.input(OverridesIn, arg_name="wish")
@bp.output(OverridesOut)
def override(doctor_id: UUID, wish: OverridesIn) -> OverridesOut:
    """Say all that one doctor does otherwise. What is booked keeps the terms it was booked on."""
    said = {one.visit_type_id: one.values for one in wish.overrides}
    return OverridesOut.of_overrides(visit_types.override(doctor_id, said))


def _tagged(found: VisitType) -> VisitTypeOut:
    versions.tag(found.version)
    return VisitTypeOut.of(found)
