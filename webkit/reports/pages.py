"""What the pages of reports show."""

from __future__ import annotations

from webkit.core.kernel.forms import FormState
from webkit.core.kernel.sheets import Cell, Column
from webkit.core.values import dataclass
from webkit.reports.following import Caught
from webkit.reports.journal import Role
from webkit.reports.shapes import Report

Choice = tuple[str, str, bool]
"""(address, label, chosen)"""


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A report with the other ones, and the days to choose from; `args` lead to its sheets and its paper."""

    report: Report
    tabs: list[Choice]
    presets: list[Choice]
    bases: list[Choice]
    form: FormState
    caught: Caught
    args: dict[str, str]
    ranged: bool


@dataclass(frozen=True, slots=True)
class JournalPage:
    """How the journal begins, and how many entries it has."""

    tabs: list[Choice]
    presets: list[Choice]
    form: FormState
    caught: Caught
    args: dict[str, str]
    lede: str
    columns: tuple[Column, ...]
    rows: list[tuple[Cell, ...]]
    entries: int


@dataclass(frozen=True, slots=True)
class AccountsPage:
    """The codes of the journal's accounts."""

    form: FormState
    accounts: dict[str, Role]
    labels: dict[str, str]
