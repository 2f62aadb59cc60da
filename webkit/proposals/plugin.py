"""Registers proposals: pages, how they read in histories and on a client's page, how they are verified."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal
from uuid import UUID

from flask import Blueprint, Flask, url_for

from webkit.ai_runs import service as ai_runs
from webkit.clients.events import ClientRenamed
from webkit.core.access import Policy
from webkit.core.extensions import DocumentCard, DocumentSource, EventKind, LazyText, MenuEntry, Slot, SlotName
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel import counters, evidence, lists, search, signals, tally_audit
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.proposals import listing, models, public, routes, service, snapshot, writing_routes
from webkit.proposals.policy import POLICY
from webkit.proposals.views import ProposalCard

Tone = Literal["info", "ok", "wait", "bad", "accent"]

WORDS: dict[str, tuple[LazyText, Tone]] = {
    "draft": (_l("Draft"), "wait"),
    "sent": (_l("Sent"), "info"),
    "expired": (_l("Expired"), "wait"),
    "accepted": (_l("Accepted"), "ok"),
    "declined": (_l("Declined"), "bad"),
    "changes_requested": (_l("Changes asked for"), "wait"),
}


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.blueprint, writing_routes.blueprint, public.blueprint]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Proposals"), "proposals.index", "file-text", group="deals", order=30)]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return [
        EventKind("proposal.sent", _l("%(number)s, version %(version)s, was sent"), "info"),
        EventKind("proposal.revised", _l("Version %(version)s was begun"), "info"),
        EventKind("proposal.accepted", _l("%(name)s accepted %(number)s"), "ok"),
        EventKind("proposal.declined", _l("%(number)s was declined"), "bad"),
        EventKind("proposal.changes_requested", _l("Changes to %(number)s were asked for"), "wait"),
        EventKind("proposal.figure_vouched", _l("%(name)s vouches for “%(figure)s”"), "info"),
        EventKind("proposal.link_revoked", _l("The link of %(number)s was revoked"), "wait"),
        EventKind("proposal.link_renewed", _l("%(number)s got a new link"), "info"),
    ]


@hookimpl
def webkit_register_document_sources() -> list[DocumentSource]:
    return [DocumentSource("proposal", 30, _l("Proposals"), _cards, "proposals.new")]


@hookimpl
def webkit_register_slots() -> list[Slot]:
    return [Slot(SlotName.PROPOSAL, service.told)]


def _renamed(event: ClientRenamed) -> None:
    """Documents are found by the name that they were printed with, and by the one that the client has now."""
    search.also_all(snapshot.KIND, models.Proposal, event.client_id, event.name)


@hookimpl
def webkit_startup(app: Flask) -> None:
    tally_audit.keeps(app, models.Proposal, models._Standing, models._counted)
    counters.numbered(app, "proposal", models.Proposal.number)
    lists.register(app, listing.PROPOSALS)
    search.source(app, snapshot.KIND, models.searched)
    signals.subscribe(app, ClientRenamed, _renamed)
    ai_runs.register(writing_routes.SUBJECT)
    for kind in (snapshot.KIND, snapshot.ACCEPTED):
        evidence.witness(app, kind, evidence.Witness(_l("Proposal"), _state, _differences))


def _cards(client_id: UUID) -> list[DocumentCard]:
    return [_card(proposal) for proposal in service.of_client(client_id)]


def _card(proposal: ProposalCard) -> DocumentCard:
    word, tone = WORDS[proposal.word]
    is_draft = proposal.state is models.State.DRAFT
    return DocumentCard(
        title=proposal.title,
        number=proposal.number,
        state=word,
        tone=tone,
        amount_minor=proposal.once_minor or proposal.monthly_minor,
        currency=proposal.currency,
        url=url_for("proposals.edit" if is_draft else "proposals.show", proposal_id=proposal.id),
        at=proposal.answered_at or proposal.sent_at or proposal.created_at,
    )


def _state(document: Frozen) -> tuple[LazyText, str]:
    proposal = service.get(document.document_id)
    if document.version < proposal.version:
        return _l("Replaced by a newer version"), "wait"
    return WORDS[proposal.word]


def _differences(document: Frozen, _pdf: bytes | None) -> Iterator[str]:
    """What the row says otherwise than the document it once became."""
    row = models.by_id(document.document_id)
    if row is None:
        yield "the proposal it belongs to is gone."
    elif row.number != document.number:
        yield "the proposal has another number now."
    elif document.kind == snapshot.ACCEPTED:
        totals = document.snapshot["prices"]["chosen"]
        if row.state is not models.State.ACCEPTED or row.accepted_id != document.id:
            yield "the proposal no longer counts as accepted."
        if row.once_minor != totals["once"]["totals"]["gross"]:
            yield "the one-time total is another one now."
        if row.monthly_minor != totals["monthly"]["totals"]["gross"]:
            yield "the monthly total is another one now."


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
