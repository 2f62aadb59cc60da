"""What a proposal says, as structured data: sections in a fixed order, each of which may be empty."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import Field

from webkit.core.kernel.forms import Form, Line, Text
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l

HEADING, NAME, LONG = 120, 160, 8000
MOST_ROWS, MOST_FEATURES, LONGEST_PROJECT = 40, 20, 260

SECTIONS = {
    "summary": _l("Summary"),
    "opportunity": _l("The opportunity"),
    "issues": _l("What gets in the way"),
    "standards": _l("What we build to"),
    "pages": _l("The pages we propose"),
    "timeline": _l("Timeline"),
    "investment": _l("Investment"),
    "steps": _l("Next steps"),
    "closing": _l("Closing"),
}
"""Keys and default headings, in the order in which they are read."""


class Weight(StrEnum):
    """How much an issue matters."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


def weight_word(value: str) -> str:
    """How a weight reads; what is none stays as it is."""
    words = {Weight.HIGH: _("High"), Weight.MEDIUM: _("Medium"), Weight.LOW: _("Low")}
    return {weight.value: word for weight, word in words.items()}.get(value, value)


class Issue(Form):
    """Something that gets in the client's way, and what mends it."""

    weight: Weight = Weight.MEDIUM
    title: Line(NAME)  # type: ignore[valid-type]
    text: Text(1000) = ""  # type: ignore[valid-type]
    fix: Text(500) = ""  # type: ignore[valid-type]


class Standard(Form):
    """A promise about quality that can be checked: how fast, how accessible, how it is kept."""

    title: Line(NAME)  # type: ignore[valid-type]
    text: Text(500) = ""  # type: ignore[valid-type]


class PlannedPage(Form):
    """A page of the site to be, with what it can do."""

    name: Line(NAME)  # type: ignore[valid-type]
    text: Text(500) = ""  # type: ignore[valid-type]
    features: tuple[Line(NAME), ...] = Field((), max_length=MOST_FEATURES)  # type: ignore[valid-type]


class Phase(Form):
    """Some weeks of the project; the first week is 1."""

    name: Line(NAME)  # type: ignore[valid-type]
    start: int = Field(1, ge=1, le=LONGEST_PROJECT)
    weeks: int = Field(1, ge=1, le=LONGEST_PROJECT)
    text: Text(500) = ""  # type: ignore[valid-type]


class Step(Form):
    """What happens next."""

    title: Line(NAME)  # type: ignore[valid-type]
    text: Text(500) = ""  # type: ignore[valid-type]


class Headings(Form):
    """What a section is called instead of its usual name."""

    summary: Line(HEADING) = ""  # type: ignore[valid-type]
    opportunity: Line(HEADING) = ""  # type: ignore[valid-type]
    issues: Line(HEADING) = ""  # type: ignore[valid-type]
    standards: Line(HEADING) = ""  # type: ignore[valid-type]
    pages: Line(HEADING) = ""  # type: ignore[valid-type]
    timeline: Line(HEADING) = ""  # type: ignore[valid-type]
    investment: Line(HEADING) = ""  # type: ignore[valid-type]
    steps: Line(HEADING) = ""  # type: ignore[valid-type]
    closing: Line(HEADING) = ""  # type: ignore[valid-type]


class Contents(Form):
    """Everything a proposal says but its prices."""

    subtitle: Line(240) = ""  # type: ignore[valid-type]
    headings: Headings = Headings()
    summary: Text(LONG) = ""  # type: ignore[valid-type]
    opportunity: Text(LONG) = ""  # type: ignore[valid-type]
    issues: tuple[Issue, ...] = Field((), max_length=MOST_ROWS)
    standards: tuple[Standard, ...] = Field((), max_length=MOST_ROWS)
    pages: tuple[PlannedPage, ...] = Field((), max_length=MOST_ROWS)
    timeline: tuple[Phase, ...] = Field((), max_length=MOST_ROWS)
    investment: Text(LONG) = ""  # type: ignore[valid-type]
    steps: tuple[Step, ...] = Field((), max_length=MOST_ROWS)
    closing: Text(LONG) = ""  # type: ignore[valid-type]

    def heading(self, section: str) -> str:
        """What a section is called, in the current language unless somebody named it."""
        return str(getattr(self.headings, section) or SECTIONS[section])

    def has(self, section: str) -> bool:
        """Whether a section says anything; prices are always said."""
        return section == "investment" or bool(getattr(self, section))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON for the database and for snapshots."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Contents:
        """What `to_dict()` gave."""
        return cls.model_validate(stored)
