"""What each invoice page shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from webkit.clients.service import ClientView
from webkit.core.kernel.events import TimelineEntry
from webkit.core.kernel.forms import FormState
from webkit.core.kernel.frozen import Frozen
from webkit.invoices.crediting import Correction, CreditView
from webkit.invoices.service import CurrencySums, InvoiceRow, InvoiceView
from webkit.messaging.service import AddressWarning, MailView
from webkit.payments.service import PaymentView
from webkit.pricing.show import ShownLine, SumRow


@dataclass(frozen=True, slots=True)
class ListPage:
    invoices: list[InvoiceRow]
    names: dict[Any, str]
    view: str
    sums: list[CurrencySums]
    older: str | None


@dataclass(frozen=True, slots=True)
class EditorPage:
    """`invoice` is None for a new one; `rows` are the typed lines; `sums` the totals, empty while they are wrong."""

    invoice: InvoiceView | None
    form: FormState
    rows: list[dict[str, str]]
    line_errors: dict[int, str]
    clients: list[tuple[str, str]]
    rates: list[tuple[str, str]]
    sums: list[SumRow]
    problem: str
    currency: str


@dataclass(frozen=True, slots=True)
class ShowPage:
    invoice: InvoiceView
    sums: list[SumRow]
    client: ClientView
    frozen: Frozen | None
    link: str | None
    mails: list[MailView]
    warning: AddressWarning | None
    payments: list[PaymentView]
    may_refund: bool
    may_credit: bool
    correction: Correction
    timeline: list[TimelineEntry]


@dataclass(frozen=True, slots=True)
class RefundPage:
    """How much of a payment is to be given back."""

    invoice: InvoiceView
    payment: PaymentView
    form: FormState


@dataclass(frozen=True, slots=True)
class CreditPage:
    """How much of an invoice is to be credited; `sums` is what that comes to, empty while it cannot be said."""

    invoice: InvoiceView
    correction: Correction
    form: FormState
    quantities: dict[str, str]
    sums: list[SumRow]
    problem: str


@dataclass(frozen=True, slots=True)
class PublicPage:
    """What a client sees: the snapshot, and how the payment stands.

    `pending` is money on its way, `waiting` a payer who just came back, `returned` what was given back.
    """

    doc: dict[str, Any]
    lines: list[ShownLine]
    sums: list[SumRow]
    frozen: Frozen
    state: str
    paid_at: Any
    pending: bool
    waiting: bool
    failed: bool
    returned: int
    due: int
    credits: tuple[CreditView, ...]
    sender: dict[str, Any]
    lang: str
