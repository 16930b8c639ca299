"""A prescription cut into sheets of paper: what stands on which page, decided here so that "Page x of y" is true.

Browsers count pages differently, so the server counts: it estimates how tall each medicine is in millimetres, on the
generous side, and never splits one. The measures belong to `static/print.css`; change them together.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from portal import paper_lines, paper_patient
from portal.api.prescriptions import Medicine, Prescription
from portal.clinic import clinic
from portal.paper_lines import Row
from portal.text_width import LEADING, POINT, lines, tall


@dataclass(frozen=True)
class Paper:
    """A size of paper: its printable millimetres, and how many medicines it takes."""

    name: str
    label: str
    width: float
    height: float
    most: int


A5 = Paper("a5", "A5", 130, 191, 3)
A4 = Paper("a4", "A4", 180, 266, 6)
PAPERS = {paper.name: paper for paper in (A5, A4)}


@dataclass(frozen=True)
class Style:
    """Sizes of type in points: the name of a medicine, and everything about it."""

    name: float
    body: float


NORMAL = Style(12.5, 10)
SMALL = Style(10, 8)
"""For a medicine with so many words that it would not fit beside the signature."""


@dataclass(frozen=True)
class Item:
    """A medicine on paper, or a part of the notes that fits one page."""

    height: float
    medicine: Medicine | None = None
    rows: Sequence[Row] = ()
    below: str | None = None
    note: str | None = None
    title: str = ""
    small: bool = False


@dataclass(frozen=True)
class Sheet:
    """One page."""

    number: int
    items: list[Item]
    last: bool

    @property
    def medicines(self) -> list[Item]:
        """The medicines of this page."""
        return [item for item in self.items if item.medicine]

    @property
    def notes(self) -> list[Item]:
        """The notes of this page."""
        return [item for item in self.items if item.note]


FIXED = 16
"""The box for allergies, number, page and copy at the foot, and the rules and gaps between."""
SIGNATURE = 50
"""The end line, signature, pharmacy's box and what the paper is checked with: on the last page only."""
BY_HAND = 9
"""What the box around a signature by hand adds."""
LOGO = 24
"""The width that the clinic's logo takes beside its name."""
ALLERGY_LINES = 4
"""What the head has room for; more allergies than that stand below the medicines."""
CONTINUES = 8
"""The line that says on which page it goes on."""


NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def in_words(number: int) -> str:
    """`2 (two) medicines`: figures and words, so that neither can be changed by a stroke of a pen."""
    return f"{number} ({NUMBERS[number]}) medicine{'' if number == 1 else 's'}"


def sheets(prescription: Prescription, paper: Paper, small_print: Iterable[str] = ()) -> list[Sheet]:
    """The pages of a prescription, at least one, the last one with the signature.

    `small_print` are the lines at the foot as they will read; each has room for one line, and gets more if it needs it.
    """
    foot = sum(tall([line], 8, paper.width) - 8 * POINT * LEADING for line in small_print)
    signature = tall([f"Signature of {prescription.doctor_name}"], 8, paper.width * 0.35) - 8 * POINT * LEADING
    room = paper.height - FIXED - _head(prescription, paper) - foot
    signature += BY_HAND if paper_lines.by_hand(prescription) else 0
    last, others = room - SIGNATURE - signature, room - CONTINUES
    shown = paper_lines.sums(prescription)
    waiting = [_medicine(one, shown.get(one.position, ()), paper, last, others) for one in prescription.medicines]
    for title, notes in _besides(prescription, paper):
        waiting += _notes(title, notes, paper, last)
    pages: list[list[Item]] = []
    while waiting and not _fits(waiting, last, paper.most):
        taken = _as_many(waiting, others, paper.most)
        pages.append(waiting[:taken])
        waiting = waiting[taken:]
    pages.append(waiting)
    return [Sheet(number, items, number == len(pages)) for number, items in enumerate(pages, 1)]


def _as_many(items: list[Item], room: float, most: int) -> int:
    """How many of the items a page takes that is not the last: one at least, and not all while others could follow."""
    taken = 1
    while taken < len(items) and _fits(items[: taken + 1], room, most):
        taken += 1
    return taken - 1 if taken == len(items) and taken > 1 else taken


def _fits(items: list[Item], room: float, most: int) -> bool:
    medicines = sum(item.medicine is not None for item in items)
    return medicines <= most and sum(item.height for item in items) <= room


def _medicine(medicine: Medicine, shown: Sequence[str], paper: Paper, last: float, others: float) -> Item:
    """A medicine in normal type, or in small type where only that fits beside the signature, or fits a page at all."""
    rows, below = paper_lines.rows(medicine, shown), paper_lines.below(medicine)

    def item(style: Style, *, small: bool = False) -> Item:
        height = _medicine_height(medicine.name, rows, below, paper, style)
        return Item(height, medicine, rows, below, small=small)

    normal, small = item(NORMAL), item(SMALL, small=True)
    if normal.height <= last or (small.height > last and normal.height <= others):
        return normal
    return small


def _medicine_height(name: str, rows: Sequence[Row], below: str | None, paper: Paper, style: Style) -> float:
    width = paper.width - 9  # the position stands in the margin
    head = tall([name], style.name, width, bold=True)
    words = sum(_row_height(row, style.body, width) for row in rows)
    return head + words + (8 * POINT * LEADING if below else 0) + 3.5


def _row_height(row: Row, size: float, width: float) -> float:
    """One line for a row that fits on one, else a line or more for each of its bits."""
    bold = any(bit.strong for bit in row)
    together = tall([" wide ".join(bit.text for bit in row)], size, width, bold=bold)
    if together < 2 * size * POINT * LEADING and "\n" not in "".join(bit.text for bit in row):
        return together
    return sum(tall(bit.text.split("\n"), size, width, bold=bit.strong) for bit in row)


def _besides(prescription: Prescription, paper: Paper) -> Iterable[tuple[str, str]]:
    """What stands below the medicines, each with its title."""
    yield "THE PRESCRIBER HAS CONSIDERED", paper_lines.considered(prescription)
    yield "NOTES FOR THE PATIENT", prescription.notes or ""
    if allergies_below(prescription, paper):
        yield "ALLERGIES", paper_lines.allergies(prescription.coverage).removeprefix("ALLERGIES: ")


def allergies_below(prescription: Prescription, paper: Paper) -> bool:
    """Whether the allergies are too many for the head of every page."""
    return lines(paper_lines.allergies(prescription.coverage), _allergy_ems(paper), bold=True) > ALLERGY_LINES


def _allergy_ems(paper: Paper) -> float:
    return (paper.width - 5) / (10 * POINT)


def _notes(title: str, notes: str, paper: Paper, room: float) -> list[Item]:
    """The notes, cut at line ends or between words where they are longer than a page."""
    if not notes:
        return []
    parts, part = [], ""
    for piece in _pieces(notes):
        if part and _note_height(part + piece, paper) > room:
            parts.append(part)
            part = ""
        part += piece
    return [Item(_note_height(part, paper), note=part.strip("\n"), title=title) for part in [*parts, part]]


def _pieces(notes: str) -> Iterable[str]:
    """Words with the space behind them."""
    for line in notes.splitlines(keepends=True):
        yield from (word + " " for word in line.rstrip("\n").split(" "))
        if line.endswith("\n"):
            yield "\n"


def _note_height(note: str, paper: Paper) -> float:
    return tall(note.strip("\n").split("\n"), 10, paper.width) + 8 * POINT * LEADING + 3


def _head(prescription: Prescription, paper: Paper) -> float:
    """The clinic and prescriber beside the number, and the patient's row under them."""
    here = clinic()
    left, right = paper.width * 0.58, paper.width * 0.38
    beside = left - (LOGO if here.logo else 0)
    above = tall([here.name], 12, beside, bold=True) + tall([here.address, f"{here.phone} · {here.email}"], 9, beside)
    doctor = tall([prescription.doctor_name], 10, beside, bold=True)
    doctor += tall([prescription.doctor_specialty or "", _licence(prescription)], 9, beside)
    papers = tall(["PRESCRIPTION"], 14, right, bold=True) + tall([""] * 5, 10, right)
    patient = paper_patient.height(prescription, paper.width)
    allergies = min(lines(paper_lines.allergies(prescription.coverage), _allergy_ems(paper), bold=True), ALLERGY_LINES)
    more = (allergies - 1) * 10 * POINT * LEADING
    return max(above + doctor + 2, papers) + patient + 4 + more


def _licence(prescription: Prescription) -> str:
    return f"Licence {prescription.doctor_licence_number}, {prescription.doctor_licence_register}"
