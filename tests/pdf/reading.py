"""PDFs as a reader has them: poppler's word for what stands where."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

FOOT = 62
"""Points at the lower edge of a page that belong to the foot."""

_PAGE = re.compile(r'<page width="([\d.]+)" height="([\d.]+)">')
_WORD = re.compile(r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>')
_AMOUNT = re.compile(r"€\s?[\d,]+\.\d\d|[\d.]+,\d\d\s?€")
# Marks of direction, and the joints at which a word may be broken.
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\u00ad\ufeff]")
_TWINS = str.maketrans({"ʼ": "’"})
"""Characters that share a glyph in our fonts: a PDF may name either."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its place on its page, in points from the upper left."""

    left: float
    top: float
    right: float
    bottom: float
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page, its size in points, its text in reading order, its words."""

    width: float
    height: float
    text: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A whole PDF."""

    pages: tuple[Page, ...]
    fonts: tuple[tuple[str, bool], ...]

    @property
    def text(self) -> str:
        return "\f".join(page.text for page in self.pages)

    @property
    def amounts(self) -> list[str]:
        """Every amount in the order in which it is read."""
        return [re.sub(r"\s", "", found) for found in _AMOUNT.findall(self.text)]


def read(pdf: Path) -> Reading:
    """Everything at once."""
    texts = _run("pdftotext", "-raw", pdf, "-").split("\f")[:-1]
    parts = _PAGE.split(_run("pdftotext", "-bbox", pdf, "-"))[1:]
    pages = [
        Page(float(parts[at]), float(parts[at + 1]), texts[number], tuple(_words(parts[at + 2])))
        for number, at in enumerate(range(0, len(parts), 3))
    ]
    lines = _run("pdffonts", pdf).splitlines()[2:]
    return Reading(tuple(pages), tuple((line.split()[0], line.split()[-5] == "yes") for line in lines))


def folded(text: str) -> str:
    """Without spaces, line ends and marks of direction: what is left, no engine may lose or change."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", _INVISIBLE.sub("", text).translate(_TWINS)))


def says(text: str, words: str) -> bool:
    """Whether a folded text holds these words; of a line from right to left each word for itself."""
    if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in words):
        return all(folded(word) in text for word in words.split())
    return folded(words) in text


def last_line(page: Page) -> str:
    """The lowest line above the foot of the page."""
    body = [word for word in page.words if word.bottom < page.height - FOOT]
    lowest = max(word.bottom for word in body)
    return " ".join(word.text for word in body if lowest - word.bottom < 2)


def overlapping(words: Sequence[Word]) -> list[tuple[str, str]]:
    """Words that are drawn over each other."""
    return [(one.text, other.text) for one, other in combinations(words, 2) if _over(one, other)]


def _over(one: Word, other: Word) -> bool:
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    return across > 1.5 and down > 0.5 * min(one.bottom - one.top, other.bottom - other.top)


def _words(page: str) -> list[Word]:
    return [Word(*(float(n) for n in found.groups()[:4]), found[5]) for found in _WORD.finditer(page)]


def _run(*command: str | Path) -> str:
    return subprocess.run([*command], check=True, capture_output=True, text=True).stdout
