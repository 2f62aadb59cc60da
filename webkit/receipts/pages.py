"""What the pages of payments show."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from webkit.clients.service import ClientView
from webkit.core.kernel.events import TimelineEntry
from webkit.core.kernel.forms import FormState
from webkit.core.values import dataclass
from webkit.invoices.service import Payable
from webkit.ledger.service import Unvalued
from webkit.receipts.service import ReceiptView


@dataclass(frozen=True, slots=True)
class ListPage:
    """What people recorded, newest first; `credits` is what clients paid too much, on the first page."""

    receipts: list[ReceiptView]
    names: dict[Any, str]
    credits: list[tuple[UUID, str, int]]
    older: str | None
    is_first: bool
    may_record: bool
    more_credits: bool = False
    without_rate: int = 0


@dataclass(frozen=True, slots=True)
class RatesPage:
    """Money in other currencies without a rate; `form` is of the one that was sent."""

    waiting: list[Unvalued]
    names: dict[Any, str]
    numbers: dict[UUID, str]
    base: str
    form: FormState
    may_record: bool


@dataclass(frozen=True, slots=True)
class CreditsPage:
    """What clients paid too much, some at a time."""

    credits: list[tuple[UUID, str, int]]
    names: dict[Any, str]
    newer: str | None
    older: str | None


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A payment of a client to be recorded, over the invoices that are open; `base` is the agency's currency."""

    client: ClientView
    open: list[Payable]
    form: FormState
    methods: list[tuple[str, str]]
    currencies: list[tuple[str, str]]
    base: str
    credit: dict[str, int]


@dataclass(frozen=True, slots=True)
class ShowPage:
    """One record, what it pays, and its history; `numbers` are those of its invoices."""

    receipt: ReceiptView
    client: ClientView
    method: str
    numbers: dict[UUID, tuple[str, str]]
    base: str
    timeline: list[TimelineEntry]
    may_record: bool


@dataclass(frozen=True, slots=True)
class CreditPage:
    """What a client paid too much, and what can be done with it."""

    client: ClientView
    credit: dict[str, int]
    open: list[Payable]
    apply: FormState
    back: FormState
    methods: list[tuple[str, str]]
    receipts: list[ReceiptView]
    may_record: bool
    may_give_back: bool
