"""A prescription cut into sheets of paper: what stands on which page, decided here so that "Page x of y" is true.

Browsers count pages differently, so the server counts: it estimates how tall each medicine is in millimetres, on the
generous side, and never splits one. The measures belong to `static/print.css`; change them together.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.api.prescriptions import Medicine, Prescription
from portal.text_width import lines

POINT = 25.4 / 72
"""Millimetres in a point."""
LEADING = 1.25


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
    note: str | None = None
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


FIXED = 13
"""The box for allergies, number and page at the foot, and the rules and gaps between."""
SIGNATURE = 42
"""The end line, signature and pharmacy's box: on the last page only."""
CONTINUES = 8
"""The line that says on which page it goes on."""


NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def in_words(number: int) -> str:
    """`2 (two) medicines`: figures and words, so that neither can be changed by a stroke of a pen."""
    return f"{number} ({NUMBERS[number]}) medicine{'' if number == 1 else 's'}"


def sheets(prescription: Prescription, paper: Paper) -> list[Sheet]:
    """The pages of a prescription, at least one, the last one with the signature."""
    room = paper.height - FIXED - _head(prescription, paper)
    last, others = room - SIGNATURE, room - CONTINUES
    waiting = [_medicine(medicine, paper, last, others) for medicine in prescription.medicines]
    waiting += _notes(prescription.notes or "", paper, last)
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


def _tall(texts: Iterable[str], size: float, width: float, *, bold: bool = False) -> float:
    """Millimetres that these paragraphs take, set in this size on this width."""
    ems = width / (size * POINT)
    return sum(lines(text, ems, bold=bold) for text in texts) * size * POINT * LEADING


def _medicine(medicine: Medicine, paper: Paper, last: float, others: float) -> Item:
    """A medicine in normal type, or in small type where only that fits beside the signature, or fits a page at all."""
    normal = Item(_medicine_height(medicine, paper, NORMAL), medicine)
    small = Item(_medicine_height(medicine, paper, SMALL), medicine, small=True)
    if normal.height <= last or (small.height > last and normal.height <= others):
        return normal
    return small


def _medicine_height(medicine: Medicine, paper: Paper, style: Style) -> float:
    width = paper.width - 9  # the position stands in the margin
    name = _tall([medicine.name], style.name, width, bold=True)
    words = [f"Dosage: {medicine.dosage}", f"Duration: {medicine.duration}"]
    if _tall([" wide ".join(words)], style.body, width) < 2 * style.body * POINT * LEADING:
        words = words[:1]
    words += f"Instructions: {medicine.instructions}".split("\n") if medicine.instructions else []
    return name + _tall(words, style.body, width) + 8 * POINT * LEADING + 4


def _notes(notes: str, paper: Paper, room: float) -> list[Item]:
    """The notes, cut at line ends or between words where they are longer than a page."""
    if not notes:
        return []
    parts, part = [], ""
    for piece in _pieces(notes):
        if part and _note_height(part + piece, paper) > room:
            parts.append(part)
            part = ""
        part += piece
    return [Item(_note_height(part, paper), note=part.strip("\n")) for part in [*parts, part]]


def _pieces(notes: str) -> Iterable[str]:
    """Words with the space behind them."""
    for line in notes.splitlines(keepends=True):
        yield from (word + " " for word in line.rstrip("\n").split(" "))
        if line.endswith("\n"):
            yield "\n"


def _note_height(note: str, paper: Paper) -> float:
    return _tall(note.strip("\n").split("\n"), 10, paper.width) + 8 * POINT * LEADING + 4


def _head(prescription: Prescription, paper: Paper) -> float:
    """The clinic and prescriber beside the number, and the patient's row under them."""
    left, right = paper.width * 0.58, paper.width * 0.38
    name = 12 * POINT * LEADING
    clinic = name + _tall(_clinic_lines(), 9, left)
    doctor = _tall([prescription.doctor_name], 10, left, bold=True)
    doctor += _tall([prescription.doctor_specialty or "", _licence(prescription)], 9, left)
    papers = _tall(["PRESCRIPTION"], 14, right, bold=True) + _tall(["", "", "", ""], 10, right)
    patient = 8 * POINT * LEADING + _tall([prescription.patient_name], 12, left, bold=True)
    return max(clinic + doctor + 2, papers) + max(patient, 11) + 4


def _clinic_lines() -> list[str]:
    from portal.clinic import clinic

    here = clinic()
    return [here.address, f"{here.phone} · {here.email}"] + [""] * (len(here.name) // 30)


def _licence(prescription: Prescription) -> str:
    return f"Licence {prescription.doctor_licence_number}, {prescription.doctor_licence_register}"
