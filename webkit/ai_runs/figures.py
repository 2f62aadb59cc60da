"""Figures of a text in English or Italian, and which of them somebody gave.

A figure is a number, a percentage, an amount, a multiple, a fraction or a count, in digits or in words, however vague
("dozens of"). A range is one figure. Years, dates and clock times in digits are figures too: one that nobody gave is a
promise like any other. No figure are articles and pronouns ("one of", "un"), "once", ordinal words ("the third step"),
numbers inside names and standards ("WCAG 2.2"), numbering, telephone and house numbers, decades, and idioms ("24/7").

`[[fact:id]]` cites a fact and becomes its printed value. Every other figure is unproven, unless it belongs to the
agency's own plan: `exempt` lists such figures ("6 weeks", "12 pages", "week 3"); "week #" is the number of any week.
The module is pure, and reads a text in linear time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Literal

from webkit.ai_runs.figure_words import CITATION, may_belong, pattern, takes_any
from webkit.core.values import dataclass

GAP = "[?]"
"""Stands where a citation named something that does not exist."""
REST = "…"
"""Stands where a broken citation was: with nothing there, its neighbours could become a new one."""
HELD_WORDS = 4
"""So many words at the end of a growing text may still change what they belong to, if they are words of figures."""
LONGEST_CITATION = 200
CONTEXT = 32
"""So many signs before a place may matter to what stands there."""

_CITATION = re.compile(CITATION, re.IGNORECASE)
_MARK = re.compile(r"\[[^\S\n]*fact\b(?:\s*:)?|\[\[|\]\]", re.IGNORECASE)
_OPENED = re.compile(r"\[(?!\?\])[^\]\n]{0,200}\]?\Z")
_WORD = re.compile(r"\S+")
_NO_FIGURE = ("skip", "cite", "id")

NUMBERS = (
    "zero one/un/uno/una two/due three/tre/tré four/quattro five/cinque six/sei seven/sette eight/otto nine/nove"
    " ten/dieci eleven/undici twelve/dodici thirteen/tredici fourteen/quattordici fifteen/quindici sixteen/sedici"
    " seventeen/diciassette eighteen/diciotto nineteen/diciannove twenty/venti"
)
_NUMBERS = {word: str(value) for value, words in enumerate(NUMBERS.split(" ")) for word in words.split("/")}
UNITS = {
    "week": "week weeks settimana settimane",
    "page": "page pages pagina pagine",
    "day": "day days giorno giorni",
    "month": "month months mese mesi",
}
_UNITS = {word: unit for unit, words in UNITS.items() for word in words.split()}


class Kind(StrEnum):
    """What sort of figure it is."""

    NUMBER = "number"
    PERCENT = "percent"
    AMOUNT = "amount"
    MULTIPLE = "multiple"
    PLACE = "place"  # in a plan: "week 3"
    DATE = "date"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and where it stands."""

    start: int
    end: int
    text: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a checked text. `fact_id` says where a proven one comes from."""

    kind: Literal["plain", "proven", "unproven"]
    text: str
    fact_id: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A text with its citations printed: the segments in their order are the whole of it."""

    segments: tuple[Segment, ...]
    unproven: int

    @property
    def text(self) -> str:
        """What a reader reads."""
        return "".join(segment.text for segment in self.segments)


def find(text: str, locale: str) -> tuple[Figure, ...]:
    """Every figure of a text, in order."""
    return tuple(_figure(each) for each in _scan(text, locale) if each.lastgroup not in _NO_FIGURE)


def check(
    text: str, *, facts: Mapping[str, str], exempt: Collection[str] = (), locale: str, final: bool = True
) -> Checked:
    """Print what is cited and mark every other figure.

    A text that still grows (`final=False`) is given up to where nothing can change any more; what was given before is
    always the beginning of what is given later. `Growing` does the same without reading everything again.
    """
    growing = Growing(facts, exempt, locale)
    segments = growing.add(text)
    segments = joined([*segments, *growing.end()]) if final else segments
    return Checked(segments, sum(segment.kind == "unproven" for segment in segments))


class Growing:
    """A text that is checked as it grows: every piece gives the segments that are settled by it, `end()` the rest."""

    def __init__(self, facts: Mapping[str, str], exempt: Collection[str], locale: str) -> None:
        self._facts, self._locale = facts, locale
        self._plan = frozenset(key(each) for each in exempt)
        self._text, self._at = "", 0

    def add(self, piece: str) -> tuple[Segment, ...]:
        """What can be shown now that this piece has come."""
        self._text += _visible(piece)
        found = _scan(self._text, self._locale, self._at)
        return self._give(found, _settled(self._text, self._at, found))

    def end(self) -> tuple[Segment, ...]:
        """What was held back; nothing more comes."""
        return self._give(_scan(self._text, self._locale, self._at), len(self._text))

    def _give(self, found: list[re.Match[str]], end: int) -> tuple[Segment, ...]:
        given = joined(self._segments([each for each in found if each.end() <= end], end))
        dropped = max(0, end - CONTEXT)
        self._text, self._at = self._text[dropped:], end - dropped
        return given

    def _segments(self, found: list[re.Match[str]], end: int) -> Iterator[Segment]:
        at = self._at
        for each in found:
            marked = self._cited(each) if each.lastgroup == "cite" else self._marked(each)
            if marked:
                yield Segment("plain", _MARK.sub(REST, self._text[at : each.start()]).rstrip("["))
                yield marked
                at = each.end() if each.lastgroup == "cite" else each.start() + len(marked.text)
        yield Segment("plain", _MARK.sub(REST, self._text[at:end]))

    def _cited(self, citation: re.Match[str]) -> Segment:
        value = _printable(self._facts.get(citation["id"] or "", ""))
        return Segment("proven", value, citation["id"] or "") if value else Segment("unproven", GAP)

    def _marked(self, found: re.Match[str]) -> Segment | None:
        if found.lastgroup in _NO_FIGURE:
            return None
        figure = _figure(found)
        named = key(figure.text)
        planned = named in self._plan or (figure.kind is Kind.PLACE and f"{named.partition(' ')[0]} #" in self._plan)
        return None if planned else Segment("unproven", figure.text)


def scrub(text: str) -> str:
    """A text in which no citation is left, whatever was written into it: what was cited leaves a gap."""
    return _MARK.sub(REST, _CITATION.sub(GAP, _visible(text))) if "[" in text or "]" in text else text


def key(figure: str) -> str:
    """How a figure is compared with the plan: "six weeks", "6-week" and "sei settimane" are the same."""
    words = re.split(r"[\s\u00a0-]+", _visible(figure).casefold().strip())
    return " ".join(_UNITS.get(word, _NUMBERS.get(word, word)) for word in words if word)


def joined(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Without empty ones, and neighbouring plain ones as one."""
    kept: list[Segment] = []
    for segment in segments:
        if kept and segment.kind == kept[-1].kind == "plain":
            kept[-1] = Segment("plain", kept[-1].text + segment.text)
        elif segment.text:
            kept.append(segment)
    return tuple(kept)


def _scan(text: str, locale: str, start: int = 0) -> list[re.Match[str]]:
    return list(pattern(locale[:2].lower()).finditer(text, start))


def _figure(found: re.Match[str]) -> Figure:
    text = found[0].rstrip()
    return Figure(found.start(), found.start() + len(text), text, _kind(text, found.lastgroup or ""))


def _kind(text: str, group: str) -> Kind:
    folded = text.casefold()
    if text == GAP:
        return Kind.GAP
    if group in ("date", "place"):
        return Kind(group)
    if "%" in text or "‰" in text or "per cent" in folded or "percent" in folded:
        return Kind.PERCENT
    if re.search(r"[€$£¥₹]|euro|dollar|pound|sterlin|\b[a-z]{3}\s?\d|\d\s?(?:eur|usd|gbp|chf|aud)\b", folded):
        return Kind.AMOUNT
    if re.search(r"\bx\d|\d\s?[x×]|times|volte|fold|doubl|doppi|tripl|twice|thrice|halv|half|metà|dimezz", folded):
        return Kind.MULTIPLE
    return Kind.NUMBER


def _settled(text: str, start: int, found: list[re.Match[str]]) -> int:
    """Up to where a growing text can be given: before words, and before all else, that may become part of a figure."""
    end = _loose(text, start)
    if opened := _OPENED.search(text, max(start, len(text) - LONGEST_CITATION)):
        end = min(end, opened.start())
    for each in reversed(found):
        if each.end() < end:
            break
        end = min(end, each.start())
    return max(start, end)


def _loose(text: str, start: int) -> int:
    """The end of the words that can be given: behind it, one that figures are made of is followed by nothing else."""
    words = list(_WORD.finditer(text, max(start, len(text) - 400)))
    end = words[-1].end() if words and words[-1].end() < len(text) else words[-2].end() if len(words) > 1 else start
    loose = True
    for at in range(len(words) - 1, max(-1, len(words) - 1 - HELD_WORDS), -1):
        word = words[at]
        loose = loose and may_belong(word[0], cut=word.end() == len(text))
        if loose or takes_any(word[0]):
            end = min(end, words[at - 1].end() if at else start)
    return end


def _visible(text: str) -> str:
    """Without signs that cannot be seen, which could hide a figure from whoever looks for one."""
    if text.isascii():
        return text
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf")


def _printable(value: str) -> str:
    """A fact as it is printed: whatever a client typed, it cannot look like a citation."""
    return scrub(value).replace("[", "(").replace("]", ")").strip()
