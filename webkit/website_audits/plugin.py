"""Registers website audits: their pages, the job, how their events read, and their place on a client's page."""

from __future__ import annotations

from flask import Blueprint

from webkit.core.access import Policy
from webkit.core.extensions import DocumentSource, EventKind, JobSpec, MenuEntry
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.website_audits import events, pages, service
from webkit.website_audits.policy import POLICY
from webkit.website_audits.routes import blueprint

LEASE = 240
"""Seconds before a killed measurement is repeated; a provider's own limit is shorter."""


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Website audits"), "website_audits.index", "gauge", group="deals", order=27)]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [JobSpec(service.MEASURE, service.measure, queue="ai", lease=LEASE)]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return list(events.KINDS)


@hookimpl
def webkit_register_document_sources() -> list[DocumentSource]:
    return [
        DocumentSource(
            kind="website_audit",
            order=80,
            label=_l("Website audits"),
            of_client=pages.cards,
            new_endpoint="website_audits.new",
            in_deal=False,
        )
    ]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
