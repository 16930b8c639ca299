"""The medicine list of the prescription service."""

from portal import session
from portal.api.base import Answer, Api


class ListedMedicine(Answer):
    """One medicine of the list, with what a prescription may choose from."""

    formulary_id: str
    generic_name: str
    tall_man_name: str
    dose_form: str
    routes: list[str]
    strengths: list[str]
    dose_units: list[str]
    quantity_unit: str
    ingredients: list[str]
    high_alert: bool
    controlled: bool
    by_brand: bool
    weekly_only: bool
    note: str = ""

    @property
    def name(self) -> str:
        """The name with the capitals that keep lookalikes apart."""
        return self.tall_man_name + self.generic_name[len(self.tall_man_name) :]


class Matches(Answer):
    """What was found, the likeliest first. `approval` says who has to stand behind the list."""

    items: list[ListedMedicine]
    approval: str = ""


class AllergyClass(Answer):
    """A group of medicines that somebody can be allergic to."""

    key: str
    label: str


class AllergyClasses(Answer):
    """All of them, by their names."""

    items: list[AllergyClass]


class Medicines(Api):
    """Calls to the medicine list. Searching it is for doctors only."""

    def allergy_classes(self) -> dict[str, str]:
        """The name of each group by its key."""
        found = self.read(AllergyClasses, "GET", "/allergy-classes", token=session.token())
        return {one.key: one.label for one in found.items}

    def find(self, typed: str, limit: int = 20) -> list[ListedMedicine]:
        """Medicines by what somebody typed: at least two characters, at most a hundred."""
        params = {"q": typed[:100], "limit": limit}
        return self.read(Matches, "GET", "/medicines", token=session.token(), params=params).items

    def one(self, formulary_id: str, name: str) -> ListedMedicine | None:
        """The medicine of this id, found by its name; None when the list no longer has it."""
        found = self.find(name, 50) if len(name) > 1 else []
        return next((one for one in found if one.formulary_id == formulary_id), None)
