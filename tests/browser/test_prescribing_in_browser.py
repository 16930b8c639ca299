"""Writing and printing a prescription in a real browser: rows, focus, going back, paper, and what axe finds."""

import io
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from portal import paper_patient
from portal.api.prescriptions import Details
from tests import make
from tests.browser.reader import Reader, reading
from tests.portal.test_printed_medicines import of
from tests.servers import Clinic

A5 = (148, 210)
NAMES = [("Zoë Đorđe", "Łukaszewicz-Ğüneş"), ("Ελένη", "Παπαδοπούλου"), ("Алёна", "Щербакова"), ("مريم", "الحسيني")]


@pytest.fixture
def visit(clinic: Clinic, auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person) -> dict[str, Any]:
    """An appointment of that doctor and patient, known to the running programs."""
    return make.appointment(appointment, patient, doctor, notes="Ear ache for three days")


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth, first_name="Maya", last_name="Lindqvist", birth_date="1988-03-14")


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment, first_name="Amara", last_name="Okafor", licence_number="7412093")


@pytest.fixture(params=[1280, 390])
def okafor(request: pytest.FixtureRequest, browser: Browser, clinic: Clinic, doctor: make.Person) -> Iterator[Reader]:
    """The doctor, signed in, on a desk and on a phone."""
    with reading(browser, clinic.portal.url, request.param) as reader:
        reader.sign_in(doctor.email)
        yield reader


@pytest.fixture
def page(okafor: Reader) -> Page:
    """The doctor's page."""
    return okafor.page


@pytest.fixture
def plain(browser: Browser, clinic: Clinic, doctor: make.Person) -> Iterator[Page]:
    """The doctor in a browser without scripts."""
    with reading(browser, clinic.portal.url, scripts=False) as reader:
        reader.sign_in(doctor.email)
        yield reader.page


def row(page: Page, number: int) -> Any:
    return page.get_by_role("group", name=f"Medicine {number}", exact=True)


def in_words(page: Page, number: int) -> None:
    """Make this row one in the doctor's own words."""
    row(page, number).get_by_role("button", name="Write it in your own words").click()
    expect(row(page, number).get_by_label("How much and how often")).to_be_visible()


def fill(page: Page, number: int, name: str) -> None:
    if row(page, number).get_by_role("button", name="Write it in your own words").count():
        in_words(page, number)
    row(page, number).get_by_label("Medicine, strength and form").fill(name)
    row(page, number).get_by_label("How much and how often").fill("1 capsule 3 times a day")
    row(page, number).get_by_label("For how long").fill("7 days")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def expect_focus(page: Page, name: str) -> None:
    """Wait for the focus: a browser gives it a little after the page is there."""
    expect(page.locator(f"[name='{name}']")).to_be_focused()


def test_rows_come_and_go_in_place_with_the_focus(okafor: Reader, page: Page, visit: dict[str, Any]) -> None:
    page.goto(f"/appointments/{visit['id']}/prescribe")
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)
    fill(page, 1, "First")
    press(page, "Add another medicine")
    expect_focus(page, "medicines-1-name")
    fill(page, 2, "Second")
    press(page, "Add another medicine")
    fill(page, 3, "Third")

    press(page, "Remove medicine 2")

    expect_focus(page, "medicines-0-name")
    expect(row(page, 2).get_by_label("Medicine, strength and form")).to_have_value("Third")
    expect(page.get_by_text("Medicine 2, Second, removed.")).to_be_visible()
    press(page, "Put it back")
    expect(row(page, 2).get_by_label("Medicine, strength and form")).to_have_value("Second")
    keys = page.locator("fieldset input[name$='-key']").evaluate_all("boxes => boxes.map(box => box.value)")
    assert len(set(keys)) == 3
    okafor.look()


def test_errors_name_the_row_and_follow_it(okafor: Reader, page: Page, visit: dict[str, Any]) -> None:
    page.goto(f"/appointments/{visit['id']}/prescribe")
    fill(page, 1, "First")
    for _ in range(2):
        press(page, "Add another medicine")
    fill(page, 2, "Second")
    fill(page, 3, "")

    press(page, "Check the prescription")

    expect(page).to_have_title("Error: New prescription – Larkfield Clinic")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    okafor.look()
    press(page, "Remove medicine 2")
    page.get_by_role("link", name="Medicine 2: enter the name of the medicine.").click()
    expect_focus(page, "medicines-2-name")
    expect(page.locator(".error-summary li:visible")).to_have_count(1)


def test_ten_rows_and_the_button_gives_way_to_words(okafor: Reader, page: Page, visit: dict[str, Any]) -> None:
    page.goto(f"/appointments/{visit['id']}/prescribe")
    for _ in range(9):
        press(page, "Add another medicine")

    expect(page.get_by_role("button", name="Add another medicine")).to_have_count(0)
    expect(page.get_by_text("at most 10 medicines")).to_be_visible()
    okafor.look()


def test_back_from_the_check_finds_every_row_again(okafor: Reader, page: Page, visit: dict[str, Any]) -> None:
    page.goto(f"/appointments/{visit['id']}/prescribe")
    fill(page, 1, "First")
    press(page, "Add another medicine")
    fill(page, 2, "Second")
    page.get_by_label("Notes for the patient").fill("Rest.")
    press(page, "Check the prescription")
    expect(page.get_by_role("heading", name="Check and sign")).to_be_visible()
    okafor.look()

    page.go_back()

    expect(row(page, 2).get_by_label("Medicine, strength and form")).to_have_value("Second")
    expect(page.get_by_label("Notes for the patient")).to_have_value("Rest.")
    press(page, "Check the prescription")
    press(page, "Sign and issue")
    expect(page.get_by_text("Signed and issued")).to_be_visible()
    okafor.look()
    page.get_by_role("link", name="Print", exact=True).click()
    okafor.look()


def test_enter_in_a_box_checks_and_never_removes(page: Page, visit: dict[str, Any]) -> None:
    page.goto(f"/appointments/{visit['id']}/prescribe")
    fill(page, 1, "First")
    press(page, "Add another medicine")
    fill(page, 2, "Second")

    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="2 medicines")).to_be_visible()


def test_a_medicine_of_the_list_is_found_while_typing_and_its_sum_offered(
    okafor: Reader, page: Page, visit: dict[str, Any], prescription: Flask, patient: make.Person
) -> None:
    make.allergy(prescription, patient, key="penicillin", reaction="anaphylaxis")
    page.goto(f"/appointments/{visit['id']}/prescribe")
    page.get_by_label("Medicine", exact=True).press_sequentially("amox")
    expect(page.get_by_role("option").first).to_be_visible()
    okafor.look()
    page.keyboard.press("Enter")  # four are called so: none is taken that nobody pointed at
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Strength")).to_be_focused()
    okafor.press("Check the prescription")

    page.get_by_label("Strength").select_option("500 mg")
    page.get_by_label("Dose", exact=True).fill("1")
    page.get_by_label("How often", exact=True).fill("TDS")
    page.get_by_label("For how long").fill("7")
    page.get_by_label("Days, weeks or months").select_option("days")
    expect(page.get_by_text("Understood: 3 times a day")).to_be_visible()
    expect(page.get_by_label("Quantity to supply")).to_have_value("")
    press(page, "Use 21")
    expect(page.get_by_label("Quantity to supply")).to_have_value("21")
    page.get_by_label("Repeats", exact=True).fill("0")
    expect(page.get_by_label("Needed for")).to_be_hidden()
    page.get_by_label("Only when needed").check()
    expect(page.get_by_label("Needed for")).to_be_visible()
    page.get_by_label("Only when needed").uncheck()

    okafor.press("Check the prescription")
    expect(page.get_by_text("Take 1 capsule (500 mg) by mouth 3 times a day")).to_be_visible()
    okafor.press("Sign and issue")
    page.get_by_label("Why you prescribe it all the same").fill("Tolerated it in 2024, family told.")
    okafor.press("Sign and issue")
    expect(page.get_by_text("Signed and issued")).to_be_visible()


def test_the_row_of_a_listed_medicine_is_there_again_after_going_back(page: Page, visit: dict[str, Any]) -> None:
    page.goto(f"/appointments/{visit['id']}/prescribe")
    page.get_by_label("Medicine", exact=True).press_sequentially("warfarin")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    page.get_by_label("Strength").select_option("3 mg")
    page.get_by_label("Only when needed").check()
    page.get_by_role("link", name="Appointment").first.click()
    expect(page.get_by_role("heading", name="Allergies and medicines")).to_be_visible()

    page.go_back()

    expect(page.get_by_label("Strength")).to_have_value("3 mg")
    expect(page.get_by_label("Only when needed")).to_be_checked()


def test_a_medicine_of_the_list_without_scripts(plain: Page, visit: dict[str, Any]) -> None:
    plain.goto(f"/appointments/{visit['id']}/prescribe")
    plain.get_by_label("Medicine", exact=True).fill("amox")
    press(plain, "Find medicine")
    plain.get_by_label("amoxicillin capsule").check(force=True)
    press(plain, "Use this medicine")
    expect(plain.get_by_label("Strength")).to_be_focused()
    expect(plain.get_by_label("Needed for")).to_be_hidden()
    plain.get_by_label("Only when needed").check()
    expect(plain.get_by_label("Needed for")).to_be_visible()


def test_the_day_and_the_lists_are_sound(
    okafor: Reader, page: Page, visit: dict[str, Any], prescription: Flask, doctor: Any
) -> None:
    issued = make.prescription(prescription, doctor, visit["id"])
    for path in ("/today", f"/today?date={make.clinic_day(7)}", "/today?date=never", f"/appointments/{visit['id']}"):
        page.goto(path)
        okafor.look()
    for path in ("", f"/{issued['id']}", f"/{issued['id']}/print", f"/{issued['id']}/print?size=a4"):
        page.goto(f"/prescriptions{path}")
        okafor.look()


def test_the_keyboard_alone_writes_and_signs(page: Page, visit: dict[str, Any]) -> None:
    page.goto(f"/appointments/{visit['id']}/prescribe")
    keys = page.keyboard
    in_words(page, 1)
    expect_focus(page, "medicines-0-name")
    for words in ("Amoxicillin 500 mg capsules", "1 capsule 3 times a day", "7 days", "With food"):
        keys.type(words)
        keys.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip() == "Add another medicine"
    tab_to(page, "Check the prescription")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Check and sign")).to_be_visible()
    tab_to(page, "Sign and issue")
    keys.press("Enter")
    expect(page.get_by_text("Signed and issued")).to_be_visible()


def tab_to(page: Page, words: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == words:
            return
    raise AssertionError(f"{words} is not reached by Tab")


def test_everything_works_without_scripts(plain: Page, visit: dict[str, Any]) -> None:
    plain.goto(f"/appointments/{visit['id']}/prescribe")
    fill(plain, 1, "First")
    press(plain, "Add another medicine")
    expect_focus(plain, "medicines-1-name")
    fill(plain, 2, "Second")
    press(plain, "Remove medicine 1")
    expect(row(plain, 1).get_by_label("Medicine, strength and form")).to_have_value("Second")
    press(plain, "Check the prescription")
    press(plain, "Change")
    press(plain, "Check the prescription")
    press(plain, "Sign and issue")
    plain.get_by_role("link", name="Print", exact=True).click()
    expect(plain.get_by_text("Ctrl+P")).to_be_visible()
    expect(plain.get_by_role("button", name="Print")).to_have_count(0)


def paper(page: Page, prescription_id: str, size: str = "a5") -> tuple[list[str], set[tuple[int, int]]]:
    """The texts of the printed pages, and their sizes in millimetres."""
    page.goto(f"/prescriptions/{prescription_id}/print?size={size}")
    spilled = page.locator(".sheet").evaluate_all(
        "sheets => sheets.some(sheet => sheet.lastElementChild.getBoundingClientRect().bottom"
        " > sheet.getBoundingClientRect().bottom)"
    )
    assert not spilled
    pages = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
    sizes = {(round(float(p.mediabox.width) * 25.4 / 72), round(float(p.mediabox.height) * 25.4 / 72)) for p in pages}
    return [" ".join(p.extract_text().split()) for p in pages], sizes


def medicines(number: int, **words: str) -> list[dict[str, str]]:
    return [make.MEDICINE | {"name": f"Medicine number {n} 500 mg"} | words for n in range(1, number + 1)]


@pytest.mark.parametrize("number", [1, 3])
def test_up_to_three_medicines_print_on_one_a5_page(
    plain: Page, prescription: Flask, doctor: make.Person, visit: dict[str, Any], number: int
) -> None:
    issued = make.prescription(prescription, doctor, visit["id"], medicines=medicines(number))

    pages, sizes = paper(plain, issued["id"])

    assert sizes == {A5}
    assert len(pages) == 1
    for words in (
        *("Larkfield Clinic", "12 Mill Lane, Exampleton EX1 2AB", "hello@larkfield.example"),
        *("Dr Amara Okafor", "7412093, GMC", f"No. {issued['number']}", "Page 1 of 1"),
        *("LINDQVIST, Maya", "14 March 1988 (38 years)", "ALLERGIES: NOT RECORDED"),
        *(f"Medicine number {number} 500 mg", "1 capsule 3 times a day", "7 days", "Finish the course"),
        *("Not from the medicine list, not checked.", "Rest well.", "Nothing below.", "Signed electronically"),
    ):
        assert words in pages[0], words
    assert "Ctrl+P" not in pages[0]
    assert "Back to" not in pages[0]


def test_three_medicines_share_a5_with_a_long_birth_date_sex_and_address(
    plain: Page, auth: Flask, appointment: Flask, prescription: Flask, doctor: make.Person
) -> None:
    told = {"birth_date": "1988-09-30", "sex": "female", "address": "Flat 2,\n1 High Street\nLeeds LS1 1AA"}
    visit = make.appointment(appointment, make.person(auth, **told), doctor)
    issued = make.prescription(prescription, doctor, visit["id"], medicines=medicines(3))

    pages, _ = paper(plain, issued["id"])

    assert len(pages) == 1
    assert "Sex female" in pages[0]
    assert "Leeds LS1 1AA" in pages[0]


@pytest.mark.parametrize(("size", "expected"), [("a5", 4), ("a4", 2)])
def test_ten_medicines_print_on_pages_that_count_themselves(
    plain: Page, prescription: Flask, doctor: make.Person, visit: dict[str, Any], size: str, expected: int
) -> None:
    issued = make.prescription(prescription, doctor, visit["id"], medicines=medicines(10), notes="")

    pages, _ = paper(plain, issued["id"], size)

    assert len(pages) == expected
    for number, text in enumerate(pages, 1):
        assert text.count(f"Page {number} of {expected}") == 2
        assert "LINDQVIST, Maya" in text
        assert issued["number"] in text
        assert ("Nothing below" in text) == (number == expected)
    printed = " ".join(pages)
    assert all(f"Medicine number {n} 500 mg" in printed for n in range(1, 11))


@pytest.mark.parametrize("size", ["a5", "a4"])
def test_the_longest_words_stay_on_their_page(
    plain: Page, prescription: Flask, doctor: make.Person, visit: dict[str, Any], size: str
) -> None:
    longest = {
        "name": "m" * 200,
        "dosage": "2 spoonfuls " * 16,
        "duration": "8 weeks " * 12,
        "instructions": "x " * 250,
    }
    issued = make.prescription(
        prescription, doctor, visit["id"], medicines=medicines(10, **longest), notes="Read this carefully. " * 95
    )

    pages, _ = paper(plain, issued["id"], size)

    assert all(f"Page {n} of {len(pages)}" in text for n, text in enumerate(pages, 1))
    assert "".join(pages).replace(" ", "").count("m" * 200) == 10


@pytest.mark.parametrize(("first", "last"), NAMES)
def test_no_letter_of_a_name_is_lost_on_paper(
    plain: Page, auth: Flask, appointment: Flask, prescription: Flask, doctor: make.Person, first: str, last: str
) -> None:
    patient = make.person(auth, first_name=first, last_name=last, birth_date="2024-11-25")
    visit = make.appointment(appointment, patient, doctor)
    issued = make.prescription(prescription, doctor, visit["id"])

    pages, _ = paper(plain, issued["id"])

    named = of(patient_details=Details(family_name=last, given_names=first))
    assert letters(paper_patient.name(named)) <= letters(pages[0])


def letters(text: str) -> Counter[str]:
    """How often each letter is there; Arabic comes back from paper in its joined shapes, which are made plain again."""
    return Counter(c for c in unicodedata.normalize("NFKC", text) if c.isalpha())
