"""Quotations as others see them: frozen, without a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, fields
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from webkit.core.kernel.attachments import Attached
from webkit.core.kernel.folders import named
from webkit.core.kernel.frozen import Frozen
from webkit.core.values import dataclass
from webkit.pricing import Priced
from webkit.quotations.models import EXPIRED, Block, BlockKind, Listed, Quotation, QuotationTemplate, State
from webkit.quotations.offer import Offer


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes a quotation."""

    id: UUID
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything staff decide about a quotation before it is sent; `memo` is for the team alone."""

    client_id: UUID
    title: str
    site: str = ""
    offer: Offer = field(default_factory=Offer)
    memo: str = ""
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """To whom the mail with the link goes, a few words of one's own, and whether to remind before validity ends."""

    to_name: str
    to_email: str
    message: str = ""
    remind: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotationCard:
    """A quotation in a list. `number` is empty until it is sent; `expired` is a fact of the calendar."""

    id: UUID
    client_id: UUID
    client_name: str
    title: str
    site: str
    number: str
    state: State
    expired: bool
    version: int
    currency: str
    valid_until: date | None
    total_minor: int | None
    author_id: UUID
    author_name: str
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    views: int
    viewed_at: datetime | None
    frozen_id: UUID | None
    became: str | None
    became_id: UUID | None

    @property
    def word(self) -> str:
        """The state as people say it."""
        return EXPIRED if self.expired else self.state.value

    @classmethod
    def of(cls, row: Quotation | Listed, today: date) -> Self:
        """A row as a view on that day."""
        return cls(**_values(cls, row, today))


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotationView(QuotationCard):
    """A quotation as staff see it."""

    revision: int
    language: str
    offer: Offer
    memo: str
    to_name: str
    to_email: str
    answer: str
    remind_on: date | None
    reminded_at: datetime | None
    accepted_id: UUID | None
    files: tuple[Attached, ...]

    @property
    def draft(self) -> Draft:
        """What an editor starts from."""
        return Draft(**{each.name: getattr(self, each.name) for each in fields(Draft)})


def _values(kind: type[QuotationCard], row: Any, today: date) -> dict[str, Any]:
    read: dict[str, Callable[[], Any]] = {
        "number": lambda: row.number or "",
        "expired": lambda: row.state is State.SENT and row.valid_until is not None and row.valid_until < today,
        "offer": lambda: Offer.from_dict(row.offer),
        "files": lambda: named(row.files),
    }
    return {each.name: read[each.name]() if each.name in read else getattr(row, each.name) for each in fields(kind)}


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What waits for an answer and what was accepted, in one currency, minor units."""

    currency: str
    open: int = 0
    open_count: int = 0
    accepted: int = 0
    accepted_count: int = 0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a draft would cost as it is ticked now, and what keeps it from being sent; field → sentence."""

    doc: dict[str, Any] | None
    problems: Mapping[str, str] = field(default_factory=dict)
    moved: bool = False
    """Whether the figures are other ones than when the draft was saved: rates end, and tax settings change."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the holder of a link sees: the frozen document and how it stands.

    `word` is sent, expired, accepted, declined, changes_requested, withdrawn, or draft while a next version is written.
    """

    id: UUID
    word: str
    document: Frozen
    answered_at: datetime | None

    @property
    def open(self) -> bool:
        """Whether it can be answered."""
        return self.word == State.SENT.value


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where an answer came from; personal, so it can be erased."""

    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Signer:
    """Who accepts for the client."""

    name: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedQuotation:
    """What a client has accepted, to the cent, read from the frozen acceptance; `became` is what it was turned into."""

    id: UUID
    client_id: UUID
    title: str
    number: str
    reference: str
    site: str
    language: str
    currency: str
    priced: Priced
    accepted_by: str
    accepted_title: str
    accepted_at: datetime
    to_email: str
    author_id: UUID
    author_name: str
    frozen_id: UUID
    became: str | None
    became_id: UUID | None


@dataclass(frozen=True, slots=True)
class BlockView:
    """A text that is written once and used in many quotations."""

    id: UUID
    kind: BlockKind
    title: str
    text: str
    revision: int
    archived: bool

    @classmethod
    def of(cls, row: Block) -> BlockView:
        """A row as a view."""
        return cls(row.id, row.kind, row.title, row.text, row.revision, row.archived)


@dataclass(frozen=True, slots=True)
class TemplateView:
    """What a quotation can begin with."""

    id: UUID
    title: str
    offer: Offer
    valid_days: int | None
    revision: int
    archived: bool

    @classmethod
    def of(cls, row: QuotationTemplate) -> TemplateView:
        """A row as a view."""
        return cls(row.id, row.title, Offer.from_dict(row.offer), row.valid_days, row.revision, row.archived)
