"""Figures that were written and that nobody gave: kept beside a draft until somebody vouches for them or they are gone.

A doubt names a section and a figure. It stands as long as that figure stands in that section, however the words around
it are changed; a figure that a person typed is that person's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from typing import Any, Self

from webkit.ai_runs import figures
from webkit.core.kernel import ids
from webkit.core.kernel.errors import Conflict
from webkit.core.values import dataclass
from webkit.proposals.contents import Contents
from webkit.proposals.facts import sentence


class Unconfirmed(Conflict):
    """Something is about to reach a client with figures that nobody gave; a person has to say so first."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A figure without a source. `vouched_by` is the name of who stands for it, `actor` and `at` say who and when."""

    id: str
    section: str
    figure: str
    sentence: str
    run: str = ""
    vouched_by: str = ""
    actor: str = ""
    at: str = ""

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """What `asdict()` gave."""
        return cls(**stored)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text; `doubt` is what stands in it without a source."""

    text: str
    doubt: Doubt | None = None


def stored(doubts: Iterable[Doubt]) -> list[dict[str, Any]]:
    """Plain JSON for the database."""
    return [asdict(doubt) for doubt in doubts]


def read(rows: Iterable[Mapping[str, Any]] | None) -> tuple[Doubt, ...]:
    """What `stored()` gave."""
    return tuple(Doubt.from_dict(row) for row in rows or ())


def new(section: str, run: str, found: Iterable[str]) -> list[Doubt]:
    """Doubts about these figures of a section that was just written, each once."""
    named = {figures.key(figure): figure for figure in found if figure != figures.GAP}
    return [Doubt(ids.token()[:12], section, figure, "", run) for figure in named.values()]


def appeared(before: Iterable[str], after: Iterable[str], locale: str) -> list[str]:
    """Figures that can be read only now that the marks of the model's markup are gone."""
    known = {figure.text for text in before for figure in figures.find(text, locale)}
    return [figure.text for text in after for figure in figures.find(text, locale) if figure.text not in known]


def vouched(doubts: Iterable[Doubt], doubt_id: str, name: str, actor: str, at: str) -> tuple[Doubt, ...]:
    """The same with one that somebody stands for."""
    signed = {"vouched_by": name, "actor": actor, "at": at}
    return tuple(replace(each, **signed) if each.id == doubt_id else each for each in doubts)


def standing(doubts: Collection[Doubt], contents: Contents) -> tuple[Doubt, ...]:
    """What still has no source, with the sentence in which it stands now, in the order of the document."""
    open_doubts = [each for each in doubts if not each.vouched_by]
    found: dict[str, Doubt] = {}
    for section in _sections(open_doubts):
        for text in texts(contents, section):
            for start, _end, doubt in _places(text, section, open_doubts):
                found.setdefault(doubt.id, replace(doubt, sentence=sentence(text, start)))
    return tuple(found.values())


def gaps(contents: Contents) -> list[str]:
    """Sections in which a citation named something that does not exist."""
    return [
        section for section in Contents.model_fields if any(figures.GAP in text for text in texts(contents, section))
    ]


def pieces(text: str, section: str, doubts: Sequence[Doubt]) -> Iterator[Piece]:
    """A text with its doubts, for whoever shows it."""
    at = 0
    for start, end, doubt in _places(text, section, doubts):
        if start >= at:
            yield from (Piece(text[at:start]), Piece(text[start:end], doubt))
            at = end
    yield Piece(text[at:])


def seal(doubts: Iterable[Doubt]) -> str:
    """What somebody agreed to send: it changes with every doubt and every sentence."""
    told = sorted(f"{each.section}\0{each.figure}\0{each.sentence}" for each in doubts)
    return hashlib.sha256("\1".join(told).encode()).hexdigest()[:24] if told else ""


def texts(contents: Contents, section: str) -> list[str]:
    """Every text of a section."""
    said = getattr(contents, section, "")
    if isinstance(said, str):
        return [said]
    if not isinstance(said, tuple):
        return []
    return [text for row in said for text in texts_of(row)]


def lines(contents: Contents, section: str) -> list[str]:
    """A section as plain lines, for whoever compares two of them."""
    said = getattr(contents, section)
    if isinstance(said, str):
        return [line for line in said.splitlines() if line.strip()]
    return [f"{first}: {' '.join(rest)}" if rest else first for first, *rest in map(_said, said)]


def _said(row: Any) -> list[str]:
    return [text for text in texts_of(row) if text] or [""]


def texts_of(row: Any) -> list[str]:
    """The texts of a row of a list."""
    return [text for name, value in row.model_dump(mode="json").items() if name != "weight" for text in _strings(value)]


def _strings(value: Any) -> list[str]:
    if isinstance(value, list):
        return [each for each in value if isinstance(each, str)]
    return [value] if isinstance(value, str) else []


def _places(text: str, section: str, doubts: Iterable[Doubt]) -> list[tuple[int, int, Doubt]]:
    """Where the doubts of a section stand in a text. Longer ones first, where two begin at the same place."""
    found = [
        (place.start(), place.end(), doubt)
        for doubt in doubts
        if doubt.section == section
        for place in _written(doubt.figure).finditer(text)
    ]
    return sorted(found, key=lambda each: (each[0], -each[1]))


@lru_cache(512)
def _written(figure: str) -> re.Pattern[str]:
    """The figure as a person may have left it: spaces and capitals do not matter, what it is a part of does."""
    signs = r"\s*".join(re.escape(sign) for sign in re.findall(r"\w+|[^\w\s]", figure))
    return re.compile(rf"(?<![^\W_])(?<!\d[.,]){signs}(?![^\W_])(?![.,]\d)", re.IGNORECASE)


def _sections(doubts: Iterable[Doubt]) -> list[str]:
    """Their sections, in the order of the document."""
    named = {doubt.section for doubt in doubts}
    return [section for section in Contents.model_fields if section in named]
