"""What became of an accepted quotation: a contract or an invoice, once, and again when that is gone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from webkit.core.kernel import events, frozen
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.i18n import gettext as _
from webkit.pricing import Priced
from webkit.quotations import models, snapshot
from webkit.quotations.models import Quotation
from webkit.quotations.rows import missing, row_of, shown_under
from webkit.quotations.views import AcceptedQuotation


def accepted(quotation_id: UUID) -> AcceptedQuotation:
    """What the client accepted, exactly as it was frozen. Raises Conflict for a quotation that is not accepted."""
    return _accepted(row_of(quotation_id))


@writes
def to_convert(quotation_id: UUID) -> AcceptedQuotation:
    """The same for whoever turns it into something: nobody else can until this write ends."""
    if (row := models.locked(quotation_id)) is None:
        raise missing()
    return _accepted(row)


@writes
def mark_converted(quotation_id: UUID, kind: str, document_id: UUID, actor: str) -> None:
    """Note what it was turned into, inside the write that made that. Raises Conflict when it was turned before."""
    if not models.convert(quotation_id, kind, document_id):
        raise Conflict(_("This quotation was turned into a contract or an invoice before. Nothing was made."))
    row = row_of(quotation_id)
    facts = {"actor": actor, "number": row.number, "into": kind, "document": str(document_id)}
    subject, about = events.ref("quotation", quotation_id), (*shown_under(row.client_id), events.ref(kind, document_id))
    events.record(f"quotation.became_{kind}", subject, facts, about=about)


@writes
def release(quotation_id: UUID, document_id: UUID, actor: str) -> bool:
    """What it was turned into is gone: it can be turned into something once more. False when that was another."""
    if not models.release(quotation_id, document_id):
        return False
    row = row_of(quotation_id)
    facts = {"actor": actor, "number": row.number}
    events.record("quotation.released", events.ref("quotation", quotation_id), facts, about=shown_under(row.client_id))
    return True


def _accepted(row: Quotation) -> AcceptedQuotation:
    if row.accepted_id is None:
        raise Conflict(_("This quotation has not been accepted."))
    document = frozen.get(row.accepted_id)
    doc, acceptance = document.snapshot, document.snapshot["acceptance"]
    return AcceptedQuotation(
        id=row.id,
        client_id=row.client_id,
        title=doc["title"],
        number=doc["number"],
        reference=snapshot.reference(doc),
        site=doc["site"],
        language=doc["language"],
        currency=doc["currency"],
        priced=Priced.from_dict(doc["priced"]),
        accepted_by=acceptance["name"],
        accepted_title=acceptance["title"],
        accepted_at=datetime.fromisoformat(acceptance["at"]),
        to_email=row.to_email,
        author_id=row.author_id,
        author_name=row.author_name,
        frozen_id=document.id,
        became=row.became,
        became_id=row.became_id,
    )
