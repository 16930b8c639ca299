"""A visitor of the portal over a real connection, with the same hands as the one in process."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.portal.visitor import BROWSER, Page, Visitor


@dataclass
class Came:
    """An answer, as `Page` reads one."""

    answer: requests.Response

    @property
    def status_code(self) -> int:
        return self.answer.status_code

    @property
    def request(self) -> "Came":
        return self

    @property
    def full_path(self) -> str:
        parts = urlsplit(self.answer.url)
        return f"{parts.path}?{parts.query}"

    def get_data(self, as_text: bool = True) -> str:
        return self.answer.text


class VisitorOnTheWire(Visitor):
    """One browser in front of a running portal. What pages owe their readers is checked elsewhere."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path: str, status: int = 200, **sent: Any) -> Page:
        return self._open("GET", path, params=sent.get("query_string"))

    def post(self, path: str, data: Any, status: int = 200, **sent: Any) -> Page:
        return self._open("POST", path, data=list(data.items(multi=True)) if hasattr(data, "getlist") else data)

    def _open(self, method: str, path: str, **sent: Any) -> Page:
        answer = self.session.request(method, self.url + path, headers=BROWSER, timeout=20, **sent)
        came: Any = Came(answer)
        return Page(came, came.full_path.rstrip("?"))
