"""Files that go with an invoice: attached to the draft, named in what is issued, sent with it, kept as they were."""

from __future__ import annotations

from functools import partial

from webkit.core.kernel import folders
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.folders import Folder
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import models
from webkit.invoices.models import Invoice, InvoiceState
from webkit.invoices.views import found, read


def _demand_draft(invoice: Invoice) -> None:
    if invoice.state != InvoiceState.DRAFT:
        raise Conflict(_("This invoice has been issued: its files stay as they are."))


FOLDER = Folder(
    kind="invoice",
    find=read,
    lock=lambda invoice_id: found(models.locked(invoice_id)),
    demand_open=_demand_draft,
)
of, get = partial(folders.of, FOLDER), partial(folders.get, FOLDER)
attach, detach = partial(folders.attach, FOLDER), partial(folders.detach, FOLDER)
