"""Registers invoices."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from flask import Blueprint, Flask, url_for

from webkit.clients.events import ClientRenamed
from webkit.contracts.events import ContractSigned
from webkit.core.access import Policy
from webkit.core.extensions import DocumentCard, DocumentSource, EventKind, JobSpec, MenuEntry, Slot, SlotName
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel import attachments, counters, evidence, folders, lists, search, signals, tally_audit
from webkit.core.kernel.entitlements import Limit, meter
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.invoices import (
    credit_routes,
    crediting,
    epc,
    file_routes,
    imported_routes,
    listing,
    models,
    paying,
    pro_formas,
    public,
    routes,
    service,
    terms_routes,
    witness,
)
from webkit.invoices.credit_models import CreditNote
from webkit.invoices.listing import WORDS
from webkit.invoices.policy import POLICY
from webkit.invoices.pro_forma_models import ProForma
from webkit.payments.events import OUTCOMES

TONES = {
    "draft": "wait",
    "issued": "info",
    "pending": "wait",
    "overdue": "bad",
    "part_paid": "wait",
    "paid": "ok",
    "part_refunded": "ok",
    "disputed": "bad",
    "refunded": "info",
    "charged_back": "bad",
    "credited": "info",
    "written_off": "info",
}


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [
        routes.blueprint,
        imported_routes.blueprint,
        credit_routes.blueprint,
        file_routes.blueprint,
        terms_routes.blueprint,
        public.blueprint,
    ]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [JobSpec(attachments.DROP, attachments.dropped, queue="long")]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Invoices"), "invoices.index", "receipt", group="deals", order=50)]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return [
        EventKind("invoice.issued", _l("%(number)s issued for %(amount)s"), "info"),
        EventKind("invoice.reminded", _l("The client was reminded of %(number)s"), "wait"),
        EventKind("invoice.paid", _l("%(number)s paid: %(amount)s"), "ok"),
        EventKind("invoice.part_paid", _l("%(amount)s came for %(number)s, %(open)s are still to come"), "ok"),
        EventKind("invoice.unpaid", _l("%(number)s is no longer paid: %(open)s are still to come"), "bad"),
        EventKind("invoice.overpaid", _l("%(amount)s more than was due arrived for %(number)s"), "bad"),
        EventKind("invoice.refunded", _l("%(number)s was given back in full"), "info"),
        EventKind(
            "invoice.elsewhere_credited",
            _l("%(amount)s that were paid before it was brought in are the client's credit"),
            "info",
        ),
        EventKind("credit_note.issued", _l("%(number)s credits %(amount)s of invoice %(invoice)s"), "info"),
        EventKind("pro_forma.sent", _l("Pro-forma %(number)s sent: %(amount)s"), "info"),
        EventKind("pro_forma.withdrawn", _l("Pro-forma %(number)s withdrawn"), "info"),
        EventKind("invoice.written_off", _l("%(amount)s of %(number)s written off: %(reason)s"), "bad"),
        EventKind("invoice.reopened", _l("%(number)s is waited for again: %(amount)s"), "info"),
        EventKind("invoice.charged_back", _l("The payment of %(number)s was taken back by the bank"), "bad"),
    ]


@hookimpl
def webkit_register_document_sources() -> list[DocumentSource]:
    return [DocumentSource("invoice", 50, _l("Invoices"), _cards, "invoices.new")]


@hookimpl
def webkit_register_slots() -> list[Slot]:
    return [Slot(SlotName.INVOICE, service.told)]


def _renamed(event: ClientRenamed) -> None:
    """Documents are found by the name that they were printed with, and by the one that the client has now."""
    search.also_all(listing.KIND, models.Invoice, event.client_id, event.name)


@hookimpl
def webkit_startup(app: Flask) -> None:
    tally_audit.keeps(app, models.Invoice, models.Standing, models.counted)
    lists.register(app, listing.INVOICES)
    meter(app, Limit.STORAGE, partial(folders.weight, models.Invoice))
    search.source(app, listing.KIND, listing.found_by)
    signals.subscribe(app, ClientRenamed, _renamed)
    # Numbers that were given elsewhere are not given again, but nobody took them from a counter here.
    given_here = models.Invoice.origin == models.InvoiceOrigin.HERE
    counters.numbered(app, "invoice", models.Invoice.number, given_here, branch=models.Invoice.series)
    counters.numbered(app, crediting.KIND, CreditNote.number)
    counters.numbered(app, pro_formas.KIND, ProForma.number)
    app.jinja_env.globals["epc_code"] = epc.code
    signals.subscribe(app, ContractSigned, service.on_contract_signed)
    for outcome in OUTCOMES:
        signals.subscribe(app, outcome, paying.on_payment)
    evidence.witness(app, witness.KIND, witness.WITNESS)
    evidence.witness(app, witness.CREDIT_KIND, witness.CREDIT_WITNESS)
    evidence.witness(app, witness.PRO_FORMA_KIND, witness.PRO_FORMA_WITNESS)


def _cards(client_id: UUID) -> list[DocumentCard]:
    return [*_invoice_cards(client_id), *_credit_cards(client_id)]


def _credit_cards(client_id: UUID) -> list[DocumentCard]:
    return [
        DocumentCard(
            title=note.reason,
            number=note.number,
            state=_l("Credit note"),
            tone="info",
            amount_minor=-note.total,
            currency=note.currency,
            url=url_for("invoices.show", invoice_id=note.invoice_id),
            at=note.at,
        )
        for note in crediting.of_client(client_id)
    ]


def _invoice_cards(client_id: UUID) -> list[DocumentCard]:
    return [
        DocumentCard(
            title=invoice.title,
            number=invoice.number,
            state=WORDS[invoice.word],
            tone=TONES[invoice.word],  # type: ignore[arg-type]
            amount_minor=invoice.total,
            currency=invoice.currency,
            url=url_for("invoices.show", invoice_id=invoice.id),
            at=invoice.at,
        )
        for invoice in service.of_client(client_id)
    ]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
