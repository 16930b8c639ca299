"""Whom to tell by phone, over HTTP."""

from uuid import UUID

from apiflask import APIBlueprint

from appointment_service import outbox
from appointment_service.models import audit
from appointment_service.schemas.messages import MessageOut, MessagesIn, MessagesPage
from appointment_service.views import cursors, zone
from chassis.cursor import moment_and_id, moment_place
from chassis.docs import refuses
from chassis.errors import InvalidCursor, NotFound
from chassis.identity import allow, principal

bp = APIBlueprint("messages", __name__, tag="Messages")


@bp.get("/messages/to-phone")
@allow("doctor", "admin")
@refuses(InvalidCursor)
@bp.input(MessagesIn, location="query", arg_name="wanted")
@bp.output(MessagesPage)
@audit.of("message.list")
def to_phone(wanted: MessagesIn) -> MessagesPage:
    """List whom to tell by phone, because mail did not reach them: the next visit first.

    Doctors see their own patients, admins everybody. What is over, or no longer so, is not listed.
    """
    who = principal()
    found, cursor = cursors().page(
        f"messages:{who.id}",
        wanted,
        lambda limit, seen: outbox.to_phone(who, limit, moment_and_id(seen)),
        lambda last: moment_place(last[1].starts_at, last[0].id),
    )
    return MessagesPage(items=[MessageOut.of_pair(*pair, zone()) for pair in found], next_cursor=cursor)


@bp.post("/messages/<id:message_id>/told")
@allow("doctor", "admin")
@refuses(NotFound)
@bp.output(MessageOut)
@audit.of("message.tell")
def told(message_id: UUID) -> MessageOut:
    """Tick off a message: one has told the patient. Doing it again changes nothing."""
    return MessageOut.of_pair(*outbox.told(principal(), message_id), zone())
