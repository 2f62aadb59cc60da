"""What clients and the agency are written about charges."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import events, ids, links
from webkit.core.kernel.i18n import use_locale
from webkit.core.kernel.runtime import current
from webkit.invoices import service as invoices
from webkit.invoices.service import InvoiceView
from webkit.messaging import service as messaging

if TYPE_CHECKING:
    from webkit.charges.charging import ChargeShown

METHODS = "m"
"""The kind of link to a client's payment methods."""


def invite(client_id: UUID) -> None:
    """Ask a client to leave a payment method. Inside a write."""
    client = clients.get(client_id)
    _to_client("method_invite", client_id, {"client": {"name": client.name}, "url": methods_url(client_id)})


def announce(invoice: InvoiceView, method: str, on: date) -> None:
    """Tell a client when what will be charged."""
    _about(invoice, "charge_announced", {"amount": invoice.due_now, "method": method, "day": on.isoformat()})


def missing(invoice: InvoiceView, on: date) -> None:
    """Tell a client that there is no method to charge."""
    _about(invoice, "charge_missing", {"amount": invoice.due_now, "day": on.isoformat()})


def confirm(invoice: InvoiceView, charge: ChargeShown, url: str) -> None:
    """Ask a client to confirm a charge with the bank."""
    _about(invoice, "charge_confirm", {"amount": charge.amount_minor, "method": charge.method, "confirm_url": url})


def declined(invoice: InvoiceView, charge: ChargeShown) -> None:
    """Tell a client that a charge was declined, and why."""
    from webkit.charges.charging import REASONS

    with use_locale(_locale(invoice.client_id)):
        why = str(REASONS.get(charge.reason, ""))
    _about(invoice, "charge_declined", {"amount": charge.amount_minor, "method": charge.method, "why": why})


def given_up(invoice: InvoiceView) -> None:
    """Tell the agency that an invoice could not be charged by itself."""
    profile = agencies.profile()
    if not profile.email:
        return
    url = f"{current().settings.base_url}/{agencies.here().slug}/charges/invoices/{invoice.id}"
    context = {**_context(invoice), "amount": invoice.due, "url": url}
    messaging.send(
        "charge_given_up", profile.name, profile.email, context=context, subject=events.ref("invoice", invoice.id),
        about=(events.ref("client", invoice.client_id),), locale=profile.locale,
    )  # fmt: skip


def _about(invoice: InvoiceView, template: str, more: dict[str, Any]) -> None:
    token = links.token_for(invoices.LINK, invoice.id)
    pay_url = links.url(invoices.LINK, token) if token else ""
    url = methods_url(invoice.client_id)
    context = {**_context(invoice), "pay_url": pay_url, "methods_url": url, **more}
    _to_client(template, invoice.client_id, context, events.ref("invoice", invoice.id))


def _context(invoice: InvoiceView) -> dict[str, Any]:
    return {
        "number": invoice.number,
        "title": invoice.title,
        "currency": invoice.currency,
        "client": {"name": clients.get(invoice.client_id).name},
    }


def _to_client(template: str, client_id: UUID, context: dict[str, Any], subject: str = "") -> None:
    client = clients.get(client_id)
    if not client.email:
        return
    about = (events.ref("client", client_id),)
    messaging.send(
        template, client.contact_name or client.name, client.email, context=context, subject=subject or about[0],
        about=about if subject else (), locale=_locale(client_id),
    )  # fmt: skip


def _locale(client_id: UUID) -> str:
    return clients.get(client_id).locale or agencies.here().locale


def methods_url(client_id: UUID) -> str:
    """Where a client sees, leaves and removes payment methods; the same until it is closed. Inside a write."""
    token = links.token_for(METHODS, client_id) or links.create(METHODS, client_id, token=ids.token())
    return links.url(METHODS, token)
