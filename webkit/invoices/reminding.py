"""Mails about an issued invoice that somebody asks for: itself once more, or a reminder of what is due."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.core.kernel import clock, events, frozen, links
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import mails, models
from webkit.invoices.models import InvoiceState
from webkit.invoices.paying import LINK
from webkit.invoices.views import InvoiceView, one, view
from webkit.messaging import service as messaging

PAUSE = timedelta(hours=20)
"""Between two reminders of one invoice: one a day, whoever asks how often."""
TEMPLATE = "invoice_reminder"


@writes
def mail_again(invoice_id: UUID, actor: str) -> None:
    """Send the mail of an unpaid invoice once more."""
    _invoice, document, url = _open(invoice_id)
    mails.send_invoice(document.snapshot, document.id, url, locale=document.locale)


@writes
def remind(invoice_id: UUID, actor: str, words: str = "") -> None:
    """Remind the client of what is due, in the agency's `words` if it has any. Refused when nothing is, or when
    somebody did so today."""
    models.locked(invoice_id)  # of two who remind at once the second sees the mail of the first
    invoice, document, url = _open(invoice_id)
    if invoice.pending_at is not None:
        raise Conflict(_("Money for %(number)s is on its way already.", number=invoice.number))
    if was_reminded(invoice_id):
        raise Conflict(_("The client was reminded of %(number)s today already.", number=invoice.number))
    day = invoice.due_date.isoformat() if invoice.due_date else document.snapshot["due_date"]
    mails.send_reminder(document, url, amount_minor=invoice.due_now, day=day, late=invoice.late, words=words)
    facts = {"actor": actor, "number": invoice.number}
    events.record("invoice.reminded", events.ref("invoice", invoice_id), facts, about=(_client(invoice),))


def was_reminded(invoice_id: UUID) -> bool:
    """Whether a reminder went out today already."""
    since = clock.now() - PAUSE
    mails_ = messaging.mails(events.ref("invoice", invoice_id))
    return any(mail.template == TEMPLATE and mail.created_at > since for mail in mails_)


def _client(invoice: InvoiceView) -> str:
    return events.ref("client", invoice.client_id)


def _open(invoice_id: UUID) -> tuple[InvoiceView, Frozen, str]:
    """An invoice that waits for money, its document and its page."""
    invoice = view(one(invoice_id), agencies.today())
    if invoice.state == InvoiceState.DRAFT:
        raise Conflict(_("This is a draft: it was never sent."))
    if invoice.state != InvoiceState.ISSUED:
        raise Conflict(_("Nothing is to be paid for %(number)s any more.", number=invoice.number))
    document, token = frozen.latest("invoice", invoice_id), links.token_for(LINK, invoice_id)
    if document is None or token is None:
        raise Conflict(_("%(number)s has no page here that a mail could lead to.", number=invoice.number))
    if not document.snapshot["client"]["email"]:
        raise Conflict(_("Nobody knows where to send it: the client had no e-mail address."))
    return invoice, document, links.url(LINK, token)
