"""Somebody in front of the portal: opens pages, fills forms as a browser would, and looks hard at every page."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests import make

BROWSER = {"Sec-Fetch-Site": "same-origin"}
Fields = MultiDict[str, str]


@dataclass
class Page:
    """One page as it came: its status, headers, text and elements."""

    response: TestResponse
    path: str

    def __post_init__(self) -> None:
        self.status = self.response.status_code
        self.source = self.response.get_data(as_text=True)
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        self.root: Element = parser.parse(self.source)
        self.problems = [problem for problem in parser.errors if problem[1] != "expected-doctype-but-got-eof"]

    @property
    def text(self) -> str:
        """What the page says, with single spaces."""
        main = self.root.find(".//main")
        return " ".join("".join(main.itertext() if main is not None else self.root.itertext()).split())

    @property
    def title(self) -> str:
        """The title of the window."""
        return self.root.findtext(".//title") or ""

    @property
    def heading(self) -> str:
        """The one h1."""
        return " ".join("".join(self.all("h1")[0].itertext()).split())

    def all(self, path: str) -> list[Element]:
        """The elements of a kind: `a`, `input[@type='radio']`."""
        return self.root.findall(f".//{path}")

    def link(self, words: str) -> str:
        """Where the link with these words leads."""
        links = [a.get("href", "") for a in self.all("a") if words in " ".join("".join(a.itertext()).split())]
        assert links, f"no link {words!r} on {self.path}: {self.text}"
        return links[0]

    def form(self, button: str) -> tuple[Element, Element]:
        """The form with this button, and the button."""
        for form in self.all("form"):
            buttons = [*form.iter("button"), *self.all(f"button[@form='{form.get('id', '')}']")]
            for found in buttons:
                if button in "".join(found.itertext()):
                    return form, found
        raise AssertionError(f"no button {button!r} on {self.path}: {self.text}")

    def fields(self, form: Element) -> Fields:
        """What a browser would send of this form as it stands."""
        sent: Fields = MultiDict()
        for box in [*form.iter("input"), *form.iter("textarea")]:
            chosen = box.get("type") not in {"radio", "checkbox"} or box.get("checked") is not None
            if box.get("name") and chosen:
                value = (box.text or "").removeprefix("\n") if box.tag == "textarea" else box.get("value", "")
                sent.add(str(box.get("name")), value)
        for box in form.iter("select"):
            options = list(box.iter("option"))
            chosen_one = next((o for o in options if o.get("selected") is not None), options[0])
            sent.add(str(box.get("name")), chosen_one.get("value", ""))
        return sent

    def check(self) -> None:
        """What every page owes its reader."""
        assert not self.problems, (self.path, self.problems[:3])
        assert len(self.all("h1")) == 1, self.path
        assert self.title.strip(" –"), self.path
        self._check_fields()
        ids = [element.get("id") for element in self.root.iter() if element.get("id")]
        assert len(ids) == len(set(ids)), (self.path, sorted(ids))
        assert self._references() <= set(ids), (self.path, self._references() - set(ids))
        assert not [e for e in self.root.iter() if e.get("style") or e.get("onclick")], self.path

    def _check_fields(self) -> None:
        labelled = {label.get("for") for label in self.all("label")}
        for box in [*self.all("input"), *self.all("textarea"), *self.all("select")]:
            if box.get("type") != "hidden":
                assert box.get("id") in labelled, (self.path, box.attrib)
        for form in self.all("form"):
            names = {box.get("name") for box in form.iter("input")}
            free = form.get("method", "get") == "get" or str(form.get("action")).startswith("/v")  # nobody signed in
            assert free or "csrf_token" in names, (self.path, form.attrib)

    def _references(self) -> set[str | None]:
        names = [e.get(name, "") for e in self.root.iter() for name in ("aria-describedby", "aria-labelledby")]
        inside = [a.get("href", "")[1:] for a in self.all("a") if a.get("href", "").startswith("#")]
        return {one for name in names for one in name.split()} | set(inside)


class Visitor:
    """One browser."""

    def __init__(self, portal: Flask) -> None:
        self.client = portal.test_client()

    def get(self, path: str, status: int = 200, **sent: Any) -> Page:
        """Open a page, follow where it leads, and check what came."""
        return self._arrived(self.client.get(path, headers=BROWSER, follow_redirects=True, **sent), status)

    def post(self, path: str, data: Any, status: int = 200, **sent: Any) -> Page:
        """Send fields and follow where it leads."""
        headers = {**BROWSER, **sent.pop("headers", {})}
        return self._arrived(self.client.post(path, data=data, headers=headers, follow_redirects=True, **sent), status)

    def press(self, page: Page, button: str, status: int = 200, **typed: str) -> Page:
        """Fill a page's form and press a button, as a browser would: its own action, its own fields."""
        form, pressed = page.form(button)
        fields = page.fields(form)
        for name, value in typed.items():
            fields.setlist(name.replace("__", "-"), [value])
        if pressed.get("name"):
            fields.add(str(pressed.get("name")), pressed.get("value", ""))
        path = pressed.get("formaction") or form.get("action") or page.path
        if form.get("method") == "get":
            return self.get(path, status, query_string=fields)
        return self.post(path, fields, status)

    def sign_in(self, email: str, password: str = make.PASSWORD) -> "Visitor":
        """Sign in through the page."""
        page = self.press(self.get("/sign-in"), "Sign in", email=email, password=password)
        assert page.path != "/sign-in", page.text
        return self

    def _arrived(self, response: TestResponse, status: int) -> Page:
        page = Page(response, response.request.full_path.rstrip("?"))
        assert page.status == status, (page.status, page.path, page.text)
        page.check()
        return page


def place(url: str) -> str:
    """The path of an address, without host and query."""
    return urlsplit(url).path
