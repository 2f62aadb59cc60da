"""Charging an invoice to a saved method, once for each attempt; how it stands follows from the payment it is.

Who presses twice, or in two tabs, says which attempt was meant: there is one of each. The amount is what is open when
it is asked for; an invoice that asks for something else when the vendor is about to be called is not charged.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from webkit.charges import mails, models
from webkit.charges.models import Charge, ChargeWord, CollectionState
from webkit.clients import service as clients
from webkit.clients.service import ClientView
from webkit.core.capabilities.charging import Decline
from webkit.core.kernel import audit, clock, events, ids, links, outbox, signals
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.money import format_money
from webkit.core.values import dataclass
from webkit.invoices import service as invoices
from webkit.invoices.service import InvoiceView
from webkit.payments.events import ChargeTold
from webkit.payments.service import ARRIVED, PaymentState, methods
from webkit.payments.service import charging as vendor

CARRY_OUT = "charges.carry_out"
LINK = "a"
CALLED = "called"
"""A person called it off."""

REASONS = {
    Decline.FUNDS: _l("There was not enough money on the account."),
    Decline.EXPIRED: _l("The card has expired."),
    Decline.LIMIT: _l("The limit of the card is reached."),
    Decline.BANK: _l("The bank declined it and did not say why."),
    Decline.BLOCKED: _l("The bank does not allow charges of it any more."),
    Decline.UNCONFIRMED: _l("It was not confirmed with the bank."),
    Decline.DETAILS: _l("Its details are not right any more."),
    Decline.TROUBLE: _l("Something went wrong on the way to the bank."),
    Decline.GONE: _l("The payment service has it no more."),
    Decline.REFUSED: _l("The payment service does not take this charge."),
    vendor.CHANGED: _l("The invoice has changed or was paid meanwhile. Nothing was charged."),
    vendor.REMOVED: _l("The payment method was removed meanwhile. Nothing was charged."),
    vendor.ACCOUNT: _l("The account with the payment service is not connected any more. Nothing was charged."),
    CALLED: _l("It was called off. Nothing was charged."),
}
"""Why a charge took no money, as staff and clients read it."""
FINAL = frozenset({*(each for each in Decline if each.final), vendor.ACCOUNT})
"""After these, the same method is not tried again by itself."""


@dataclass(frozen=True, slots=True)
class ChargeShown:
    """A charge as pages show it."""

    id: UUID
    invoice_id: UUID
    client_id: UUID
    attempt: int
    method: str
    method_id: UUID
    amount_minor: int
    currency: str
    word: ChargeWord
    reason: str
    why: str
    actor: str
    at: datetime
    changed_at: datetime

    @property
    def open(self) -> bool:
        return self.word in models.OPEN


def of_invoice(invoice_id: UUID) -> list[ChargeShown]:
    """Every charge of an invoice, oldest first."""
    return [_shown(row) for row in models.of_invoice(invoice_id)]


def get(charge_id: UUID) -> ChargeShown:
    """One charge of the agency. Raises NotFound."""
    row = models.charge(charge_id)
    if row is None:
        raise NotFound(_("There is no such charge."))
    return _shown(row)


def _shown(row: Charge) -> ChargeShown:
    return ChargeShown(
        id=row.id,
        invoice_id=row.invoice_id,
        client_id=row.client_id,
        attempt=row.attempt,
        method=methods.get(row.method_id).name,
        method_id=row.method_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        word=row.word,
        reason=row.reason,
        why=str(REASONS.get(row.reason, "")),
        actor=row.actor,
        at=row.created_at,
        changed_at=row.changed_at,
    )


@writes
def invite(client_id: UUID) -> ClientView:
    """Ask a client by mail to leave a payment method. Raises Conflict where none is kept, or there is no address."""
    if not methods.open_here():
        raise Conflict(_("Your payment service keeps no payment methods, or takes no payments now."))
    client = clients.get(client_id)
    if not client.email:
        said = _("%(client)s has no e-mail address. Open the page of the client and add one.", client=client.name)
        raise Conflict(said)
    mails.invite(client_id)
    return client


@writes
def ask(invoice_id: UUID, method_id: UUID, attempt: int, actor: str, *, whole: bool = False) -> UUID:
    """Charge what is open of an invoice; a job asks the vendor. The same attempt twice is the first one.

    Raises Conflict when the invoice or the method cannot be charged, or another charge is under way.
    """
    open_now = invoices.payable(invoice_id)  # locks the invoice; raises for what is not owed, or is on its way
    rows = models.of_invoice(invoice_id)
    if (known := next((row for row in rows if row.attempt == attempt), None)) is not None:
        return known.id
    if attempt != len(rows) + 1:
        raise Conflict(_("Something has happened to this invoice since you opened the page. Please look again."))
    invoice = invoices.get(invoice_id)
    method = methods.get(method_id)
    if method.client_id != invoice.client_id:
        raise NotFound(_("There is no such payment method."))
    amount = open_now.open_minor if whole else min(invoice.due_now, open_now.open_minor)
    if amount <= 0 or amount not in invoice.asked:
        raise Conflict(_("There is nothing to charge of this invoice."))
    subject = events.ref("invoice", invoice_id)
    payment_id = vendor.begin(subject, amount, invoice.currency, method_id, received_minor=invoice.received)
    row = Charge(
        invoice_id=invoice_id, client_id=invoice.client_id, attempt=attempt, method_id=method_id,
        payment_id=payment_id, amount_minor=amount, currency=invoice.currency, actor=actor, changed_at=clock.now(),
    )  # fmt: skip
    charge_id = models.add(row)
    outbox.add(CARRY_OUT, charge=str(charge_id))
    _record("charge.asked", row, actor)
    return charge_id


def carry_out(charge_id: UUID) -> None:
    """Ask the vendor, unless the invoice asks for something else by now. Done again it charges nothing twice."""
    row = models.charge(charge_id)
    if row is None or row.word is not ChargeWord.ASKED:
        return
    payment_id, amount = row.payment_id, row.amount_minor
    invoice = invoices.get(row.invoice_id)
    description = f"{invoice.number} · {invoice.title}"
    if amount not in invoice.asked and not vendor.of(payment_id).asked:
        vendor.call_off(payment_id, vendor.CHANGED)
        return
    vendor.carry_out(payment_id, description)


@writes
def call_off(charge_id: UUID, actor: str, why: str = CALLED) -> bool:
    """Charge it no more, where it waits for the client; False when it is too late."""
    row = models.charge(charge_id)
    if row is None:
        raise NotFound(_("There is no such charge."))
    if row.word not in (ChargeWord.ASKED, ChargeWord.ACTION) or not vendor.call_off(row.payment_id, why):
        return False
    audit.log("charge.call_off", subject=events.ref("invoice", row.invoice_id), detail={"actor": actor, "why": why})
    return True


# --- what became of it ---------------------------------------------------------------------------------------------


@writes
def follow(told: ChargeTold) -> None:
    """Say of a charge what its payment says; the same whatever order things were heard of in."""
    row = models.by_payment(told.payment_id)
    if row is None:
        return
    payment = vendor.of(told.payment_id)
    word = stands(payment.state, waits=payment.waits, reason=payment.reason)
    reason = payment.reason if word in (ChargeWord.DECLINED, ChargeWord.CALLED_OFF) else ""
    if (row.word, row.reason) == (word, reason):
        return
    before, row.word, row.reason, row.changed_at = row.word, word, reason, clock.now()
    if before is word:
        return
    if word is ChargeWord.ACTION:
        _record("charge.action", row, "vendor")
        mails.confirm(invoices.get(row.invoice_id), _shown(row), confirm_url(row.id))
    elif word is ChargeWord.DECLINED:
        _record("charge.declined", row, "vendor", why=str(REASONS.get(reason, "")))
        mails.declined(invoices.get(row.invoice_id), _shown(row))
    elif word is ChargeWord.CALLED_OFF:
        _record("charge.called_off", row, "system", why=str(REASONS.get(reason, "")))
    elif word is ChargeWord.PENDING:
        _record("charge.pending", row, "vendor")
    signals.publish(ChargeFollowed(row.invoice_id, word, reason))


@dataclass(frozen=True, slots=True)
class ChargeFollowed:
    """How a charge of an invoice stands now."""

    invoice_id: UUID
    word: ChargeWord
    reason: str


def stands(state: PaymentState, *, waits: bool, reason: str) -> ChargeWord:
    """A function of the payment alone."""
    if state in ARRIVED:
        return ChargeWord.PAID
    if state is PaymentState.PENDING:
        return ChargeWord.PENDING
    if state is PaymentState.OPEN:
        return ChargeWord.ACTION if waits else ChargeWord.ASKED
    if state is PaymentState.EXPIRED and reason in (vendor.CHANGED, vendor.REMOVED, vendor.ACCOUNT, CALLED, ""):
        return ChargeWord.CALLED_OFF
    return ChargeWord.DECLINED


def _record(kind: str, row: Charge, actor: str, **facts: str) -> None:
    told = {
        "actor": actor,
        "attempt": row.attempt,
        "method": methods.get(row.method_id).name,
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "amount": format_money(row.amount_minor, row.currency),
        **facts,
    }
    about = (events.ref("client", row.client_id),)
    events.record(kind, events.ref("invoice", row.invoice_id), told, about=about)


# --- the client's side ---------------------------------------------------------------------------------------------


@writes
def confirm_url(charge_id: UUID) -> str:
    """Where the client confirms a charge with the bank."""
    token = links.token_for(LINK, charge_id) or links.create(LINK, charge_id, token=ids.token())
    return links.url(LINK, token)


def confirm(charge_id: UUID, *, return_url: str) -> str:
    """The address of the bank's page, "" when there is nothing to confirm any more. Raises ProviderError."""
    row = models.charge(charge_id)
    if row is None or row.word is not ChargeWord.ACTION:
        return ""
    payment_id = row.payment_id
    if row.amount_minor not in invoices.get(row.invoice_id).asked:
        vendor.call_off(payment_id, vendor.CHANGED)
        return ""
    return vendor.confirm(payment_id, return_url=return_url)


def refresh(charge_id: UUID) -> None:
    """Ask how a charge stands, when the client is back from the bank before the webhook is here."""
    if (row := models.charge(charge_id)) is not None and row.word in models.OPEN:
        vendor.refresh(row.payment_id)


def chargeable(invoice: InvoiceView) -> bool:
    """Whether something of an invoice can be charged now."""
    return bool(invoice.asked) and invoice.due > 0 and invoice.pending_at is None


def is_collected(invoice_id: UUID) -> bool:
    """Whether an invoice is still to be charged by itself."""
    row = models.collection_of(invoice_id)
    return row is not None and row.state is CollectionState.WAITING
