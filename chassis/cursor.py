"""Keyset pages and their cursors: signed, and bound to one list of one person."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from chassis.errors import InvalidCursor
from chassis.schemas import Paging

T = TypeVar("T")
Place = list[Any]
"""Where an item stands in its list, as JSON values."""


class Cursors:
    """Makes and reads the cursors of one program."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def _serializer(self, owner: str) -> URLSafeSerializer:
        return URLSafeSerializer(self._secret, salt=f"cursor:{owner}")

    def write(self, owner: str, position: Place) -> str:
        """A cursor for `owner` (person and list) that points behind `position`."""
        text = self._serializer(owner).dumps(position)
        return text if isinstance(text, str) else text.decode()

    def read(self, owner: str, cursor: str) -> Place:
        """The position in a cursor that `write` made for the same owner, else `InvalidCursor`."""
        try:
            position = self._serializer(owner).loads(cursor)
        except BadData as error:
            raise InvalidCursor from error
        if not isinstance(position, list):
            raise InvalidCursor
        return position

    def page(
        self,
        owner: str,
        asked: Paging,
        fetch: Callable[[int, Place | None], Iterable[T]],
        place: Callable[[T], Place],
    ) -> tuple[list[T], str | None]:
        """The items asked for, and the cursor of those that follow (None at the end).

        `fetch` gives at most so many items behind a place, from the beginning for None; `place` says where one stands.
        """
        behind = self.read(owner, asked.cursor) if asked.cursor else None
        found = list(fetch(asked.limit + 1, behind))
        items = found[: asked.limit]
        return items, self.write(owner, place(items[-1])) if len(found) > len(items) else None


def moment_place(moment: datetime, item_id: UUID) -> Place:
    """The place of an item in a list that is ordered by a moment and the id."""
    return [moment.isoformat(), str(item_id)]


def moment_and_id(place: Place | None) -> tuple[datetime, UUID] | None:
    """The moment and the id of a place that `moment_place` made."""
    return (datetime.fromisoformat(place[0]), UUID(place[1])) if place else None
