"""Files that go with an invoice: attached to the draft, named in what is issued, sent with it, kept as they were."""

from __future__ import annotations

from typing import IO
from uuid import UUID

from webkit.core.kernel import attachments, audit, events
from webkit.core.kernel.attachments import Attached
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import models
from webkit.invoices.models import Invoice, InvoiceState
from webkit.invoices.views import found, one


def of(invoice_id: UUID) -> tuple[Attached, ...]:
    """The files of an invoice, in the order they were attached. Raises NotFound."""
    return one(invoice_id).attached


def get(invoice_id: UUID, file_id: UUID) -> Attached:
    """One of them. Raises NotFound."""
    file = next((each for each in of(invoice_id) if each.id == file_id), None)
    if file is None:
        raise NotFound(_("There is no such file."))
    return file


def attach(invoice_id: UUID, filename: str, body: IO[bytes], actor: str) -> Attached:
    """Attach a file to a draft. Raises Invalid (`file`) with what is wrong with it, Conflict once it is issued.

    The bytes are stored first, then the draft names them: what is stored for nothing is thrown away again.
    """
    _demand_draft(one(invoice_id))
    received = attachments.receive(filename, body)
    file = attachments.store(received)
    try:
        _add(invoice_id, file, actor)
    except Exception:
        _forget(file)
        raise
    return file


@writes
def _add(invoice_id: UUID, file: Attached, actor: str) -> None:
    invoice = found(models.locked(invoice_id))
    _demand_draft(invoice)
    attachments.demand_room(invoice.attached, file)
    invoice.files = [*(invoice.files or ()), file.to_dict()]
    audit.log("invoice.attached", subject=events.ref("invoice", invoice_id), detail=file.shown() | {"actor": actor})


@writes
def _forget(file: Attached) -> None:
    attachments.drop([file])


@writes
def detach(invoice_id: UUID, file_id: UUID) -> None:
    """Take a file off a draft again."""
    invoice = found(models.locked(invoice_id))
    _demand_draft(invoice)
    gone = get(invoice_id, file_id)
    invoice.files = [file.to_dict() for file in invoice.attached if file.id != file_id]
    attachments.drop([gone])


def _demand_draft(invoice: Invoice) -> None:
    if invoice.state != InvoiceState.DRAFT:
        raise Conflict(_("This invoice has been issued: its files stay as they are."))
