"""Staff pages of the files that go with an invoice."""

from __future__ import annotations

from contextlib import closing
from uuid import UUID

from flask import Response, flash, request
from flask_login import current_user

from webkit.core.kernel import attachments, downloads, events
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.forms import FormState
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import filing, service
from webkit.invoices.pages import FilesPage

blueprint = staff_blueprint("invoice_files", __name__, "/invoices")


@blueprint.get("/<uuid:invoice_id>/files")
def show(invoice_id: UUID) -> Response:
    """The files of an invoice, and the form for another one while it is a draft."""
    return _page(invoice_id, FormState())


@blueprint.post("/<uuid:invoice_id>/files")
def attach(invoice_id: UUID) -> Response:
    """Attach a file."""
    upload = request.files.get("file")
    try:
        if upload is None:
            raise Invalid({"file": _("Choose the file to attach.")})
        with closing(upload):
            actor = events.ref("user", current_user.id)
            file = filing.attach(invoice_id, upload.filename or "", upload.stream, actor)
    except Invalid as error:
        return _page(invoice_id, FormState({}, error.errors), code=422)
    flash(_("%(name)s goes with the invoice.", name=file.name), "ok")
    return go(".show", invoice_id=invoice_id)


@blueprint.post("/<uuid:invoice_id>/files/<uuid:file_id>/remove")
def remove(invoice_id: UUID, file_id: UUID) -> Response:
    filing.detach(invoice_id, file_id)
    flash(_("The file was taken off."), "ok")
    return go(".show", invoice_id=invoice_id)


@blueprint.get("/<uuid:invoice_id>/files/<uuid:file_id>")
def download(invoice_id: UUID, file_id: UUID) -> Response:
    return downloads.attachment(filing.get(invoice_id, file_id))


def _page(invoice_id: UUID, state: FormState, code: int = 200) -> Response:
    limits = {"each": attachments.LIMIT // attachments.MEGA, "most": attachments.MOST}
    view = FilesPage(service.get(invoice_id), filing.of(invoice_id), state, limits, sorted(attachments.TYPES))
    return page("invoices/files.html", code=code, **fields(view))
