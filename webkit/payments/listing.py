"""Asks the vendor what happened lately, and lets the inbox see it as if a webhook had brought it.

What did arrive is known by its id and changes nothing; what did not is repaired within minutes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from webkit.core.capabilities.errors import CredentialsRejected, ProviderError
from webkit.core.capabilities.payments import PAYMENTS, PaymentEventKind, PaymentFeature, Payments
from webkit.core.kernel import clock, inbox, outbox, vendors
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.runtime import current
from webkit.payments import models
from webkit.payments.connecting import CHECK

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
        listed = _listed(current().registry.get(PAYMENTS), since)
    except ProviderError as error:
        log.warning("the payment vendor could not be asked what happened", error=str(error))
        return 0
    fresh = _receive(provider, listed)
    _read_until(provider, began)
    return fresh


def read_connected() -> int:
    """The same for what happened on the account that the current agency has connected."""
    vendor, began = vendors.find_keeper(PAYMENTS, None), clock.now()
    row = models.connected(vendor.name) if vendor is not None else None
    if vendor is None or row is None or PaymentFeature.EVENT_LIST not in vendor.features:
        return 0
    account_id, acting = row.account_id, vendors.find_keeper(PAYMENTS, row.account_id)
    since = max(row.read_until or began - FIRST, began - timedelta(days=30)) - OVERLAP
    release()
    if acting is None:
        return 0
    try:
        listed = _listed(acting.connect(), since)
    except CredentialsRejected:
        _ask_how_it_stands()
        return 0
    except ProviderError as error:
        log.warning("what happened on a connected account could not be asked", error=str(error))
        return 0
    fresh = _receive(vendor.name, listed)
    _account_read_until(account_id, began)
    return fresh


Listed = list[tuple[bytes, list[tuple[str, str]]]]


def _receive(provider: str, listed: Listed) -> int:
    # A reading that takes longer than a job may would begin anew for ever: only what is missing is written.
    missing = inbox.missing(inbox.PLATFORM, [event_id for _body, told in listed for event_id, _kind in told])
    fresh = 0
    for body, told in listed:
        if new := [event for event in told if event[0] in missing]:
            fresh += inbox.receive(PAYMENTS.key, provider, inbox.PLATFORM, body, {}, new)
    if fresh:
        log.warning("webhooks that never arrived were repaired", events=fresh)
    return fresh


def _listed(vendor: Payments, since: datetime) -> Listed:
    """Bodies with the events in them that matter, oldest first."""
    read = [(body, vendor.events(body)) for body in vendor.recent_events(since)]
    told = [
        (body, [(e.id, str(e.kind)) for e in events if e.kind != PaymentEventKind.IGNORED]) for body, events in read
    ]
    return [(body, events) for body, events in told if events]


@writes
def _read_until(provider: str, moment: datetime) -> None:
    models.set_read_until(provider, moment)


@writes
def _account_read_until(account_id: UUID, moment: datetime) -> None:
    if (row := models.connection(account_id)) is not None:
        row.read_until = moment


@writes
def _ask_how_it_stands() -> None:
    outbox.add(CHECK)
