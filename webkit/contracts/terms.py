"""Clauses: an ordered list of headings with text, and the little markup that text may have. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

MAX_CLAUSES = 60
TITLE_LENGTH = 120
TEXT_LENGTH = 8_000
_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")


@dataclass(frozen=True, slots=True)
class Clause:
    """A numbered clause. `text` has paragraphs (empty line between), lists ("- " at the start) and **bold** words."""

    title: str
    text: str

    def to_dict(self) -> dict[str, str]:
        return {"title": self.title, "text": self.text}


def load(stored: Iterable[Mapping[str, Any]]) -> tuple[Clause, ...]:
    """Clauses as they are stored."""
    return tuple(Clause(str(each["title"]), str(each["text"])) for each in stored)


def dump(clauses: Iterable[Clause]) -> list[dict[str, str]]:
    """Clauses as JSON."""
    return [clause.to_dict() for clause in clauses]


def paired(titles: list[str], texts: list[str]) -> tuple[Clause, ...]:
    """Clauses as a form sends them: two lists; what is empty altogether is left out."""
    longest = max(len(titles), len(texts))
    titles, texts = titles + [""] * (longest - len(titles)), texts + [""] * (longest - len(texts))
    pairs = [(title.strip(), text.replace("\r\n", "\n").strip()) for title, text in zip(titles, texts, strict=True)]
    return tuple(Clause(title, text) for title, text in pairs if title or text)


def to_html(text: str) -> Markup:
    """The text of a clause as HTML. Everything is escaped first: only our own tags come out."""
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return Markup("\n").join(_block(block) for block in blocks if block.strip())


def _block(block: str) -> Markup:
    parts: list[Markup] = []
    points: list[Markup] = []
    lines: list[Markup] = []
    for line in block.split("\n"):
        if line.lstrip().startswith("- "):
            parts += _paragraph(lines)
            lines = []
            points.append(Markup("<li>{}</li>").format(_inline(line.lstrip()[2:])))
        else:
            parts += _list(points)
            points = []
            lines.append(_inline(line))
    return Markup("").join([*parts, *_list(points), *_paragraph(lines)])


def _paragraph(lines: list[Markup]) -> list[Markup]:
    return [Markup("<p>{}</p>").format(Markup("<br>").join(lines))] if lines else []


def _list(points: list[Markup]) -> list[Markup]:
    return [Markup("<ul>{}</ul>").format(Markup("").join(points))] if points else []


def _inline(line: str) -> Markup:
    return Markup(_BOLD.sub(r"<b>\1</b>", str(escape(line.strip()))))  # noqa: S704  escaped just before
