"""Issuing: one short transaction whose last steps are the number and the event. What was issued is frozen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.contracts import service as contracts
from webkit.contracts.events import ContractSigned
from webkit.core.kernel import clock, counters, events, frozen, ids, links, money, signals, tenancy
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import arranging, drafts, mails, models, pro_formas, snapshot, waiting_models
from webkit.invoices.drafts import InvoiceInput, totals
from webkit.invoices.events import InvoiceIssued
from webkit.invoices.models import KIND, Invoice, InvoiceKind, InvoiceState
from webkit.invoices.paying import LINK
from webkit.invoices.terms import Instalment
from webkit.invoices.views import found, terms_of
from webkit.invoices.waiting_models import Waiting
from webkit.ledger import service as ledger
from webkit.pricing.billed import billed, stamped
from webkit.pricing.terms import Category, names_both


@writes
def issue(invoice_id: UUID, actor: str, *, seen: str = "") -> None:
    """Give the invoice its number, freeze it and send it to the client; issued twice it does nothing.

    Raises Conflict when its figures have changed while it waited, unless `seen` is the seal of those of today.
    """
    # Locked before it is read: what is frozen is what its row says, whoever edits or deletes the draft meanwhile.
    invoice = found(waiting_models.waiting(invoice_id))
    if invoice.state != InvoiceState.DRAFT:
        return
    fresh = drafts.renewed(invoice, seen)
    invoice = invoice.with_figures(fresh)
    if fresh or invoice.announced_minor not in (None, invoice.total_minor):
        pro_formas.demand_same(invoice_id, invoice.total_minor)
    if invoice.total_minor <= 0:
        raise DomainError(_("An invoice needs an amount greater than zero to be issued."))
    profile, client = agencies.profile(), clients.get(invoice.client_id)
    if why := _unready(invoice.priced, profile, client):
        raise DomainError(why)
    series, today, facts = agencies.series_of(invoice.series), clock.today(profile.timezone), _facts(invoice, actor)
    if invoice.currency != profile.currency:
        ledger.value_invoice(invoice_id, invoice.currency, today)
    token = ids.token()
    url = links.url(LINK, token)
    # From here on nothing is read but the number and the head: what is left for the end stays until then.
    signals.publish(InvoiceIssued(invoice_id))
    links.create(LINK, invoice_id, token=token)
    schedule, content = _dated(invoice, profile, client, today)
    begun = frozen.begin(KIND, invoice_id, template=snapshot.TEMPLATE, snapshot=content, locale=invoice.locale)
    # The number comes late: its row stays locked until the commit, and everybody else waits.
    number, issued = counters.take_today(
        series.counter, series.pattern, profile.timezone, client=client.name, last_lock=True
    )
    if issued != today:
        schedule, content = _dated(invoice, profile, client, issued)
        begun = frozen.begin_again(begun, content)
    document = frozen.keep(begun, number)
    facts |= {"number": number, "frozen": str(document.id), "snapshot_hash": document.snapshot_hash}
    events.record("invoice.issued", events.ref(KIND, invoice_id), facts, about=(events.ref("client", client.id),))
    content["number"] = number
    mails.send_invoice(content, document.id, url, locale=invoice.locale, files=invoice.attached)
    waiting_models.issue(invoice, number=number, frozen_id=document.id, **fresh, **_dates(issued, schedule))


@writes
def create_and_issue(given: InvoiceInput, once_key: str, actor: str) -> UUID:
    """A new invoice that is issued at once; the form sent twice leads to the same one. Refused, nothing is kept."""
    invoice_id = drafts.create_draft(given, once_key)
    issue(invoice_id, actor)
    return invoice_id


def _unready(priced: Mapping[str, Any], profile: agencies.AgencyProfile, client: clients.ClientView) -> str:
    """What has to be known of both sides before this can go out, as a sentence; empty when nothing is missing."""
    if not client.email:
        return _("%(client)s has no e-mail address to send the invoice to.", client=client.name)
    if not profile.tax_id and any(tax["rate"]["category"] == Category.STANDARD for tax in priced["taxes"]):
        return _("Tax is charged on this: your own tax number has to stand on it. Add it in the settings.")
    if not any(names_both(tax["rate"]["category"], tax["rate"]["code"]) for tax in priced["taxes"]):
        return ""
    if not client.tax_id:
        return _(
            "%(client)s owes the tax on this: their tax number has to stand on it. Add it first.", client=client.name
        )
    if not profile.tax_id:
        return _("The client owes the tax on this: your own tax number has to stand on it. Add it in the settings.")
    return ""


def _dated(
    invoice: Waiting, profile: agencies.AgencyProfile, client: clients.ClientView, day: date
) -> tuple[tuple[Instalment, ...], dict[str, Any]]:
    """The instalments and the snapshot of an invoice that is issued on this day."""
    terms = terms_of(invoice)
    schedule = terms.resolve(invoice.total_minor, invoice.currency, day)
    return schedule, snapshot.build(invoice, profile, client, issued=day, terms=terms, schedule=schedule)


def _dates(issued: date, schedule: tuple[Instalment, ...]) -> dict[str, Any]:
    many = [part.to_dict() for part in schedule] if len(schedule) > 1 else None
    return {"issue_date": issued, "due_date": schedule[0].due, "schedule": many, "issued_at": clock.now()}


def _facts(invoice: Waiting, actor: str) -> dict[str, Any]:
    """What is known of the event before the number."""
    return {
        "actor": actor,
        "total_minor": invoice.total_minor,
        "currency": invoice.currency,
        "amount": money.format_money(invoice.total_minor, invoice.currency, invoice.locale),
    }


@writes
def on_contract_signed(event: ContractSigned) -> signals.Continuation | None:
    """Issue the deposit that a signed contract asks for; the client's visit goes on to pay it.

    A signature stands whatever becomes of the invoice: while it cannot be sent, it waits as a draft.
    """
    signed = contracts.signed(event.contract_id)
    if (deposit := signed.deposit) is None or deposit.totals.payable <= 0:
        return None
    if signed.proposal_id and any(row.stands for row in models.of_source("proposal", signed.proposal_id)):
        return None  # billed before there was a contract
    profile, client = agencies.profile(), clients.get(signed.client_id)
    invoice = Invoice(
        client_id=client.id,
        author_id=tenancy.the_author(f"contract:{event.contract_id}"),
        contract_id=event.contract_id,
        kind=InvoiceKind.DEPOSIT,
        title=signed.title,
        currency=deposit.currency,
        locale=signed.locale,
        lines=[],
        note="",
        **arranging.usual(profile, client),
        **totals(stamped(billed(deposit, profile.habits), profile.habits)),
    )
    invoice_id = models.add(invoice)
    if _unready(invoice.priced, profile, client):
        return None
    issue(invoice_id, "system")
    return signals.Continuation(LINK, invoice_id)
