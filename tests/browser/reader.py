"""Somebody with a real browser, who looks at every page: accessibility, width, strangers, errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

from tests import make

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

SMALLEST = 320
"""Only the width is looked at here: what axe checks is the same as at 390 px."""


@dataclass
class Reader:
    """One page of a browser in front of a running portal."""

    page: Page
    portal: str
    strangers: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", self._asked)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.portal, "data:")):
            self.strangers.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        """Scripts and styles that the policy blocks are said here; a 4xx page is no fault."""
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            self.complaints.append(message.text)

    def open(self, path: str) -> None:
        """Open a page and look at it."""
        self.page.goto(path)
        self.look()

    def press(self, button: str) -> None:
        """Press a button of the page and look at what comes."""
        self.page.locator("main").get_by_role("button", name=button).first.click()
        self.look()

    def follow(self, link: str) -> None:
        """Follow a link of the page and look at what comes."""
        self.page.locator("main").get_by_role("link", name=link).first.click()
        self.look()

    def sign_in(self, email: str) -> None:
        """Sign in through the page."""
        self.page.goto("/sign-in")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password", exact=True).fill(make.PASSWORD)
        self.page.locator("main").get_by_role("button", name="Sign in").click()
        self.page.get_by_role("button", name="Sign out").wait_for()

    def look(self) -> None:
        """Nothing may be wrong with the page that is open."""
        self.page.wait_for_load_state()
        if self.page.viewport_size and self.page.viewport_size["width"] != SMALLEST:
            found = Axe().run(self.page, options=RULES)
            assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"
        wider = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{self.page.url} is {wider} px too wide"
        assert not self.strangers
        assert not self.complaints

    def heading(self) -> str:
        """The page's h1."""
        return self.page.locator("h1").inner_text()


@contextmanager
def reading(browser: Browser, portal: str, width: int = 1280, *, scripts: bool = True) -> Iterator[Reader]:
    """A browser window of this width for the block."""
    context = browser.new_context(
        base_url=portal,
        viewport={"width": width, "height": 900},
        java_script_enabled=scripts,
        reduced_motion="reduce",
        locale="en-GB",
    )
    context.set_default_timeout(10_000)
    yield Reader(context.new_page(), portal)
    context.close()
