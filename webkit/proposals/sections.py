"""The eight sections that can be written, what each asks for, and the shapes of those that are lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import ngettext
from webkit.core.values import dataclass
from webkit.proposals.contents import LONG, SECTIONS, Contents, Weight, weight_word

NAME, TEXT, ISSUE, FIX = 160, 500, 1000, 500
MOST = 12
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_MARKUP = re.compile(r"^\s{0,3}#{1,6}\s+|^\s{0,3}>\s?|(?<!\w)(?:\*\*|__|`)|(?:\*\*|__|`)(?!\w)", re.MULTILINE)
"""Never what stands between two signs of a word: taken out, it would make another word, or another figure."""
_ENTRY = re.compile(r"^\s*(?:#{1,6}\s+|[-*•]\s+|\d{1,2}[.)]\s+)")
_TITLE = re.compile(r"(?:\s[–—-]\s|:\s)")

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=TEXT)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class WrittenIssue(_Shape):
    weight: Weight
    title: Name
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=ISSUE)]
    fix: Words


class WrittenStandard(_Shape):
    title: Name
    text: Words


class WrittenPage(_Shape):
    name: Name
    text: Words
    features: list[Name] = Field(max_length=8)


class WrittenPhase(_Shape):
    name: Name
    start: int = Field(ge=1, le=104)
    weeks: int = Field(ge=1, le=52)
    text: Words


class WrittenStep(_Shape):
    title: Name
    text: Words


class Issues(_Shape):
    items: list[WrittenIssue] = Field(min_length=1, max_length=MOST)


class Standards(_Shape):
    items: list[WrittenStandard] = Field(min_length=1, max_length=MOST)


class Pages(_Shape):
    items: list[WrittenPage] = Field(min_length=1, max_length=MOST)


class Timeline(_Shape):
    items: list[WrittenPhase] = Field(min_length=1, max_length=MOST)


class Steps(_Shape):
    items: list[WrittenStep] = Field(min_length=1, max_length=MOST)


@dataclass(frozen=True, slots=True)
class Section:
    """A section as the model is asked for it. `shape` is None for prose."""

    key: str
    task: str
    max_tokens: int
    shape: type[BaseModel] | None = None


WRITTEN: tuple[Section, ...] = (
    Section(
        "summary",
        "Write the executive summary, 150 to 250 words in two to four paragraphs: what the client wants to reach, what"
        " stands in the way, what we propose, and what it brings them.",
        900,
    ),
    Section(
        "opportunity",
        "Write the section on the opportunity, 100 to 200 words in one to three paragraphs: what this business could"
        " gain in its industry with a better website, from its own goals and its own situation.",
        800,
    ),
    Section(
        "issues",
        "List 3 to 6 issues of the present situation, the weightiest first: a short title, what it costs the client,"
        " and what mends it.",
        1600,
        Issues,
    ),
    Section(
        "standards",
        "List 3 to 5 standards that our work will meet (such as speed, accessibility, search, care): a short title, and"
        " how the client can check it.",
        1100,
        Standards,
    ),
    Section(
        "pages",
        "List 5 to 10 pages of the new website: the page's name, what it is for, and up to five things it can do.",
        2000,
        Pages,
    ),
    Section(
        "timeline",
        "Plan the project in 3 to 8 phases: a name, the first week (the first of the project is 1), how many weeks it"
        " takes, and what happens. Respect when the client wants to be ready.",
        1300,
        Timeline,
    ),
    Section(
        "steps",
        "List 3 to 5 next steps from the acceptance of this proposal to the beginning of the work: a short title and"
        " one sentence.",
        800,
        Steps,
    ),
    Section(
        "closing",
        "Write the closing, 50 to 100 words in one or two paragraphs: why we look forward to this, and what to do now.",
        500,
    ),
)
BY_KEY: Mapping[str, Section] = {section.key: section for section in WRITTEN}
SHAPES: Mapping[str, type[BaseModel]] = {each.key: each.shape for each in WRITTEN if each.shape}


def _week(value: str) -> str:
    return _("week %(n)s", n=value)


def _weeks(value: str) -> str:
    return ngettext("%(n)s week", "%(n)s weeks", int(value)) if value.isdecimal() else value


PRINTS: Mapping[str, Callable[[str], str]] = {"weight": weight_word, "start": _week, "weeks": _weeks}
"""How values of the lists read, by name."""


def name(key: str) -> str:
    """What a section is called, in the current language."""
    return str(SECTIONS.get(key, key))


def gap(key: str) -> str:
    """What to do about a citation that led nowhere."""
    return _("Fill the gap [?] in “%(section)s”: the text cited something that is not known.", section=name(key))


def merged(contents: Contents, key: str, text: str, parsed: Any, *, add: bool) -> Contents:
    """The contents with what was written: instead of what stood there, or below it."""
    stored = contents.to_dict()
    if key in SHAPES:
        rows = [_cut(key, row) for row in (parsed["items"] if parsed is not None else _rows(key, text))]
        stored[key] = [*stored[key], *rows] if add else rows
    else:
        said = short(prose(text), LONG)
        stored[key] = short(f"{stored[key]}\n\n{said}", LONG) if add and stored[key] else said
    return Contents.from_dict(stored)


def prose(text: str) -> str:
    """Plain paragraphs: without the marks some models put around words."""
    plain = _MARKUP.sub("", _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\t", " ")))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" {2,}", " ", plain)).strip()


def short(text: str, most: int) -> str:
    """As many whole words as fit: half a figure would be another figure."""
    return text if len(text) <= most else text[: most + 1].rpartition(" ")[0].rstrip()


def _cut(key: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the editor takes it: one line where it has one, and no longer than its field."""
    lengths = {"name": NAME, "title": NAME, "text": ISSUE if key == "issues" else TEXT, "fix": FIX}
    cut: dict[str, Any] = {}
    for column, value in row.items():
        if isinstance(value, str):
            said = prose(value) if column in ("text", "fix") else " ".join(prose(value).split())
            cut[column] = short(said, lengths.get(column, NAME))
        else:
            cut[column] = (
                [short(" ".join(prose(each).split()), NAME) for each in value] if isinstance(value, list) else value
            )
    return cut


def _rows(key: str, text: str) -> list[dict[str, Any]]:
    """Rows from a list in words: whoever cannot follow a shape writes one entry a line, “Title: text”."""
    first = "name" if key in ("pages", "timeline") else "title"
    entries: list[list[str]] = []
    for line in filter(str.strip, text.splitlines()):
        if _ENTRY.match(line) or not entries:
            entries.append([_ENTRY.sub("", line).strip()])
        else:
            entries[-1].append(line.strip())
    return [_row(first, key, entry, at) for at, entry in enumerate(entries[:MOST])]


def _row(first: str, key: str, entry: Iterable[str], at: int) -> dict[str, Any]:
    said = " ".join(entry)
    title, text = (*_TITLE.split(said, maxsplit=1), "")[:2]
    row: dict[str, Any] = {first: title or "–", "text": text}
    return row | ({"start": at + 1, "weeks": 1} if key == "timeline" else {})
