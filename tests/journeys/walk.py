"""The main job in a browser: a patient books, a doctor prescribes, and the paper prints on one A5 page."""

import io
import re
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

LABELS = ("Medicine, strength and form", "How much and how often", "For how long")
A5 = (420, 595)
"""Points, as 148 by 210 mm come to whole ones."""


@dataclass(frozen=True)
class Paper:
    """A printed prescription."""

    pages: int
    size: tuple[int, int]
    text: str


def visit(
    browser: Browser, portal: str, *, scripts: bool = True, width: int = 1280, any_certificate: bool = False
) -> Paper:
    """The whole walk against the portal at this address, with the demo's people. Raises where it does not go on."""
    context = browser.new_context(
        base_url=portal,
        java_script_enabled=scripts,
        viewport={"width": width, "height": 900},
        locale="en-GB",
        ignore_https_errors=any_certificate,
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    elsewhere: list[str] = []
    page.on("request", lambda request: request.url.startswith((portal, "data:")) or elsewhere.append(request.url))
    appointment = _book(page)
    _sign_out(page)
    paper = _prescribe(page, appointment)
    context.close()
    assert elsewhere == []
    return paper


def _sign_in(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill("TestPass123")
    page.get_by_role("button", name="Sign in", exact=True).click()


def _sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


def _book(page: Page) -> str:
    """Book the first free time of the first doctor; the path of the appointment's page."""
    _sign_in(page, "maya@example.com")
    page.goto("/doctors")
    page.locator("main a[href*='/book/']").first.click()
    page.locator("input[name=visit_type]").first.check()
    page.get_by_role("button", name="Continue").click()
    page.locator("input[name=start]").first.check(force=True)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("textbox").fill("Sore throat for a week")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your answers")
    page.get_by_role("button", name="Book this appointment").click()
    page.wait_for_url(re.compile(r"/appointments/[0-9a-f-]{36}/booked"))
    return page.url.removesuffix("/booked")


def _prescribe(page: Page, appointment: str) -> Paper:
    """Write and sign a prescription of two medicines for this appointment, and print it."""
    _sign_in(page, "dr.okafor@example.com")
    page.wait_for_url("**/today")
    page.goto(appointment)
    expect(page.locator("main")).to_contain_text("Sore throat for a week")
    page.get_by_role("link", name="Write a prescription").click()
    page.get_by_role("button", name="Write it in your own words").click()
    _fill(page, 0, "Amoxicillin 500 mg capsules", "1 capsule 3 times a day", "7 days")
    page.get_by_role("button", name="Add another medicine").click()
    page.get_by_role("button", name="Write it in your own words").click()
    expect(page.get_by_label(LABELS[0], exact=True)).to_have_count(2)
    _fill(page, 1, "Paracetamol 500 mg tablets", "2 tablets when needed, at most 8 in 24 hours", "5 days")
    page.get_by_role("button", name="Check the prescription").last.click()
    page.get_by_role("button", name="Sign and issue").click()
    page.wait_for_url(re.compile(r"/prescriptions/[0-9a-f-]{36}"))
    page.goto(page.url.split("?")[0] + "/print")
    found = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    box = found.pages[0].mediabox
    text = "\n".join(one.extract_text() for one in found.pages)
    return Paper(len(found.pages), (round(float(box.width)), round(float(box.height))), text)


def _fill(page: Page, row: int, *words: str) -> None:
    for label, text in zip(LABELS, words, strict=True):
        page.get_by_label(label, exact=True).nth(row).fill(text)
