"""Exactly what the templates of quotations receive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from webkit.core.kernel.events import TimelineEntry
from webkit.core.kernel.forms import FormState
from webkit.core.kernel.lists.frame import Frame
from webkit.core.values import dataclass
from webkit.messaging.service import AddressWarning, MailView
from webkit.quotations.catalogue import Pick
from webkit.quotations.snapshot import Row
from webkit.quotations.views import BlockView, Pipeline, QuotationCard, QuotationView, TemplateView

Choices = list[tuple[str, str]]
Prose = list[tuple[str, list[str]]]


@dataclass(frozen=True, slots=True)
class ListPage:
    """The list and its rows; `sums` are the kept ones, of a list that is not filtered."""

    frame: Frame
    quotations: list[QuotationCard]
    sums: list[Pipeline]


@dataclass(frozen=True, slots=True)
class NewPage:
    form: FormState
    clients: Choices
    templates: Choices


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorPage:
    """`places` are the sections with the places of their lines, `doc` the document as it would be sent.

    `stale` says that the stored quotation changed meanwhile; `blocks` are the texts that can be put in.
    """

    quotation: QuotationView
    form: FormState
    places: list[tuple[int, str, list[int]]]
    terms: int
    revision: int
    clients: Choices
    taxes: Choices
    taxed: bool
    picks: list[Pick]
    blocks: list[BlockView]
    doc: dict[str, Any] | None
    problems: Mapping[str, str]
    currency: str
    stale: int | None = None
    focus: str = ""
    moved: bool = False
    now: str = ""


@dataclass(frozen=True, slots=True)
class SendPage:
    """`problems` are what keeps the quotation from being sent; without any it can go."""

    quotation: QuotationView
    form: FormState
    doc: dict[str, Any] | None
    problems: Mapping[str, str]
    warning: AddressWarning | None
    moved: bool = False


@dataclass(frozen=True, slots=True)
class ShowPage:
    """`next_url` leads to what an accepted quotation was turned into."""

    quotation: QuotationView
    doc: dict[str, Any]
    verify_code: str
    link: str | None
    mails: list[MailView]
    timeline: list[TimelineEntry]
    may_edit: bool
    next_url: str | None


@dataclass(frozen=True, slots=True)
class LibraryPage:
    scope: list[BlockView]
    terms: list[BlockView]
    templates: list[TemplateView]
    may_change: bool


@dataclass(frozen=True, slots=True)
class BlockPage:
    block: BlockView | None
    form: FormState
    stale: int | None = None


@dataclass(frozen=True, slots=True)
class NewTemplatePage:
    form: FormState


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatePage:
    """The editor of a template; as `EditorPage`, without a client and without totals."""

    template: TemplateView
    form: FormState
    places: list[tuple[int, str, list[int]]]
    terms: int
    revision: int
    taxes: Choices
    taxed: bool
    picks: list[Pick]
    blocks: list[BlockView]
    currency: str
    stale: int | None = None
    focus: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPage:
    """What a client sees; `word` as in `views.Shown`, `preview` for staff who look before they send."""

    doc: dict[str, Any]
    contents: list[tuple[str, str]]
    word: str
    open: bool
    preview: bool
    seen: UUID | None
    chosen: tuple[str, ...]
    rows: list[Row]
    total: int
    amount: str
    tax_note: str
    option_names: list[str]
    consent: str
    verify_code: str
    form: FormState | None
    answer: str
    problem: str
    answered_at: datetime | None
    pdf_url: str | None
    sender: dict[str, Any]
    lang: str
