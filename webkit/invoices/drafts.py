"""Drafts of invoices: made, changed, thrown away. A draft has no number and its figures are computed at each save.

They are computed again when it is opened or issued: rates end and tax settings change while a draft waits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import attachments, clock, once
from webkit.core.kernel.crypto import digest
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.invoices import arranging, models, origins, pro_forma_models, pro_formas, snapshot, waiting_models
from webkit.invoices import figures as typed
from webkit.invoices.figures import Figures, LineInput
from webkit.invoices.models import Invoice, InvoiceState
from webkit.invoices.views import InvoiceView, found
from webkit.invoices.waiting_models import Waiting
from webkit.pricing import Priced, PricingError
from webkit.pricing.billed import billed, stamped
from webkit.quotations import service as quotations


@dataclass(frozen=True, slots=True)
class InvoiceInput:
    """Everything staff decide about a draft. Without `figures` it has the agency's habits and no discount."""

    client_id: UUID
    title: str
    lines: tuple[LineInput, ...]
    payment_days: int
    note: str = ""
    figures: Figures | None = None


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a waiting draft comes to under today's rates and settings, which are other ones than when it was saved.

    Where it can no longer be computed `problem` says why. `seal` stands for exactly these figures.
    """

    priced: Priced | None
    problem: str = ""

    @property
    def seal(self) -> str:
        """Proof that somebody has seen them."""
        return _seal(self.priced.to_dict()) if self.priced else ""


def price(
    lines: Sequence[LineInput],
    profile: agencies.AgencyProfile,
    figures: Figures | None = None,
    currency: str = "",
    on: date | None = None,
) -> Priced:
    """Compute typed lines under the agency's scheme, by the rates of today or of another day.

    Raises PricingError naming the line or the field.
    """
    return _outcome(lines, profile, figures or Figures(habits=profile.habits), currency or profile.currency, on).priced


def _outcome(
    lines: Sequence[LineInput], profile: agencies.AgencyProfile, figures: Figures, currency: str, on: date | None = None
) -> typed.Outcome:
    return typed.price(lines, figures, profile.tax_scheme, currency, on or clock.today(profile.timezone))


@writes
def create_draft(given: InvoiceInput, once_key: str = "") -> UUID:
    """A new draft, or the one this form already made."""
    if known := once.result(once_key):
        return UUID(known)
    profile = agencies.profile()
    client = clients.get(given.client_id)
    invoice_id = waiting_models.add(
        client.name,
        client_id=client.id,
        currency=profile.currency,
        locale=client.locale or profile.locale,
        **_columns(given, profile, profile.currency) | arranging.usual(profile, client, given.payment_days),
    )
    once.keep(once_key, str(invoice_id))
    return invoice_id


@writes
def create_from_quotation(quotation_id: UUID, actor: str) -> UUID:
    """The draft that bills an accepted quotation, with its very totals; asked again it is the same one.

    Raises Conflict when the quotation became a contract, or is not accepted.
    """
    accepted = quotations.to_convert(quotation_id)
    if accepted.became == snapshot.KIND and accepted.became_id:
        return accepted.became_id
    profile = agencies.profile()
    invoice = Invoice(
        client_id=accepted.client_id,
        author_id=accepted.author_id,
        quotation_id=quotation_id,
        title=accepted.title,
        currency=accepted.currency,
        locale=accepted.language,
        lines=[],
        note=accepted.reference,
        **arranging.usual(profile, clients.get(accepted.client_id)),
        **totals(stamped(billed(accepted.priced, profile.habits), profile.habits)),
    )
    invoice_id = models.add(invoice)
    quotations.mark_converted(quotation_id, snapshot.KIND, invoice_id, actor)
    return invoice_id


@writes
def save_draft(invoice_id: UUID, revision: int, given: InvoiceInput) -> None:
    """Change a draft; refused when somebody else changed it since it was opened, or when it was issued.

    One whose amounts were agreed on keeps its client and them. It keeps the currency it was begun in. Saved twice with
    the same words it is saved once.
    """
    # Locked before it is read: no pro-forma of other figures goes out meanwhile.
    invoice = found(models.locked(invoice_id))
    client = clients.get(given.client_id)
    if invoice.state != InvoiceState.DRAFT:
        raise Conflict(_("This invoice has been issued and cannot be changed. Nothing was saved."))
    if not invoice.lines:
        values: dict[str, Any] = _head(given)
    else:
        values = {"client_id": client.id, **_columns(given, agencies.profile(), invoice.currency)}
    pro_formas.demand_same(invoice_id, values.get("total_minor", invoice.total_minor))
    if not models.save(invoice_id, revision, **values) and not _says(invoice_id, revision + 1, values):
        raise Conflict(_("Somebody else changed this invoice since you opened it. Your text is still here, not saved."))


def _says(invoice_id: UUID, revision: int, values: dict[str, Any]) -> bool:
    """Whether the draft says this already, since that very save."""
    invoice = models.locked(invoice_id)
    same = invoice is not None and all(getattr(invoice, name) == value for name, value in values.items())
    return same and invoice is not None and (invoice.state, invoice.revision) == (InvoiceState.DRAFT, revision)


def _columns(given: InvoiceInput, profile: agencies.AgencyProfile, currency: str) -> dict[str, Any]:
    decided = given.figures or Figures(habits=profile.habits)
    found = _outcome(given.lines, profile, decided, currency)
    lines = [typed.stored_line(line) for line in given.lines]
    return {**_head(given), "lines": lines, "figures": decided.to_dict(), **_totals(found.priced, found.plain)}


def _head(given: InvoiceInput) -> dict[str, Any]:
    return {"title": given.title, "note": given.note, "payment_days": given.payment_days}


def totals(priced: Priced) -> dict[str, Any]:
    """The stored columns of what the kernel computed."""
    return _totals(priced, priced.to_dict())


def _totals(priced: Priced, plain: Mapping[str, Any]) -> dict[str, Any]:
    sums = priced.totals
    return {
        "priced": plain,
        "net_minor": sums.net,
        "tax_minor": sums.tax,
        "total_minor": sums.payable,
    }


def renewal(draft: Waiting | InvoiceView) -> Renewal | None:
    """How the figures of a waiting draft have changed; None while they stand, and where they were agreed on."""
    if draft.state != InvoiceState.DRAFT or not draft.lines:
        return None
    lines = [typed.read_line(line) for line in draft.lines]
    try:
        fresh = _outcome(lines, agencies.profile(), Figures.from_dict(draft.figures), draft.currency)
    except PricingError as error:
        place = _("Line %(n)s: ", n=error.line) if error.line else ""
        return Renewal(None, place + error.message)
    stored = draft.priced if isinstance(draft.priced, dict) else draft.priced.to_dict()
    return Renewal(fresh.priced) if fresh.plain != stored else None


def renewed(draft: Waiting, seen: str) -> dict[str, Any]:
    """The columns of a waiting draft that are other ones today; raises Conflict unless they are those `seen`."""
    changed = renewal(draft)
    if changed is None:
        return {}
    if changed.priced is None:
        raise Conflict(_("This draft can no longer be computed. Open it and look. %(why)s", why=changed.problem))
    if changed.seal != seen:
        raise Conflict(_("The figures of this draft have changed with the tax settings. Look at them, then issue it."))
    return totals(changed.priced)


def _seal(priced: dict[str, Any]) -> str:
    return digest(json.dumps(priced, sort_keys=True).encode())[:32]


@writes
def delete_draft(invoice_id: UUID, actor: str = "system") -> None:
    """Throw a draft away. What was issued stays; the quotation it billed can be billed anew."""
    invoice = found(models.locked(invoice_id))
    if invoice.state != InvoiceState.DRAFT:
        raise Conflict(_("An issued invoice cannot be deleted."))
    if pro_forma_models.standing_pro_forma(invoice_id) is not None:
        raise Conflict(_("A pro-forma of this draft was sent. Withdraw it first."))
    attachments.drop(invoice.attached)
    models.delete(invoice)
    origins.let_go(invoice, actor)
