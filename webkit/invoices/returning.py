"""Giving money back for a credit note, through whoever took the payment: never more than the note comes to.

The note stands whatever becomes of the refund: one that fails is told, and can be asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from webkit.core.kernel import events, money, once
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Invalid, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.invoices import credit_models, models
from webkit.invoices.credit_models import CreditNote
from webkit.invoices.models import Invoice
from webkit.payments import service as payments
from webkit.payments.service import PaymentView, ReversalView

CREDIT = "credit_note"


@dataclass(frozen=True, slots=True)
class RefundInput:
    """So much of that payment, in minor units; with no amount as much as is credited."""

    payment_id: UUID
    amount: int | None = None


def givable(invoice_id: UUID) -> list[PaymentView]:
    """The payments of an invoice of which something can be given back from here."""
    return [each for each in payments.of(events.ref("invoice", invoice_id)) if each.refundable_minor]


def refunds(credit_id: UUID, of: Sequence[PaymentView]) -> list[ReversalView]:
    """What was asked to be given back for a credit note."""
    cause = events.ref(CREDIT, credit_id)
    return [reversal for payment in of for reversal in payment.reversals if reversal.cause == cause]


def lefts(notes: Sequence[CreditNote], credited_minor: int, paid: Sequence[PaymentView]) -> dict[UUID, int]:
    """What of each credit note is to be given back and neither has been nor is on its way."""
    whole = _whole(notes, credited_minor, paid)
    return {note.id: min(whole, max(0, note.total_minor - _gone(note, paid))) for note in notes}


def _whole(notes: Sequence[CreditNote], credited_minor: int, paid: Sequence[PaymentView]) -> int:
    """The same of all of them; `credited_minor` was taken off before it was paid: nothing goes back for that."""
    return max(0, sum(note.total_minor - _gone(note, paid) for note in notes) - credited_minor)


def _gone(note: CreditNote, paid: Sequence[PaymentView]) -> int:
    return sum(each.amount_minor for each in refunds(note.id, paid) if not each.stays)


def to_return(invoice: Invoice) -> int:
    """What credit notes of an invoice leave to give back."""
    notes = credit_models.credit_notes(invoice.id)
    return _whole(notes, invoice.credited_minor, payments.of(events.ref("invoice", invoice.id))) if notes else 0


def _left(note: CreditNote) -> int:
    invoice = models.get(note.invoice_id)
    assert invoice is not None  # its foreign key says so
    paid = payments.of(events.ref("invoice", note.invoice_id))
    return lefts(credit_models.credit_notes(note.invoice_id), invoice.credited_minor, paid)[note.id]


@writes
def give_back(note: CreditNote, given: RefundInput, actor: str) -> UUID:
    """Ask for money to be given back for a credit note. Raises Invalid (`amount`) for more than it comes to."""
    most = _left(note)
    if not most:
        raise Invalid({"amount": _("There is nothing to give back for this credit note.")})
    if given.amount is not None and given.amount > most:
        amount = money.format_money(most, note.currency)
        raise Invalid({"amount": _("The credit note leaves %(amount)s to give back.", amount=amount)})
    reference, number = events.ref("invoice", note.invoice_id), note.number or ""
    minor = min(most, _refundable(reference, given.payment_id)) if given.amount is None else given.amount
    words = _("For credit note %(number)s", number=number)
    return payments.ask_refund(reference, given.payment_id, minor, actor, words, cause=events.ref(CREDIT, note.id))


@writes
def give_back_for(credit_id: UUID, payment_id: UUID, amount: str, actor: str, once_key: str = "") -> None:
    """The same for a credit note that exists already; the same form twice asks once."""
    payments.hold(payment_id)
    if (note := credit_models.credit_note(credit_id)) is None:
        raise NotFound(_("There is no such credit note."))
    models.locked(note.invoice_id)  # the same note may be given back from another payment at this very moment
    if once.result(once_key):
        return
    try:
        minor = money.parse_money(amount, note.currency)
    except ValueError as error:
        raise Invalid({"amount": str(error)}) from None
    once.keep(once_key, str(give_back(note, RefundInput(payment_id, minor), actor)))


def _refundable(reference: str, payment_id: UUID) -> int:
    found = (each.refundable_minor for each in payments.of(reference) if each.id == payment_id)
    return next(found, 0)
