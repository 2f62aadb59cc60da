"""Registers quotations: pages, jobs, how they read in histories and on a client's page, how they are verified."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Literal
from uuid import UUID

from flask import Blueprint, Flask, url_for

from webkit.clients.events import ClientRenamed
from webkit.core.access import Policy
from webkit.core.extensions import DocumentCard, DocumentSource, EventKind, JobSpec, LazyText, MenuEntry, Schedule
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel import counters, evidence, folders, lists, search, signals, tally_audit
from webkit.core.kernel.entitlements import Limit, meter
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.quotations import (
    file_routes,
    jobs,
    library_routes,
    listing,
    models,
    prose,
    public,
    routes,
    service,
    snapshot,
)
from webkit.quotations.policy import POLICY
from webkit.quotations.views import QuotationCard

Tone = Literal["info", "ok", "wait", "bad", "accent"]

WORDS: dict[str, tuple[LazyText, Tone]] = {
    "draft": (_l("Draft"), "wait"),
    "sent": (_l("Sent"), "info"),
    "expired": (_l("Expired"), "wait"),
    "accepted": (_l("Accepted"), "ok"),
    "declined": (_l("Declined"), "bad"),
    "changes_requested": (_l("Changes asked for"), "wait"),
    "withdrawn": (_l("Withdrawn"), "bad"),
}


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.blueprint, file_routes.blueprint, library_routes.blueprint, public.blueprint]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [
        MenuEntry(_l("Quotations"), "quotations.index", "file-invoice", group="deals", order=35),
        MenuEntry(_l("Quotation texts"), "quotation_library.index", "template", group="studio", order=75),
    ]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [
        JobSpec(jobs.REMIND, jobs.remind, queue="long"),
        JobSpec(jobs.REMIND_AGENCY, jobs.remind_agency, queue="long"),
    ]


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return [Schedule(jobs.REMIND, jobs.REMIND, every=jobs.EVERY)]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return [
        EventKind("quotation.sent", _l("%(number)s, version %(version)s, was sent"), "info"),
        EventKind("quotation.reminded", _l("The client was reminded of %(number)s"), "info"),
        EventKind("quotation.revised", _l("Version %(version)s was begun"), "info"),
        EventKind("quotation.withdrawn", _l("%(number)s was withdrawn"), "bad"),
        EventKind("quotation.accepted", _l("%(name)s accepted %(number)s"), "ok"),
        EventKind("quotation.declined", _l("%(number)s was declined"), "bad"),
        EventKind("quotation.changes_requested", _l("Changes to %(number)s were asked for"), "wait"),
        EventKind("quotation.became_contract", _l("A contract was drafted from %(number)s"), "ok"),
        EventKind("quotation.became_invoice", _l("An invoice was drafted from %(number)s"), "ok"),
        EventKind("quotation.released", _l("What %(number)s became no longer counts; it can be turned again"), "wait"),
        EventKind("quotation.link_revoked", _l("The link of %(number)s was revoked"), "wait"),
        EventKind("quotation.link_renewed", _l("%(number)s got a new link"), "info"),
    ]


@hookimpl
def webkit_register_document_sources() -> list[DocumentSource]:
    return [DocumentSource("quotation", 35, _l("Quotations"), _cards, "quotations.new")]


def _renamed(event: ClientRenamed) -> None:
    """Documents are found by the name that they were printed with, and by the one that the client has now."""
    search.also_all(snapshot.KIND, models.Quotation, event.client_id, event.name)


@hookimpl
def webkit_startup(app: Flask) -> None:
    tally_audit.keeps(app, models.Quotation, models._Standing, models._counted)
    counters.numbered(app, "quotation", models.Quotation.number)
    lists.register(app, listing.QUOTATIONS)
    meter(app, Limit.TEMPLATES, models.count_templates)
    meter(app, Limit.STORAGE, partial(folders.weight, models.Quotation))
    search.source(app, snapshot.KIND, models.searched)
    signals.subscribe(app, ClientRenamed, _renamed)
    app.jinja_env.filters["prose"] = prose.blocks
    for kind in (snapshot.KIND, snapshot.ACCEPTED):
        evidence.witness(app, kind, evidence.Witness(_l("Quotation"), _state, _differences))


def _cards(client_id: UUID) -> list[DocumentCard]:
    return [_card(quotation) for quotation in service.of_client(client_id)]


def _card(quotation: QuotationCard) -> DocumentCard:
    word, tone = WORDS[quotation.word]
    is_draft = quotation.state is models.State.DRAFT
    return DocumentCard(
        title=quotation.title,
        number=quotation.number,
        state=word,
        tone=tone,
        amount_minor=quotation.total_minor,
        currency=quotation.currency,
        url=url_for("quotations.edit" if is_draft else "quotations.show", quotation_id=quotation.id),
        at=quotation.answered_at or quotation.sent_at or quotation.created_at,
    )


def _state(document: Frozen) -> tuple[LazyText, str]:
    quotation = service.get(document.document_id)
    if document.version < quotation.version:
        return _l("Replaced by a newer version"), "wait"
    return WORDS[quotation.word]


def _differences(document: Frozen, _pdf: bytes | None) -> Iterator[str]:
    """What the row says otherwise than the document it once became."""
    row = models.by_id(document.document_id)
    if row is None:
        yield "the quotation it belongs to is gone."
    elif row.number != document.number:
        yield "the quotation has another number now."
    elif document.kind == snapshot.ACCEPTED:
        if row.state is not models.State.ACCEPTED or row.accepted_id != document.id:
            yield "the quotation no longer counts as accepted."
        if row.total_minor != document.snapshot["priced"]["totals"]["payable"]:
            yield "the total is another one now."


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
