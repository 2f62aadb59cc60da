"""What other features hear about charges, and how these read in a history."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from webkit.core.extensions import EventKind
from webkit.core.kernel.i18n import lazy_gettext as _l


@dataclass(frozen=True, slots=True)
class CollectionEnded:
    """An invoice that is still open is charged by itself no more: stopped by a person, or given up."""

    invoice_id: UUID


KINDS = [
    EventKind("charge.asked", _l("%(amount)s are charged to %(method)s"), "wait"),
    EventKind("charge.action", _l("The bank asks the client to confirm %(amount)s of %(method)s"), "wait"),
    EventKind("charge.pending", _l("%(amount)s are being debited from %(method)s"), "wait"),
    EventKind("charge.declined", _l("%(amount)s could not be charged to %(method)s. %(why)s"), "bad"),
    EventKind("charge.called_off", _l("%(amount)s were not charged to %(method)s. %(why)s"), "info"),
    EventKind("collection.begun", _l("It is charged by itself from %(on)s on"), "info"),
    EventKind("collection.stopped", _l("It is charged by itself no more"), "info"),
    EventKind("collection.given_up", _l("Charging it by itself was given up: reminders go on"), "bad"),
]
