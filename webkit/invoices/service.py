"""What can be done with invoices.

A draft has no number. Issuing is one short transaction whose last steps are the number and the event; what was issued
is frozen, and nothing here changes it any more. Paying is recorded by one conditional transition, whoever reports it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.contracts import service as contracts
from webkit.contracts.events import ContractSigned
from webkit.core.kernel import clock, counters, events, frozen, links, money, once, signals
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, DomainError, Invalid, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import mails, models, snapshot
from webkit.invoices.events import InvoiceIssued
from webkit.invoices.models import Invoice, InvoiceKind
from webkit.invoices.models import InvoiceState as InvoiceState
from webkit.invoices.paying import LINK as LINK
from webkit.payments import service as payments
from webkit.pricing import Document, Line, Priced, compute, find
from webkit.quotations import service as quotations


@dataclass(frozen=True, slots=True)
class LineInput:
    """A typed row: quantity and unit price exact, `rate` the key of one of the scheme's rates (empty: its default)."""

    description: str
    quantity: Decimal
    price: Decimal
    rate: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceInput:
    """Everything staff decide about a draft."""

    client_id: UUID
    title: str
    lines: tuple[LineInput, ...]
    payment_days: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice as a line of a list; `word` is its state as people say it; of `total` are `due` what was not
    credited, both in minor units."""

    id: UUID
    client_id: UUID
    title: str
    number: str
    word: str
    currency: str
    total: int
    due: int
    due_date: date | None
    at: datetime


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An invoice as staff see it. `late` is a fact of the clock, not of a page view."""

    id: UUID
    client_id: UUID
    contract_id: UUID | None
    quotation_id: UUID | None
    kind: InvoiceKind
    title: str
    state: InvoiceState
    revision: int
    number: str
    currency: str
    locale: str
    lines: list[dict[str, Any]]
    priced: Priced
    note: str
    payment_days: int
    issue_date: date | None
    due_date: date | None
    frozen_id: UUID | None
    created_at: datetime
    issued_at: datetime | None
    paid_at: datetime | None
    pending_at: datetime | None
    returned: int
    credited: int
    view_count: int
    late: bool

    @property
    def total(self) -> int:
        """What was asked for when it was issued, in minor units."""
        return self.priced.totals.payable

    @property
    def due(self) -> int:
        """What is to be paid: the total less what was credited before it was paid."""
        return self.total - self.credited

    @property
    def word(self) -> str:
        """The state as people say it."""
        return _word(self.state, late=self.late, pending=self.pending_at is not None, returned=self.returned)


def _word(state: InvoiceState, *, late: bool, pending: bool, returned: int) -> str:
    """An issued invoice whose day has passed is overdue, unless money is on its way."""
    if state == InvoiceState.ISSUED and pending:
        return "pending"
    if state == InvoiceState.PAID and returned:
        return "part_refunded"
    return "overdue" if late else state.value


def price(lines: tuple[LineInput, ...], profile: agencies.AgencyProfile) -> Priced:
    """Compute typed lines under the agency's scheme. Raises PricingError naming the line."""
    today = clock.today(profile.timezone)
    scheme = find(profile.tax_scheme)
    document = Document(
        currency=profile.currency,
        scheme=scheme,
        lines=tuple(
            Line(
                id=str(position),
                description=line.description,
                quantity=line.quantity,
                unit_price=line.price,
                rate=scheme.rate(line.rate or None, today),
            )
            for position, line in enumerate(lines, start=1)
        ),
    )
    return compute(document)


@writes
def create_draft(given: InvoiceInput, once_key: str = "") -> UUID:
    """A new draft, or the one this form already made."""
    if known := once.result(once_key):
        return UUID(known)
    profile = agencies.profile()
    client = clients.get(given.client_id)
    invoice = Invoice(
        client_id=client.id,
        currency=profile.currency,
        locale=client.locale or profile.locale,
        **_columns(given, profile),
    )
    invoice_id = models.add(invoice)
    once.keep(once_key, str(invoice_id))
    return invoice_id


@writes
def create_from_quotation(quotation_id: UUID, actor: str) -> UUID:
    """The draft that bills an accepted quotation, with its very totals; asked again it is the same one.

    Raises Conflict when the quotation became a contract, or is not accepted.
    """
    accepted = quotations.to_convert(quotation_id)
    if accepted.became == snapshot.KIND and accepted.became_id:
        return accepted.became_id
    invoice = Invoice(
        client_id=accepted.client_id,
        quotation_id=quotation_id,
        title=accepted.title,
        currency=accepted.currency,
        locale=accepted.language,
        payment_days=agencies.profile().payment_days,
        lines=[],
        note=accepted.reference,
        **_totals(accepted.priced),
    )
    invoice_id = models.add(invoice)
    quotations.mark_converted(quotation_id, snapshot.KIND, invoice_id, actor)
    return invoice_id


@writes
def save_draft(invoice_id: UUID, revision: int, given: InvoiceInput) -> None:
    """Change a draft; refused when somebody else changed it since it was opened, or when it was issued.

    One that bills a quotation keeps its client and its amounts: they were agreed.
    """
    invoice = _invoice(invoice_id)
    client = clients.get(given.client_id)
    if invoice.state != InvoiceState.DRAFT:
        raise Conflict(_("This invoice has been issued and cannot be changed. Nothing was saved."))
    if invoice.quotation_id:
        values: dict[str, Any] = _head(given)
    else:
        values = {"client_id": client.id, **_columns(given, agencies.profile())}
    if not models.save(invoice_id, revision, **values):
        raise Conflict(_("Somebody else changed this invoice since you opened it. Your text is still here, not saved."))


def _columns(given: InvoiceInput, profile: agencies.AgencyProfile) -> dict[str, Any]:
    priced = price(given.lines, profile)
    lines = [
        {"description": row.description, "quantity": str(row.quantity), "price": str(row.price), "rate": row.rate}
        for row in given.lines
    ]
    return {**_head(given), "lines": lines, **_totals(priced)}


def _head(given: InvoiceInput) -> dict[str, Any]:
    return {"title": given.title, "note": given.note, "payment_days": given.payment_days}


def _totals(priced: Priced) -> dict[str, Any]:
    totals = priced.totals
    return {
        "priced": priced.to_dict(),
        "net_minor": totals.net,
        "tax_minor": totals.tax,
        "total_minor": totals.payable,
    }


@writes
def delete_draft(invoice_id: UUID, actor: str = "system") -> None:
    """Throw a draft away. What was issued stays; the quotation it billed can be billed anew."""
    invoice = _found(models.locked(invoice_id))
    if invoice.state != InvoiceState.DRAFT:
        raise Conflict(_("An issued invoice cannot be deleted."))
    if invoice.quotation_id:
        quotations.release(invoice.quotation_id, invoice_id, actor)
        invoice = _found(models.locked(invoice_id))  # the release made the row stale
    models.delete(invoice)


@writes
def issue(invoice_id: UUID, actor: str) -> None:
    """Give the invoice its number, freeze it and send it to the client; issued twice it does nothing."""
    # Locked before it is read: what is frozen is what its row says, whoever edits or deletes the draft meanwhile.
    invoice = _found(models.locked(invoice_id))
    if invoice.state != InvoiceState.DRAFT:
        return
    if invoice.total_minor <= 0:
        raise DomainError(_("An invoice needs an amount greater than zero to be issued."))
    profile, client = agencies.profile(), clients.get(invoice.client_id)
    if not client.email:
        raise DomainError(_("%(client)s has no e-mail address to send the invoice to.", client=client.name))
    token = links.create(LINK, invoice_id)
    # The number comes late: its row stays locked until the commit.
    pattern = profile.patterns["invoice"]
    number, issued = counters.take_today("invoice", pattern, profile.timezone, client=client.name)
    due = issued + timedelta(days=invoice.payment_days)
    content = snapshot.build(invoice, profile, client, number=number, issued=issued, due=due)
    document = frozen.freeze(
        "invoice", invoice_id, number=number, template=snapshot.TEMPLATE, snapshot=content, locale=invoice.locale
    )
    dates = {"issue_date": issued, "due_date": due, "issued_at": clock.now()}
    if not models.move(invoice_id, InvoiceState.ISSUED, number=number, frozen_id=document.id, **dates):
        raise Conflict(_("Somebody else has just issued this invoice."))
    _record_issue(invoice, client, number, document, actor)
    mails.send_invoice(content, document.id, links.url(LINK, token), locale=document.locale)
    signals.publish(InvoiceIssued(invoice_id))


def _record_issue(
    invoice: Invoice, client: clients.ClientView, number: str, document: frozen.Frozen, actor: str
) -> None:
    facts = {
        "actor": actor,
        "number": number,
        "total_minor": invoice.total_minor,
        "currency": invoice.currency,
        "amount": money.format_money(invoice.total_minor, invoice.currency, invoice.locale),
        "frozen": str(document.id),
        "snapshot_hash": document.snapshot_hash,
    }
    events.record("invoice.issued", events.ref("invoice", invoice.id), facts, about=(events.ref("client", client.id),))


@writes
def on_contract_signed(event: ContractSigned) -> signals.Continuation | None:
    """Issue the deposit that a signed contract asks for; the client's visit goes on to pay it.

    A signature stands whatever becomes of the invoice: without an address to send it to, it waits as a draft.
    """
    signed = contracts.signed(event.contract_id)
    if (deposit := signed.deposit) is None or deposit.totals.payable <= 0:
        return None
    profile, client = agencies.profile(), clients.get(signed.client_id)
    invoice = Invoice(
        client_id=client.id,
        contract_id=event.contract_id,
        kind=InvoiceKind.DEPOSIT,
        title=signed.title,
        currency=deposit.currency,
        locale=signed.locale,
        payment_days=profile.payment_days,
        lines=[],
        note="",
        **_totals(deposit),
    )
    invoice_id = models.add(invoice)
    if not client.email:
        return None
    issue(invoice_id, "system")
    return signals.Continuation(LINK, invoice_id)


@writes
def refund(invoice_id: UUID, payment_id: UUID, amount: str, note: str, actor: str, once_key: str = "") -> None:
    """Give back what was typed of a payment; the same form twice gives back once."""
    invoice = _invoice(invoice_id)
    if once.result(once_key):
        return
    try:
        minor = money.parse_money(amount, invoice.currency)
    except ValueError as error:
        raise Invalid({"amount": str(error)}) from None
    asked = payments.ask_refund(events.ref("invoice", invoice_id), payment_id, minor, actor, note)
    once.keep(once_key, str(asked))


def pay(invoice_id: UUID, token: str) -> str:
    """Open a checkout for an issued invoice and return where to send the payer."""
    invoice = get(invoice_id)
    if invoice.state != InvoiceState.ISSUED:
        raise Conflict(_("There is nothing to pay for this invoice."))
    client = clients.get(invoice.client_id)
    page = links.url(LINK, token)
    return payments.start(
        events.ref("invoice", invoice_id),
        invoice.due,
        invoice.currency,
        description=f"{invoice.number} · {invoice.title}",
        customer_email=client.email,
        return_url=f"{page}?back=1",
        cancel_url=page,
    )


def get(invoice_id: UUID) -> InvoiceView:
    """One invoice of the agency. Raises NotFound."""
    return _view(_invoice(invoice_id), agencies.today())


def told(invoice_id: UUID) -> dict[str, str] | None:
    """What plugins are told about an invoice."""
    row = models.get(invoice_id)
    if row is None:
        return None
    invoice = _view(row, agencies.today())
    return {
        **clients.told(clients.get(invoice.client_id)),
        "invoice.number": invoice.number,
        "invoice.title": invoice.title,
        "invoice.state": invoice.word,
        "invoice.currency": invoice.currency,
        "invoice.total_minor": str(invoice.total),
        "invoice.due_date": invoice.due_date.isoformat() if invoice.due_date else "",
    }


def page(
    *, limit: int, before: UUID | None = None, state: InvoiceState | None = None, late: bool = False
) -> list[InvoiceRow]:
    """Newest first; `late` shows what is overdue today."""
    today = agencies.today()
    rows = models.page(limit=limit, before=before, state=state, late_on=today if late else None)
    return [_row(row, today) for row in rows]


def of_client(client_id: UUID) -> list[InvoiceRow]:
    """A client's invoices, newest first."""
    today = agencies.today()
    return [_row(row, today) for row in models.of_client(client_id)]


def of_contract(contract_id: UUID) -> list[InvoiceView]:
    """The invoices that came from a contract, oldest first."""
    today = agencies.today()
    return [_view(row, today) for row in models.of_contract(contract_id)]


@writes
def count_view(invoice_id: UUID) -> None:
    """A client has opened the page."""
    models.count_view(invoice_id, clock.now())


@dataclass(frozen=True, slots=True)
class CurrencySums:
    """What is owed and what came in, in one currency, minor units."""

    currency: str
    open: int = 0
    open_count: int = 0
    late: int = 0
    late_count: int = 0
    paid: int = 0
    paid_count: int = 0
    disputed: int = 0
    disputed_count: int = 0


_SUMMED = {
    InvoiceState.ISSUED: "open",
    InvoiceState.PAID: "paid",
    InvoiceState.DISPUTED: "disputed",
}
"""What was given back or taken back in full counts nowhere any more."""


def sums() -> list[CurrencySums]:
    """The agency's sums, one for each currency in use."""
    found: dict[str, dict[str, int]] = {}
    for currency, state, count, total in models.sums():
        into = found.setdefault(currency, {})
        if (name := _SUMMED.get(state)) is not None:
            into[name], into[f"{name}_count"] = total, count
    for currency, count, total in models.late(agencies.today()):
        found.setdefault(currency, {}).update(late=total, late_count=count)
    return [CurrencySums(currency, **values) for currency, values in sorted(found.items())]


def received_this_month() -> dict[str, int]:
    """What came in since the month began at the agency's place, in minor units of each currency."""
    return dict(models.received_since(clock.month_start(agencies.here().timezone)))


def _invoice(invoice_id: UUID) -> Invoice:
    return _found(models.get(invoice_id))


def _found(invoice: Invoice | None) -> Invoice:
    if invoice is None:
        raise NotFound(_("There is no such invoice."))
    return invoice


def _is_late(invoice: Invoice | models.Listed, today: date) -> bool:
    past = invoice.due_date is not None and invoice.due_date < today
    return invoice.state == InvoiceState.ISSUED and past and invoice.pending_at is None


def _row(invoice: models.Listed, today: date) -> InvoiceRow:
    pending, returned = invoice.pending_at is not None, invoice.returned_minor
    return InvoiceRow(
        id=invoice.id,
        client_id=invoice.client_id,
        title=invoice.title,
        number=invoice.number or "",
        word=_word(invoice.state, late=_is_late(invoice, today), pending=pending, returned=returned),
        currency=invoice.currency,
        total=invoice.total_minor,
        due=invoice.total_minor - invoice.credited_minor,
        due_date=invoice.due_date,
        at=invoice.issued_at or invoice.created_at,
    )


def _view(invoice: Invoice, today: date) -> InvoiceView:
    return InvoiceView(
        id=invoice.id,
        client_id=invoice.client_id,
        contract_id=invoice.contract_id,
        quotation_id=invoice.quotation_id,
        kind=invoice.kind,
        title=invoice.title,
        state=invoice.state,
        revision=invoice.revision,
        number=invoice.number or "",
        currency=invoice.currency,
        locale=invoice.locale,
        lines=invoice.lines,
        priced=Priced.from_dict(invoice.priced),
        note=invoice.note,
        payment_days=invoice.payment_days,
        issue_date=invoice.issue_date,
        due_date=invoice.due_date,
        frozen_id=invoice.frozen_id,
        created_at=invoice.created_at,
        issued_at=invoice.issued_at,
        paid_at=invoice.paid_at,
        pending_at=invoice.pending_at,
        returned=invoice.returned_minor,
        credited=invoice.credited_minor,
        view_count=invoice.view_count,
        late=_is_late(invoice, today),
    )
