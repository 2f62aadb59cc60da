"""Proposals as others see them: frozen, without a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

from webkit.core.kernel.frozen import Frozen
from webkit.core.values import dataclass
from webkit.pricing import Priced, PricedLine
from webkit.proposals import doubts
from webkit.proposals.contents import Contents
from webkit.proposals.doubts import Doubt
from webkit.proposals.models import EXPIRED, Listed, Proposal, State
from webkit.proposals.offer import Offer, OfferLine


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes a proposal."""

    id: UUID
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything staff decide about a proposal before it is sent."""

    client_id: UUID
    title: str
    contents: Contents = field(default_factory=Contents)
    offer: Offer = field(default_factory=Offer)
    valid_until: date | None = None
    deposit_percent: Decimal | None = None
    contract_template_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """To whom the mail with the link goes, and a few words of one's own."""

    to_name: str
    to_email: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalCard:
    """A proposal in a list. `number` is empty until it is sent; `expired` is a fact of the calendar."""

    id: UUID
    client_id: UUID
    client_name: str
    title: str
    number: str
    state: State
    expired: bool
    version: int
    currency: str
    valid_until: date | None
    once_minor: int | None
    monthly_minor: int | None
    author_id: UUID
    author_name: str
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    views: int
    viewed_at: datetime | None
    frozen_id: UUID | None

    @property
    def word(self) -> str:
        """The state as people say it."""
        return EXPIRED if self.expired else self.state.value

    @classmethod
    def of(cls, row: Proposal | Listed, today: date) -> Self:
        """A row as a view on that day."""
        return cls(**_values(cls, row, today))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalView(ProposalCard):
    """A proposal as staff see it. `answers` are `{"id", "label", "value"}` of the consultation it was made from."""

    revision: int
    language: str
    contents: Contents
    offer: Offer
    doubts: tuple[Doubt, ...]
    deposit_percent: Decimal | None
    contract_template_id: UUID | None
    to_name: str
    to_email: str
    answer: str
    accepted_id: UUID | None
    contract_id: UUID | None
    consultation_id: UUID | None
    audit_id: UUID | None
    answers: tuple[Mapping[str, str], ...]

    @property
    def standing(self) -> tuple[Doubt, ...]:
        """Figures that were written, and that nobody gave and nobody vouches for."""
        return doubts.standing(self.doubts, self.contents)

    @property
    def draft(self) -> Draft:
        """What an editor starts from."""
        return Draft(**{each.name: getattr(self, each.name) for each in fields(Draft)})


def _values(kind: type[ProposalCard], row: Any, today: date) -> dict[str, Any]:
    read: dict[str, Callable[[], Any]] = {
        "number": lambda: row.number or "",
        "expired": lambda: row.state is State.SENT and row.valid_until is not None and row.valid_until < today,
        "contents": lambda: Contents.from_dict(row.contents),
        "doubts": lambda: doubts.read(row.doubts),
        "offer": lambda: Offer.from_dict(row.offer),
        "answers": lambda: tuple(row.answers or ()),
    }
    return {each.name: read[each.name]() if each.name in read else getattr(row, each.name) for each in fields(kind)}


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

    `word` is sent, expired, accepted, declined, changes_requested, or draft while a next version is being written.
    """

    id: UUID
    word: str
    document: Frozen
    answered_at: datetime | None
    contract_id: UUID | None

    @property
    def open(self) -> bool:
        """Whether it can be answered."""
        return self.word == State.SENT.value


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where an answer came from; personal, so it can be erased."""

    address: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedProposal:
    """What a client has accepted, to the cent, read from the frozen acceptance."""

    id: UUID
    client_id: UUID
    client: Mapping[str, Any]
    title: str
    number: str
    version: int
    language: str
    currency: str
    summary: str
    offered: tuple[OfferLine, ...]
    once: Priced
    monthly: Priced
    deposit_percent: Decimal | None
    contract_template_id: UUID | None
    frozen_id: UUID
    accepted_by: str
    accepted_at: datetime

    @property
    def lines(self) -> tuple[PricedLine, ...]:
        """The chosen lines, what is paid once first."""
        return (*self.once.lines, *self.monthly.lines)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What waits for an answer and what was accepted, in one currency; monthly amounts never join the others."""

    currency: str
    open_once: int = 0
    open_monthly: int = 0
    open_count: int = 0
    accepted_once: int = 0
    accepted_monthly: int = 0
    accepted_count: int = 0
