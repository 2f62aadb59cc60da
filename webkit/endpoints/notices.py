"""What is told when an endpoint had to be paused: in the agency's events, and to its owner by mail."""

from __future__ import annotations

from webkit.accounts import service as accounts
from webkit.agencies import service as agencies
from webkit.core.kernel import events
from webkit.core.kernel.runtime import current
from webkit.endpoints.calling import host
from webkit.endpoints.events import STOPPED
from webkit.endpoints.models import Endpoint
from webkit.messaging import service as messaging


def stopped(endpoint: Endpoint) -> None:
    """Inside the write that pauses it."""
    record(STOPPED, endpoint, "system", why=endpoint.why)
    here = agencies.here()
    url = f"{current().settings.base_url}/{here.slug}/settings/webhooks/{endpoint.id}"
    for owner in (each for each in accounts.members() if each.role == "owner"):
        context = {
            "name": owner.name,
            "agency_name": here.name,
            "host": host(endpoint.url),
            "gone": endpoint.why == "gone",
            "url": url,
        }
        messaging.send_platform("webhook_stopped", owner.name, owner.email, context=context, locale=here.locale)


def record(kind: str, endpoint: Endpoint, actor: str, **facts: str) -> None:
    """Inside a write."""
    subject = events.ref("endpoint", endpoint.id)
    events.record(kind, subject, {"actor": actor, "host": host(endpoint.url), **facts})
