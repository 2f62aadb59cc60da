"""Asks the vendor what happened lately, and lets the inbox see it as if a webhook had brought it.

What did arrive is known by its id and changes nothing; what did not is repaired within minutes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from webkit.core.capabilities.errors import ProviderError
from webkit.core.capabilities.payments import PAYMENTS, PaymentEventKind, PaymentFeature
from webkit.core.kernel import clock, inbox
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.runtime import current
from webkit.payments import models

log = structlog.get_logger(__name__)

FIRST = timedelta(days=3)
OVERLAP = timedelta(minutes=10)
"""Lists are a little behind; what is seen twice changes nothing."""


def read() -> int:
    """Read on from where the last reading ended; returns how many events no webhook had brought."""
    if PaymentFeature.EVENT_LIST not in current().registry.features(PAYMENTS):
        return 0
    provider, began = current().registry.chosen_name(PAYMENTS), clock.now()
    since = max(models.read_until(provider) or began - FIRST, began - timedelta(days=30)) - OVERLAP
    release()
    try:
        listed = _listed(since)
    except ProviderError as error:
        log.warning("the payment vendor could not be asked what happened", error=str(error))
        return 0
    # A reading that takes longer than a job may would begin anew for ever: only what is missing is written.
    missing = inbox.missing(inbox.PLATFORM, [event_id for _body, told in listed for event_id, _kind in told])
    fresh = 0
    for body, told in listed:
        if new := [event for event in told if event[0] in missing]:
            fresh += inbox.receive(PAYMENTS.key, provider, inbox.PLATFORM, body, {}, new)
    if fresh:
        log.warning("webhooks that never arrived were repaired", events=fresh)
    _read_until(provider, began)
    return fresh


def _listed(since: datetime) -> list[tuple[bytes, list[tuple[str, str]]]]:
    """Bodies with the events in them that matter, oldest first."""
    vendor = current().registry.get(PAYMENTS)
    read = [(body, vendor.events(body)) for body in vendor.recent_events(since)]
    told = [
        (body, [(e.id, str(e.kind)) for e in events if e.kind != PaymentEventKind.IGNORED]) for body, events in read
    ]
    return [(body, events) for body, events in told if events]


@writes
def _read_until(provider: str, moment: datetime) -> None:
    models.set_read_until(provider, moment)
