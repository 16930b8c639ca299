"""The record of access over HTTP: admins read all of it, patients who saw or changed what is theirs."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from apiflask import APIBlueprint
from flask import current_app, request
from pydantic import StringConstraints

from chassis.audit import Audit, Filter
from chassis.cursor import Cursors
from chassis.docs import refuses
from chassis.errors import Forbidden, InvalidCursor
from chassis.identity import allow, principal
from chassis.schemas import Id, Instant, Out, Page, Paging

OF_PATIENTS = frozenset({"record_id", "action", "since", "until", "others", "limit", "cursor"})
"""What a patient may ask by. The rest is about other people."""
HIDDEN_FROM_PATIENTS = {"request_id": None, "address": None}


class AuditEventsIn(Paging):
    """Which events to list. `since` is included and `until` is not; `others=true` leaves out one's own acts."""

    actor_id: Id | None = None
    patient_id: Id | None = None
    record_id: Id | None = None
    action: Annotated[str, StringConstraints(pattern=r"^[a-z-]{1,30}\.[a-z-]{1,30}$")] | None = None
    outcome: Literal["done", "refused"] | None = None
    since: Instant | None = None
    until: Instant | None = None
    others: Literal["true", "false"] = "false"

    @property
    def filter(self) -> Filter:
        """As the record takes it."""
        names = ("actor_id", "patient_id", "record_id", "action", "outcome", "since", "until")
        return Filter(**{name: getattr(self, name) for name in names}, others=self.others == "true")


class AuditEventOut(Out):
    """Who did what with whose record. Patients are not told of addresses and request ids."""

    sequence: int
    recorded_at: datetime
    actor_id: UUID | None
    actor_role: str | None
    actor_name: str | None
    action: str
    record_id: UUID | None
    patient_id: UUID | None
    outcome: Literal["done", "refused"]
    request_id: str | None
    address: str | None


class AuditEventsPage(Page[AuditEventOut]):
    """Part of the record of access."""


def blueprint(audit: Audit) -> APIBlueprint:
    """`GET /audit-events` of one service."""
    bp = APIBlueprint("audit", __name__, tag="Record of access")

    @bp.get("/audit-events")
    @allow("patient", "admin")
    @refuses(InvalidCursor)
    @bp.input(AuditEventsIn, location="query", arg_name="wanted")
    @bp.output(AuditEventsPage)
    @audit.of("audit.read", subjects=_asked_about)
    def listed(wanted: AuditEventsIn) -> AuditEventsPage:
        """Read who did what with whose record, newest first.

        Patients read of themselves only. What admins read is noted here as well.
        """
        if principal().role != "admin" and wanted.model_fields_set - OF_PATIENTS:
            raise Forbidden("Patients read the events about themselves.")
        return _page(audit, wanted)

    return bp


def _asked_about(_: object) -> list[tuple[None, UUID | None]]:
    """An admin's look is one event, about the patient whose events were asked for."""
    patient = request.args.get("patient_id")
    return [(None, UUID(patient) if patient else None)] if principal().role == "admin" else []


def _page(audit: Audit, wanted: AuditEventsIn) -> AuditEventsPage:
    cursors: Cursors = current_app.extensions["cursors"]
    who = principal()
    found, cursor = cursors.page(
        f"audit-events:{who.id}",
        wanted,
        lambda limit, seen: audit.listed(who, wanted.filter, limit, seen[0] if seen else None),
        lambda last: [last.sequence],
    )
    hidden: dict[str, Any] = {} if who.role == "admin" else HIDDEN_FROM_PATIENTS
    items = [AuditEventOut.of(event).model_copy(update=hidden) for event in found]
    return AuditEventsPage(items=items, next_cursor=cursor)
