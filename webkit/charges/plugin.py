"""Registers saved payment methods, charges of them, and invoices that are charged by themselves."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Flask, url_for

from webkit.charges import charging, collecting, events, jobs, public, routes
from webkit.charges.charging import ChargeFollowed
from webkit.charges.policy import POLICY
from webkit.core.access import Policy
from webkit.core.extensions import DocumentCard, DocumentSource, EventKind, JobSpec, Schedule
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel import signals
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.invoices.events import InvoicePaid
from webkit.payments.events import ChargeTold, MethodLeft
from webkit.payments.service import MethodState, MethodView, methods

SWEEP_EVERY = 120


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.blueprint, public.methods_blueprint, public.charge_blueprint]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [
        JobSpec(charging.CARRY_OUT, jobs.carry_out),
        JobSpec(jobs.SWEEP, jobs.sweep),
        JobSpec(jobs.RUN, jobs.run, queue="long"),
    ]


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return [Schedule("charges.sweep", jobs.SWEEP, every=SWEEP_EVERY)]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return events.KINDS


@hookimpl
def webkit_register_document_sources() -> list[DocumentSource]:
    return [DocumentSource("charges", 58, _l("Payment methods"), _cards, in_deal=False)]


@hookimpl
def webkit_startup(app: Flask) -> None:
    signals.subscribe(app, ChargeTold, charging.follow)
    signals.subscribe(app, ChargeFollowed, collecting.on_charge)
    signals.subscribe(app, InvoicePaid, collecting.on_paid)
    signals.subscribe(app, MethodLeft, collecting.on_method)


def _cards(client_id: UUID) -> list[DocumentCard]:
    return [_card(each) for each in methods.of_client(client_id) if each.state is MethodState.ACTIVE]


def _card(method: MethodView) -> DocumentCard:
    return DocumentCard(
        title=method.name,
        number="",
        state=_l("Can be charged") if method.usable else _l("Expired") if method.expired else _l("Out of reach"),
        tone="ok" if method.usable else "wait",
        amount_minor=None,
        currency="",
        url=url_for("charges.client", client_id=method.client_id),
        at=method.added_at,
    )
