"""Staff pages of the files that go with an invoice."""

from __future__ import annotations

from uuid import UUID

from flask import Response, url_for

from webkit.core.kernel import downloads, folder_pages
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.folder_pages import About
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import filing, service
from webkit.invoices.models import InvoiceState

blueprint = staff_blueprint("invoice_files", __name__, "/invoices")


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


@blueprint.get("/<uuid:invoice_id>/files")
def show(invoice_id: UUID) -> Response:
    """The files, and the form for another one while it is a draft."""
    return folder_pages.show(filing.FOLDER, invoice_id, _about(invoice_id))


@blueprint.post("/<uuid:invoice_id>/files")
def attach(invoice_id: UUID) -> Response:
    return folder_pages.attach(filing.FOLDER, invoice_id, _about)


@blueprint.post("/<uuid:invoice_id>/files/<uuid:file_id>/remove")
def remove(invoice_id: UUID, file_id: UUID) -> Response:
    return folder_pages.remove(filing.FOLDER, invoice_id, file_id)


@blueprint.get("/<uuid:invoice_id>/files/<uuid:file_id>")
def download(invoice_id: UUID, file_id: UUID) -> Response:
    return downloads.attachment(filing.get(invoice_id, file_id))
