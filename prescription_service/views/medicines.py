"""Searching the medicine list."""

from apiflask import APIBlueprint

from chassis.docs import refuses
from chassis.identity import allow
from prescription_service import allergies, medicine_list
from prescription_service.forms import FORMS
from prescription_service.schemas.medicines import (
    AllergyClassesOut,
    AllergyClassOut,
    ListedMedicineOut,
    MedicinesIn,
    MedicinesOut,
)

APPROVAL = "A doctor and a pharmacist of the clinic approve this list before it is relied on."

bp = APIBlueprint("medicines", __name__, tag="Medicines")


@bp.get("/medicines")
@allow("doctor")
@refuses(medicine_list.MedicineListMissing)
@bp.input(MedicinesIn, location="query", arg_name="asked")
@bp.output(MedicinesOut)
def search(asked: MedicinesIn) -> MedicinesOut:
    """Find medicines by the beginning of a name, of any word or ATC code, or by a name spelt nearly so."""
    found = medicine_list.index().find(asked.q, asked.limit)
    items = [
        ListedMedicineOut(
            **{name: getattr(one, name) for name in ListedMedicineOut.model_fields if hasattr(one, name)},
            dose_units=list(FORMS[one.dose_form].dose_units),
            whole_quantity=FORMS[one.dose_form].whole,
        )
        for one in found
    ]
    return MedicinesOut(items=items, version=medicine_list.current().version, approval=APPROVAL)


@bp.get("/allergy-classes")
@allow("patient", "doctor", "admin", unverified=True)
@refuses(medicine_list.MedicineListMissing)
@bp.output(AllergyClassesOut)
def allergy_classes() -> AllergyClassesOut:
    """List the groups of medicines that an allergy can be recorded to."""
    items = [AllergyClassOut(key=key, label=label) for key, label in allergies.classes().items()]
    return AllergyClassesOut(items=items)
