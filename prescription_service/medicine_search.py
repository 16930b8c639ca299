"""Finding a medicine as somebody types: names that begin so, then words that begin so, then names spelt nearly so.

Held in memory, for the list is small and read-only, and the database has no trigram search without an extension.
"""

import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from prescription_service.facts import ListedMedicine

ALIKE = 0.3
"""Share of common trigrams from which on a word counts as misspelt. Lower finds more, and more that is wrong."""


class Index:
    """The list, ordered and cut up for searching."""

    def __init__(self, medicines: Sequence[ListedMedicine]) -> None:
        self._medicines = sorted(medicines, key=lambda one: (plain(one.generic_name), one.dose_form, one.formulary_id))
        self._names = [plain(one.generic_name) for one in self._medicines]
        words = defaultdict(set)
        for place, one in enumerate(self._medicines):
            for word in _words_of(one):
                words[word].add(place)
        self._words = sorted(words)
        self._places = [sorted(words[word]) for word in self._words]
        self._containing: dict[str, list[int]] = defaultdict(list)
        for number, word in enumerate(self._words):
            for trigram in trigrams(word):
                self._containing[trigram].append(number)

    def find(self, asked: str, limit: int) -> list[ListedMedicine]:
        """Up to `limit` medicines, the likeliest first. Every character of `asked` means itself."""
        found: dict[int, None] = {}
        for place in self._ranked(plain(asked)):
            found.setdefault(place)
            if len(found) == limit:
                break
        return [self._medicines[place] for place in found]

    def _ranked(self, asked: str) -> Iterator[int]:
        yield from _beginning(self._names, asked)
        whole = [set(self._of_words(_beginning(self._words, word))) for word in asked.split()]
        yield from sorted(set.intersection(*whole)) if whole else ()
        if not any(whole):
            yield from self._of_words(self._alike(asked))

    def _of_words(self, numbers: Iterable[int]) -> Iterator[int]:
        for number in numbers:
            word = self._words[number]
            yield from sorted(self._places[number], key=lambda place: not self._names[place].startswith(word))

    def _alike(self, asked: str) -> list[int]:
        """Words by how many trigrams they share with what was typed (Jaccard)."""
        wanted = trigrams(asked)
        common = Counter(number for trigram in wanted for number in self._containing.get(trigram, ()))
        scored = [
            (shared / (len(wanted) + len(trigrams(self._words[number])) - shared), number)
            for number, shared in common.items()
            if shared > 1
        ]
        return [number for score, number in sorted(scored, key=lambda pair: (-pair[0], pair[1])) if score >= ALIKE]


def plain(text: str) -> str:
    """Lower case without accents, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).lower().split())


def trigrams(text: str) -> set[str]:
    """The pieces of three characters, edges included, as PostgreSQL's pg_trgm cuts them."""
    padded = f"  {text} "
    return {padded[start : start + 3] for start in range(len(padded) - 2)}


def _words_of(medicine: ListedMedicine) -> set[str]:
    text = " ".join([medicine.generic_name, *medicine.ingredients, medicine.atc_code])
    cleaned = "".join(c if c.isalnum() else " " for c in plain(text))
    return set(cleaned.split())


def _beginning(ordered: Sequence[str], prefix: str) -> Iterator[int]:
    """The places in an ordered list whose text begins so."""
    place = bisect_left(ordered, prefix)
    while place < len(ordered) and ordered[place].startswith(prefix):
        yield place
        place += 1
