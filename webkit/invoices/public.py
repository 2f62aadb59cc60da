"""What a client sees and does at `/i/<token>`; everything works without a script."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Response, g, request

from webkit.core.kernel import downloads, events, frozen
from webkit.core.kernel.doors import counts_as_view, public_blueprint
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.hx import fields, go, go_to, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import set_locale
from webkit.invoices import crediting, filing, service
from webkit.invoices.models import OWED
from webkit.invoices.pages import PublicPage
from webkit.invoices.service import InvoiceView
from webkit.payments import service as payments
from webkit.payments.service import Consent, PaymentState
from webkit.pricing import Priced
from webkit.pricing.show import lines as show_lines
from webkit.pricing.show import sum_rows

blueprint = public_blueprint("invoice_public", __name__, service.LINK)


@blueprint.get("")
def show() -> Response:
    """The invoice as it was issued, and how its payment stands."""
    invoice, document = _issued()
    if request.args.get("back") and invoice.state in OWED:
        payments.refresh(events.ref("invoice", invoice.id))
        invoice = service.get(invoice.id)
    view = _page(invoice, document)
    response = page(f"invoices/public/{document.snapshot['version']}.html", "status", **fields(view))
    if counts_as_view():
        service.count_view(invoice.id)
    return response


@blueprint.post("/pay")
def pay() -> Response:
    """Go to the payment page; a paid invoice shows itself instead."""
    invoice, _document = _issued()
    if invoice.state not in OWED:
        return go(".show")
    consent = _consent(invoice) if "keep" in request.form and payments.methods.open_here() else None
    return go_to(service.pay(invoice.id, g.link.token, whole="whole" in request.form, consent=consent))


def _consent(invoice: InvoiceView) -> Consent:
    """What the client ticked, as it was shown, and from where."""
    browser = request.headers.get("User-Agent", "")
    reference = events.ref("invoice", invoice.id)
    words = payments.methods.words_here()
    return Consent(words, invoice.locale, request.remote_addr or "", browser, reference)


@blueprint.get("/pdf")
def pdf() -> Response:
    return downloads.pdf(_issued()[1])


@blueprint.get("/files/<uuid:file_id>")
def file(file_id: UUID) -> Response:
    """A file that goes with the invoice."""
    return downloads.attachment(filing.get(_issued()[0].id, file_id))


def _issued() -> tuple[InvoiceView, frozen.Frozen]:
    invoice = service.get(g.link.document_id)
    document = frozen.latest("invoice", invoice.id)
    if document is None:
        raise NotFound(_("This invoice has not been issued."))
    set_locale(document.locale, document.snapshot["agency"]["timezone"])
    return invoice, document


def _page(invoice: InvoiceView, document: frozen.Frozen) -> PublicPage:
    attempts = payments.of(events.ref("invoice", invoice.id))
    last = attempts[-1].state if attempts else None
    agency = document.snapshot["agency"]
    priced = Priced.from_dict(document.snapshot["priced"])
    return PublicPage(
        doc=document.snapshot,
        lines=show_lines(priced),
        sums=sum_rows(priced),
        frozen=document,
        state=invoice.word,
        paid_at=invoice.paid_at,
        pending=invoice.word == "pending",
        waiting=bool(request.args.get("back")) and last == PaymentState.OPEN,
        failed=last in (PaymentState.FAILED, PaymentState.BOUNCED),
        returned=invoice.returned,
        due=invoice.due_now,
        due_date=invoice.due_date or date.fromisoformat(document.snapshot["due_date"]),
        whole=invoice.due,
        late=bool(invoice.late_minor),
        parts=invoice.parts,
        credits=crediting.correction(invoice.id).notes,
        sender={
            "name": agency["legal_name"] or agency["name"],
            "lines": [*agency["lines"], agency["tax_id"]],
            "contacts": [contact for contact in (agency["email"], agency["phone"]) if contact],
        },
        lang=document.locale,
        online=payments.online(),
    )
