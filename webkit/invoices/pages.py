"""What each invoice page shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from webkit.clients.service import ClientView
from webkit.core.kernel.attachments import Attached
from webkit.core.kernel.events import TimelineEntry
from webkit.core.kernel.forms import FormState
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.lists.frame import Frame
from webkit.core.values import dataclass
from webkit.invoices.beginnings import Suggestion, Template
from webkit.invoices.crediting import Correction, CreditView
from webkit.invoices.drafts import Renewal
from webkit.invoices.service import CurrencySums, InvoiceRow, InvoiceView
from webkit.invoices.views import InstalmentView
from webkit.ledger.service import PaidPart
from webkit.messaging.service import AddressWarning, MailView
from webkit.payments.service import PaymentView
from webkit.pricing.habits import Offered
from webkit.pricing.show import ShownLine, SumRow


class Line(NamedTuple):
    """What `invoice_row` is given."""

    id: str
    url: str
    client: str
    title: str
    number: str
    word: str
    due_date: date | None
    total: int
    currency: str


def line(row: InvoiceRow, names: Mapping[UUID, str], url: Callable[[str], str]) -> Line:
    """An invoice as a line of the list."""
    key = str(row.id)
    client = names[row.client_id]
    return Line(key, url(key), client, row.title, row.number, row.word, row.due_date, row.total, row.currency)


@dataclass(frozen=True, slots=True)
class ListPage:
    """The list and its lines; `sums` are the kept ones, of a list that is not filtered."""

    frame: Frame
    invoices: list[Line]
    sums: list[CurrencySums]


@dataclass(frozen=True, slots=True)
class EditorPage:
    """`invoice` is None for a new one; `rows` are the typed lines, `blank` how many empty ones follow; `line_errors` by
    place and column; `sums` the totals, empty while they are wrong, which `said` then explains to who types; `amounts`
    what each line comes to, by place."""

    invoice: InvoiceView | None
    form: FormState
    rows: list[dict[str, str]]
    blank: int
    line_errors: Mapping[int, Mapping[str, str]]
    clients: list[tuple[str, str]]
    rates: list[tuple[str, str]]
    units: list[tuple[str, str]]
    offers: Offered
    sums: list[SumRow]
    said: list[str]
    amounts: list[tuple[int, int]]
    problem: str
    notice: str
    currency: str
    stale: int | None
    suggestions: list[Suggestion]
    templates: list[Template]
    may_issue: bool


@dataclass(frozen=True, slots=True)
class ShowPage:
    invoice: InvoiceView
    sums: tuple[SumRow, ...]
    lines: tuple[ShownLine, ...]
    changed: Renewal | None
    client: ClientView
    verified_by: str
    link: str | None
    mails: list[MailView]
    warning: AddressWarning | None
    payments: list[PaymentView]
    recorded: list[PaidPart]
    payable: bool
    may_refund: bool
    may_credit: bool
    correction: Correction
    files: tuple[Attached, ...]
    timeline: list[TimelineEntry]


@dataclass(frozen=True, slots=True)
class RefundPage:
    """How much of a payment is to be given back; for a credit note, if one asks for it."""

    invoice: InvoiceView
    payment: PaymentView
    form: FormState
    note: CreditView | None = None


@dataclass(frozen=True, slots=True)
class CreditPage:
    """How much of an invoice is to be credited; `sums` is what that comes to, empty while it cannot be said. Of
    `payments` something can be given back."""

    invoice: InvoiceView
    correction: Correction
    form: FormState
    quantities: dict[str, str]
    sums: list[SumRow]
    problem: str
    payments: list[PaymentView]
    payment_options: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PublicPage:
    """What a client sees: the snapshot, and how the payment stands.

    `pending` is money on its way, `waiting` a payer who just came back, `returned` what was given back. `due` is asked
    for next, by `due_date`; `whole` is everything that is left to pay, `parts` its instalments if it has any. `online`
    says whether anybody takes payments for the agency.
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
    due_date: date
    whole: int
    late: bool
    parts: tuple[InstalmentView, ...]
    credits: tuple[CreditView, ...]
    sender: dict[str, Any]
    lang: str
    online: bool
