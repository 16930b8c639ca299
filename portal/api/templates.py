"""A doctor's own named sets of medicines, at the prescription service. They say nothing of any patient."""

from typing import Any

from portal import session
from portal.api.base import Answer, Api
from portal.api.drafts import DraftedParts

Json = dict[str, Any]


class Problem(Answer):
    """What the list has against a medicine by now."""

    message: str


class TemplateMedicine(Answer):
    """One medicine of it: what it was called when it was kept, and its parts."""

    name: str
    structure: Json
    problems: list[Problem] = []

    @property
    def parts(self) -> DraftedParts:
        """As a draft has it. What stands before the strength is the name in the list."""
        generic = self.name.partition(f" {self.structure['strength']} ")[0]
        return DraftedParts.model_validate({**self.structure, "name": self.name, "generic_name": generic})


class Template(Answer):
    """A template. Its days are as far ahead of today as they were when it was kept."""

    id: str
    name: str
    notes: str = ""
    medicines: list[TemplateMedicine]


class Owned(Answer):
    """All of one's own, by name."""

    items: list[Template]


class Templates(Api):
    """Calls about one's own templates. A name that is taken is refused with the code template-name-taken."""

    def all(self) -> list[Template]:
        """All of them."""
        return self.read(Owned, "GET", "/templates", token=session.token()).items

    def one(self, template_id: str) -> Template:
        """One of them."""
        return self.read(Template, "GET", f"/templates/{template_id}", token=session.token())

    def keep(self, name: str, notes: str, medicines: list[Json], key: str) -> Template:
        """A new one. The same key and words give the same one."""
        body, headers = {"name": name, "notes": notes, "medicines": medicines}, {"Idempotency-Key": key}
        return self.read(Template, "POST", "/templates", token=session.token(), json=body, headers=headers)

    def rename(self, template: Template, name: str, notes: str, medicines: list[Json]) -> Template:
        """Another name, and other notes."""
        body = {"name": name, "notes": notes, "medicines": medicines}
        return self.read(Template, "PUT", f"/templates/{template.id}", token=session.token(), json=body)

    def remove(self, template_id: str) -> None:
        """Delete it for good."""
        self.tell("DELETE", f"/templates/{template_id}", token=session.token())
