"""Checking and signing at the prescription service: what its safety checks find, and the answers to it."""

from datetime import datetime
from typing import Any, Literal

from portal import session
from portal.api.base import Answer, Api
from portal.api.prescriptions import Medicine, Prescription, Sum

Json = dict[str, Any]


class Alert(Answer):
    """Something to think of before signing: `stop` needs a reason, `ask` an answer, `info` nothing."""

    key: str
    tier: Literal["stop", "ask", "info"]
    message: str
    positions: list[int]
    overridable: bool


class NotChecked(Answer):
    """Something that was compared with nothing, and why."""

    name: str
    why: str


class Checks(Answer):
    """How far the checks went."""

    interaction_rules: int
    checked: list[str]
    compared_with: list[str]
    not_checked: list[NotChecked]
    allergy_state: str
    allergies_asked_at: datetime | None = None
    arithmetic: list[Sum]


class Checked(Answer):
    """What signing would find now, and the words it would print."""

    medicines: list[Medicine]
    alerts: list[Alert]
    coverage: Checks

    @property
    def sums(self) -> dict[int, list[str]]:
        """The arithmetic by the number of the medicine: none, one sum, or two where a dose goes by weight."""
        found: dict[int, list[str]] = {one.position: [] for one in self.medicines}
        for one in self.coverage.arithmetic:
            found.setdefault(one.position, []).append(one.shown)
        return found

    @property
    def barred(self) -> bool:
        """Whether something was found that no reason overrides."""
        return any(not one.overridable for one in self.alerts)


class Signing(Api):
    """Calls about a prescription that is not signed yet."""

    def check(self, appointment_id: str, content: Json) -> Checked:
        """What the safety checks find. Nothing is kept."""
        body = {"appointment_id": appointment_id, **content}
        return self.read(Checked, "POST", "/prescriptions/check", token=session.token(), json=body)

    def sign(self, appointment_id: str, content: Json, overrides: list[Json], key: str) -> Prescription:
        """Sign and issue a prescription for a visit. The same key and words give the same prescription."""
        body: Json = {"appointment_id": appointment_id, **content}
        body |= {"overrides": overrides} if overrides else {}
        headers = {"Idempotency-Key": key}
        return self.read(Prescription, "POST", "/prescriptions", token=session.token(), json=body, headers=headers)
