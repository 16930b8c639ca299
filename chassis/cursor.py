"""Cursors of keyset pages: signed, and bound to one list of one person."""

from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from chassis.errors import InvalidCursor


class Cursors:
    """Makes and reads the cursors of one program."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def _serializer(self, owner: str) -> URLSafeSerializer:
        return URLSafeSerializer(self._secret, salt=f"cursor:{owner}")

    def write(self, owner: str, position: list[Any]) -> str:
        """A cursor for `owner` (person and list) that points behind `position` (JSON values)."""
        text = self._serializer(owner).dumps(position)
        return text if isinstance(text, str) else text.decode()

    def read(self, owner: str, cursor: str) -> list[Any]:
        """The position in a cursor that `write` made for the same owner, else `InvalidCursor`."""
        try:
            position = self._serializer(owner).loads(cursor)
        except BadData as error:
            raise InvalidCursor from error
        if not isinstance(position, list):
            raise InvalidCursor
        return position
