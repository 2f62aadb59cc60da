"""Staff pages of the files that go with an invoice."""

from __future__ import annotations

from uuid import UUID

from flask import url_for

from webkit.core.kernel.folder_pages import About, pages
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import filing, service
from webkit.invoices.models import InvoiceState


def _about(invoice_id: UUID) -> About:
    invoice = service.get(invoice_id)
    heading, own = invoice.number or invoice.title, url_for("invoices.show", invoice_id=invoice_id)
    draft = invoice.state == InvoiceState.DRAFT
    return About(
        heading=heading,
        crumbs=[(url_for("invoices.index"), _("Invoices")), (own, heading)],
        back=own,
        is_open=draft,
        lede=_("They are sent with the invoice and stand on its page. With the issue they are fixed.")
        if draft
        else _("They were sent with the invoice and stay as they are."),
    )


blueprint = pages("invoice_files", __name__, "/invoices", filing.FOLDER, _about)
