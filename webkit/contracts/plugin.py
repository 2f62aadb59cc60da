"""Registers contracts: pages, menu, how they read in a history, what they listen to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Blueprint, Flask, url_for

from webkit.clients.events import ClientRenamed
from webkit.contracts import document, listing, models, routes, service, template_routes, templates, terms, witness
from webkit.contracts.listing import WORDS
from webkit.contracts.policy import POLICY
from webkit.core.access import Policy
from webkit.core.extensions import DocumentCard, DocumentSource, EventKind, MenuEntry, Slot, SlotName
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel import counters, evidence, i18n, lists, search, signals
from webkit.core.kernel.entitlements import Limit, meter
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.proposals import companions
from webkit.proposals.events import ProposalAccepted

TONES = {"draft": "wait", "sent": "info", "expired": "bad", "signed": "ok", "sealed": "ok", "cancelled": "bad"}


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.blueprint, template_routes.blueprint]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [
        MenuEntry(_l("Contracts"), "contracts.index", "signature", group="deals", order=40),
        MenuEntry(_l("Contract templates"), "contract_templates.index", "file-text", group="studio", order=70),
    ]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return [
        EventKind("contract.sent", _l("Contract %(number)s sent to %(to)s"), "info"),
        EventKind("contract.cancelled", _l("Contract %(number)s was withdrawn"), "bad"),
    ]


@hookimpl
def webkit_register_document_sources() -> list[DocumentSource]:
    return [DocumentSource("contract", 40, _l("Contracts"), _cards, "contracts.new")]


@hookimpl
def webkit_register_slots() -> list[Slot]:
    return [Slot(SlotName.CONTRACT, service.told)]


def _renamed(event: ClientRenamed) -> None:
    """Documents are found by the name that they were printed with, and by the one that the client has now."""
    search.also_all(models.KIND, models.Contract, event.client_id, event.name)


@hookimpl
def webkit_startup(app: Flask) -> None:
    counters.numbered(app, "contract", models.Contract.number)
    lists.register(app, listing.CONTRACTS)
    meter(app, Limit.TEMPLATES, models.count_own_templates)
    search.source(app, models.KIND, listing.found_by)
    signals.subscribe(app, ClientRenamed, _renamed)
    app.jinja_env.filters.update(clause=terms.to_html, moment=_moment, hour=i18n.format_time)
    signals.subscribe(app, ProposalAccepted, service.on_accepted)
    companions.offer_contracts(app, templates.choices)
    evidence.witness(app, document.KIND, witness.WITNESS)


def _moment(iso: str, format: str = "long") -> str:
    """A moment of a snapshot, in words."""
    return i18n.format_datetime(datetime.fromisoformat(iso), format)


def _cards(client_id: UUID) -> list[DocumentCard]:
    return [
        DocumentCard(
            title=contract.title,
            number=contract.number,
            state=WORDS[contract.word],
            tone=TONES[contract.word],  # type: ignore[arg-type]
            amount_minor=contract.total_minor or contract.monthly_minor,
            currency=contract.currency,
            url=url_for("contracts.show", contract_id=contract.id),
            at=contract.sent_at or contract.created_at,
        )
        for contract in service.of_client(client_id)
    ]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
