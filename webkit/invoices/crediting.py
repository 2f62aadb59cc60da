"""Credit notes: what was issued is corrected by a document of its own, never by changing it.

A credit note takes off lines, an amount, or everything; its figures are the invoice's own and never more than is left
of it. What it takes off an unpaid invoice is no longer owed; for a paid one it says what there is to give back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import counters, events, frozen, money, once
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, DomainError, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import use_locale
from webkit.core.values import dataclass
from webkit.invoices import credit_models, mails, models, origins, paying, returning, snapshot
from webkit.invoices.credit_models import CreditNote
from webkit.invoices.models import Invoice, InvoiceOrigin, InvoiceState
from webkit.invoices.returning import RefundInput
from webkit.invoices.views import read
from webkit.ledger import service as ledger
from webkit.ledger.service import Method, Received
from webkit.payments import service as payments
from webkit.payments.service import PaymentView, ReversalView
from webkit.pricing import Left, Part, Priced, credit_all, credit_amount, credit_lines, left, left_gross

KIND = "credit_note"


class Extent(StrEnum):
    """How much of the invoice is credited."""

    ALL = "all"
    AMOUNT = "amount"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class CreditInput:
    """What staff ask for: `amount` in minor units, tax included; `quantities` by the ids of the invoice's lines."""

    extent: Extent
    reason: str
    amount: int = 0
    quantities: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CreditView:
    """A credit note as pages show it; `refunds` is what was asked to be given back for it,
    `left` what is still to go."""

    id: UUID
    invoice_id: UUID
    number: str
    reason: str
    currency: str
    priced: Priced
    issue_date: date | None
    frozen_id: UUID | None
    at: datetime
    refunds: tuple[ReversalView, ...] = ()
    left: int = 0

    @property
    def total(self) -> int:
        """What it takes off, in minor units."""
        return self.priced.totals.payable


@dataclass(frozen=True, slots=True)
class Correction:
    """An invoice with its credit notes: what is left at each rate and in all, and how they were settled.

    `taken_off` was not paid yet and is no longer owed; `to_return` had been paid, `returned` of it has gone back.
    `elsewhere` of it was paid before the invoice was brought in: it is the client's credit.
    """

    notes: tuple[CreditView, ...]
    left: tuple[Left, ...]
    taken_off: int
    to_return: int
    returned: int
    elsewhere: int = 0

    @property
    def gross(self) -> int:
        """The corrected total, tax included."""
        return sum(each.gross for each in self.left)

    @property
    def base(self) -> int:
        """The corrected total without tax."""
        return sum(each.base for each in self.left)

    @property
    def tax(self) -> int:
        """The corrected tax."""
        return sum(each.tax for each in self.left)


def correction(invoice_id: UUID, paid: Sequence[PaymentView] | None = None, priced: Priced | None = None) -> Correction:
    """What credit notes have made of an invoice, with its payments and figures if they are known. Raises NotFound."""
    invoice = read(invoice_id)
    notes = credit_models.read_credit_notes(invoice_id)
    if paid is None:
        paid = payments.of(events.ref("invoice", invoice_id)) if notes else []
    to_go = returning.lefts(notes, invoice.credited_minor, paid)
    views = tuple(_view(note, paid, to_go[note.id]) for note in notes)
    figures = priced or Priced.from_dict(invoice.priced)
    before = sum(view.priced.totals.prepaid for view in views) if invoice.origin == InvoiceOrigin.IMPORTED else 0
    to_return = sum(note.total_minor for note in notes) - invoice.credited_minor + before
    return Correction(
        notes=views,
        left=left(figures, [view.priced for view in views]),
        taken_off=invoice.credited_minor,
        to_return=max(0, to_return),
        returned=min(max(0, to_return), invoice.returned_minor),
        elsewhere=_paid_elsewhere(invoice, figures, [view.priced for view in views]),
    )


def _paid_elsewhere(invoice: Invoice, figures: Priced, credited: Sequence[Priced]) -> int:
    """What of the money that came before an invoice was brought in is more than credit notes have left of it."""
    if invoice.origin != InvoiceOrigin.IMPORTED or not credited:
        return 0
    return max(0, figures.totals.prepaid - max(0, left_gross(figures, credited)))


def of_client(client_id: UUID) -> list[CreditView]:
    """A client's credit notes, newest first."""
    return [_view(note) for note in credit_models.credit_notes_of_client(client_id)]


def get(credit_id: UUID) -> CreditView:
    """One credit note of the agency. Raises NotFound."""
    if (note := credit_models.credit_note(credit_id)) is None:
        raise NotFound(_("There is no such credit note."))
    return next(each for each in correction(note.invoice_id).notes if each.id == credit_id)


def preview(invoice_id: UUID, given: CreditInput) -> Priced:
    """What a credit note would come to; nothing is stored. Raises DomainError with the reason why not."""
    invoice = _invoice(models.get(invoice_id))
    _demand_creditable(invoice)
    return _price(invoice, given)


@writes
def issue(
    invoice_id: UUID, given: CreditInput, actor: str, once_key: str = "", refund: RefundInput | None = None
) -> UUID:
    """Number, freeze and send a credit note for an invoice, and ask for a refund if one is wanted; the same form sent
    twice makes one. Raises Invalid (`amount`) for a refund of more than is credited, or was paid.
    """
    if done := once.result(once_key):
        return UUID(done)
    if refund is not None:
        payments.hold(refund.payment_id)
    if (known := models.get(invoice_id)) is not None and known.origin == InvoiceOrigin.IMPORTED:
        ledger.hold(known.client_id)
    invoice = _invoice(models.locked(invoice_id))
    _demand_creditable(invoice)
    before = _elsewhere(invoice)
    priced, profile, client = _price(invoice, given), agencies.profile(), clients.get(invoice.client_id)
    note = _row(invoice, priced, given.reason)
    credit_id = models.add(note)
    once.keep(once_key, str(credit_id))
    if models.take_off(invoice_id, note.total_minor):
        paying.settled(invoice_id, actor)
    _let_fall(invoice, actor)
    paying.withdraw(invoice_id)
    # The number comes late: its row stays locked until the commit.
    number, day = counters.take_today(KIND, profile.patterns[KIND], profile.timezone, client=client.name)
    if invoice.issue_date and day < invoice.issue_date:
        raise Conflict(_("The clock says a day before the invoice was issued. Nothing was stored."))
    content = snapshot.credit(note, invoice, profile, client, number=number, issued=day)
    kept = frozen.freeze(
        KIND, credit_id, number=number, template=snapshot.CREDIT_TEMPLATE, snapshot=content, locale=note.locale
    )
    note.number, note.issue_date, note.frozen_id = number, day, kept.id
    _record(note, invoice, kept, actor)
    _keep_elsewhere(invoice, _elsewhere(invoice) - before, number, actor)
    if refund is not None:
        returning.give_back(note, refund, actor)
    if client.email:
        mails.send_credit_note(content, kept.id, locale=note.locale)
    return credit_id


def _elsewhere(invoice: Invoice) -> int:
    notes = credit_models.credit_notes(invoice.id) if invoice.origin == InvoiceOrigin.IMPORTED else []
    credited = [Priced.from_dict(note.priced) for note in notes]
    return _paid_elsewhere(invoice, Priced.from_dict(invoice.priced), credited) if credited else 0


def _keep_elsewhere(invoice: Invoice, minor: int, number: str, actor: str) -> None:
    """What was paid before the invoice was brought in is the client's now: credit, to be used or given back."""
    if minor <= 0:
        return
    what = {"invoice": invoice.number, "number": number}
    words = _("Paid for %(invoice)s before it was brought in; credited with %(number)s", **what)
    paid = Received(
        invoice.client_id, Method.OTHER, agencies.today(), invoice.currency, minor, invoice.number or "", words[:500]
    )  # fmt: skip
    ledger.receive_elsewhere(paid, actor)
    amount = money.format_money(minor, invoice.currency, invoice.locale)
    facts = {"actor": actor, "amount_minor": minor, "currency": invoice.currency, "amount": amount}
    about = (events.ref("client", invoice.client_id),)
    events.record("invoice.elsewhere_credited", events.ref("invoice", invoice.id), facts, about=about)


def _let_fall(invoice: Invoice, actor: str) -> None:
    """An invoice of which credit notes left nothing bills no more what was agreed, even if it was paid."""
    notes = credit_models.credit_notes(invoice.id)
    rest = left_gross(Priced.from_dict(invoice.priced), [Priced.from_dict(note.priced) for note in notes])
    if min(rest, invoice.total_minor - sum(note.total_minor for note in notes)) <= 0:
        invoice.stands = False
        origins.let_go(invoice, actor)


def _price(invoice: Invoice, given: CreditInput) -> Priced:
    whole = Priced.from_dict(invoice.priced)
    earlier = [Priced.from_dict(note.priced) for note in credit_models.credit_notes(invoice.id)]
    with use_locale(invoice.locale):
        words = _("Credit on invoice %(number)s", number=invoice.number)
        if given.extent is Extent.ALL:
            return credit_all(whole, earlier, words)
        if given.extent is Extent.AMOUNT:
            return credit_amount(whole, given.amount, earlier, words)
        return credit_lines(whole, [Part(line, quantity) for line, quantity in given.quantities.items()], earlier)


def _demand_creditable(invoice: Invoice) -> None:
    if invoice.state == InvoiceState.DRAFT:
        raise Conflict(_("A draft can be changed or deleted: nothing has been issued that needs a credit note."))
    if invoice.pending_at is not None:
        raise Conflict(_("A payment of this invoice is on its way. Credit it when it has arrived or failed."))


def _row(invoice: Invoice, priced: Priced, reason: str) -> CreditNote:
    totals = priced.totals
    if totals.payable <= 0:
        raise DomainError(_("There is nothing to credit."))
    return CreditNote(
        client_id=invoice.client_id,
        invoice_id=invoice.id,
        reason=reason,
        currency=invoice.currency,
        locale=invoice.locale,
        priced=priced.to_dict(),
        net_minor=totals.net,
        tax_minor=totals.tax,
        total_minor=totals.payable,
    )


def _record(note: CreditNote, invoice: Invoice, kept: frozen.Frozen, actor: str) -> None:
    facts: dict[str, Any] = {
        "actor": actor,
        "number": note.number or "",
        "invoice": invoice.number or "",
        "total_minor": note.total_minor,
        "currency": note.currency,
        "amount": money.format_money(note.total_minor, note.currency, note.locale),
        "frozen": str(kept.id),
        "snapshot_hash": kept.snapshot_hash,
    }
    about = (events.ref("invoice", invoice.id), events.ref("client", note.client_id))
    events.record("credit_note.issued", events.ref(KIND, note.id), facts, about=about)


def _invoice(invoice: Invoice | None) -> Invoice:
    if invoice is None:
        raise NotFound(_("There is no such invoice."))
    return invoice


def _view(note: CreditNote, paid: Sequence[PaymentView] = (), to_go: int = 0) -> CreditView:
    return CreditView(
        id=note.id,
        invoice_id=note.invoice_id,
        number=note.number or "",
        reason=note.reason,
        currency=note.currency,
        priced=Priced.from_dict(note.priced),
        issue_date=note.issue_date,
        frozen_id=note.frozen_id,
        at=note.created_at,
        refunds=tuple(returning.refunds(note.id, paid)),
        left=to_go,
    )
