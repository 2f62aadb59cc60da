"""Registers statements of account."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from flask import Blueprint, Flask, url_for

from webkit.core.access import Policy
from webkit.core.extensions import DocumentCard, DocumentSource, EventKind, LazyText
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel import evidence
from webkit.core.kernel.evidence import Witness
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.statements import models, public, routes, service
from webkit.statements.account import LABELS
from webkit.statements.policy import POLICY


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.blueprint, public.blueprint]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return [
        EventKind("statement.made", _l("%(number)s was made"), "info"),
        EventKind("statement.sent", _l("%(number)s was sent to the client"), "info"),
    ]


@hookimpl
def webkit_register_document_sources() -> list[DocumentSource]:
    return [DocumentSource(service.KIND, 60, _l("Statements"), _cards, "statements.show", in_deal=False)]


@hookimpl
def webkit_startup(app: Flask) -> None:
    app.jinja_env.globals["posting_label"] = LABELS.__getitem__
    evidence.witness(app, service.KIND, Witness(_l("Statement of account"), _state, _differences))


def _cards(client_id: UUID) -> list[DocumentCard]:
    return [
        DocumentCard(
            title=str(_l("Statement of account")),
            number=f"{made.until:%Y-%m-%d}",
            state=_l("Sent") if made.sent_to else _l("Made"),
            tone="info",
            amount_minor=None,
            currency="",
            url=url_for("statements.pdf", statement_id=made.id),
            at=made.at,
        )
        for made in service.of_client(client_id)
    ]


def _state(_kept: Frozen) -> tuple[LazyText, str]:
    return _l("As of its day"), ""


def _differences(kept: Frozen, _pdf: bytes | None) -> Iterator[str]:
    row = models.get(kept.document_id)
    if row is None:
        yield "its statement is gone."
    elif str(row.client_id) != str(kept.snapshot["client"]["id"]) or row.until.isoformat() != kept.snapshot["until"]:
        yield "the statement is about somebody else, or another day, now."


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
