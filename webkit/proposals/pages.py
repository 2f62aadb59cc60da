"""Exactly what the templates of proposals receive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any
from uuid import UUID

from webkit.consultations.views import ConsultationView
from webkit.core.kernel.events import TimelineEntry
from webkit.core.kernel.forms import FormState
from webkit.core.kernel.lists.frame import Frame
from webkit.core.values import dataclass
from webkit.messaging.service import AddressWarning, MailView
from webkit.proposals.bills import Row
from webkit.proposals.catalogue import Pick
from webkit.proposals.doubts import Piece
from webkit.proposals.panel import MarkRow, Panel
from webkit.proposals.views import Pipeline, ProposalCard, ProposalView
from webkit.website_audits.service import AuditView

Choices = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ListPage:
    """The list and its rows; `sums` are the kept ones, of a list that is not filtered."""

    frame: Frame
    proposals: list[ProposalCard]
    sums: list[Pipeline]


@dataclass(frozen=True, slots=True)
class NewPage:
    """`consultation` is what it is made from, if anything; `answers` is what was said there."""

    form: FormState
    clients: Choices
    consultation: ConsultationView | None = None
    answers: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorPage:
    """`rows` says how many rows each list has, `doc` is the document as it would be sent, `stale` that it changed.

    `audit` is what was measured and goes along, `audits` what else was measured on the client's site. `marks` are
    figures without a source, `pieces` the preview's paragraphs with them; `panel` is missing in fragments.
    """

    proposal: ProposalView
    form: FormState
    rows: Mapping[str, int]
    revision: int
    sections: list[tuple[str, str, bool]]
    clients: Choices
    contracts: Choices
    taxes: Choices
    taxed: bool
    picks: list[Pick]
    doc: dict[str, Any] | None
    problems: Mapping[str, str]
    audit: AuditView | None
    audits: list[AuditView]
    marks: list[MarkRow] = field(default_factory=list)
    pieces: Mapping[str, list[tuple[Piece, ...]]] = field(default_factory=dict)
    panel: Panel | None = None
    stale: int | None = None
    focus: str = ""
    moved: bool = False
    now: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyPage:
    """A text that is about to go where something stands already: both, line by line."""

    proposal: ProposalView
    action: str
    section: str
    name: str
    now: list[str]
    then: list[str]
    problem: str


@dataclass(frozen=True, slots=True)
class SendPage:
    """`problems` are what keeps the proposal from being sent; without any it can go."""

    proposal: ProposalView
    form: FormState
    doc: dict[str, Any] | None
    problems: Mapping[str, str]
    warning: AddressWarning | None
    marks: list[MarkRow] = field(default_factory=list)
    moved: bool = False


@dataclass(frozen=True, slots=True)
class MarkedPage:
    """What stands without a source in a proposal that is about to be sent; `given` is the form that goes on."""

    proposal: ProposalView
    marks: list[MarkRow]
    seal: str
    given: list[tuple[str, str]]
    changed: bool


@dataclass(frozen=True, slots=True)
class ShowPage:
    proposal: ProposalView
    doc: dict[str, Any]
    verify_code: str
    link: str | None
    mails: list[MailView]
    timeline: list[TimelineEntry]
    may_edit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPage:
    """What a client sees; `word` as in `views.Shown`, `preview` for staff who look before they send."""

    doc: dict[str, Any]
    contents: list[tuple[str, str]]
    issues: list[dict[str, str]]
    standards: list[tuple[str, str]]
    pages: list[tuple[str, str]]
    steps: list[tuple[str, str]]
    audit: dict[str, Any] | None
    word: str
    open: bool
    preview: bool
    seen: UUID | None
    chosen: tuple[str, ...]
    bills: list[Row]
    amounts: list[tuple[int, str]]
    tax_note: str
    option_names: list[str]
    amount: str
    consent: str
    verify_code: str
    form: FormState | None
    answer: str
    problem: str
    answered_at: datetime | None
    sign_url: str | None
    pdf_url: str | None
    sender: dict[str, Any]
    lang: str
