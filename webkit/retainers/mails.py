"""What clients and the agency are written about retainers."""

from __future__ import annotations

from typing import Any

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import events, links
from webkit.core.kernel.runtime import current
from webkit.messaging import service as messaging
from webkit.retainers.models import Retainer, RetainerBillRow

KIND, LINK = "retainer", "r"
"""What a retainer is called in histories, and the kind of link to its public page."""


def failed(retainer: Retainer, bill: RetainerBillRow) -> None:
    """Tell both sides that a payment was tried and did not come. Inside the write that hears of the try: once for each.

    Of a bill that is paid, or is asked for no more, no try is told.
    """
    client, profile = clients.get(retainer.client_id), agencies.profile()
    token = links.token_for(LINK, retainer.id)
    context: dict[str, Any] = {
        "title": retainer.title, "amount": bill.amount_minor, "currency": bill.currency,
        "client": {"name": client.name}, "next": bill.next_try.date().isoformat() if bill.next_try else "",
        "written": bool(client.email),
    }  # fmt: skip
    subject, about = events.ref(KIND, retainer.id), (events.ref("client", client.id),)
    if client.email:
        url = links.url(LINK, token) if token else bill.pay_url
        messaging.send(
            "retainer_failed", client.contact_name or client.name, client.email, context={**context, "url": url},
            subject=subject, about=about, locale=client.locale or profile.locale,
        )  # fmt: skip
    if profile.email:
        url = f"{current().settings.base_url}/{agencies.here().slug}/retainers/{retainer.id}"
        messaging.send(
            "retainer_failed_agency", profile.name, profile.email, context={**context, "url": url}, subject=subject,
            about=about, locale=profile.locale,
        )  # fmt: skip
