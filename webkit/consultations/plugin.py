"""Registers consultations: pages, their line in the menu, how their events read, their place on a client's page."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from flask import Blueprint, Flask, url_for

from webkit.consultations import events, service
from webkit.consultations.models import State
from webkit.consultations.policy import POLICY
from webkit.consultations.routes import blueprint
from webkit.consultations.views import ConsultationCard
from webkit.core.access import Policy
from webkit.core.extensions import DocumentCard, DocumentSource, EventKind, LazyText, MenuEntry
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.entitlements import Limit, meter
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l

WORDS: dict[State, tuple[LazyText, Literal["info", "ok", "wait"]]] = {
    State.DRAFT: (_l("Draft"), "wait"),
    State.COMPLETED: (_l("Completed"), "ok"),
    State.CONVERTED: (_l("Became a proposal"), "ok"),
    State.ARCHIVED: (_l("Archived"), "info"),
}


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Consultations"), "consultations.index", "message-2", group="deals", order=20)]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return list(events.KINDS)


@hookimpl
def webkit_startup(app: Flask) -> None:
    meter(app, Limit.CONSULTATIONS, service.begun_this_month)


@hookimpl
def webkit_register_document_sources() -> list[DocumentSource]:
    return [DocumentSource("consultation", 10, _l("Consultations"), _cards, "consultations.new")]


def _cards(client_id: UUID) -> list[DocumentCard]:
    return [_card(consultation) for consultation in service.of_client(client_id)]


def _card(consultation: ConsultationCard) -> DocumentCard:
    word, tone = WORDS[consultation.state]
    return DocumentCard(
        title=consultation.name or _("Consultation"),
        number="",
        state=word,
        tone=tone,
        amount_minor=None,
        currency="",
        url=url_for("consultations.show", consultation_id=consultation.id),
        at=consultation.completed_at or consultation.created_at,
    )


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
