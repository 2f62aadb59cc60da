"""How retainers read in a history."""

from __future__ import annotations

from webkit.core.extensions import EventKind
from webkit.core.kernel.i18n import lazy_gettext as _l

KINDS = [
    EventKind("retainer.offered", _l("Retainer “%(title)s” offered"), "info"),
    EventKind("retainer.withdrawn", _l("The offer of the retainer “%(title)s” was withdrawn"), "info"),
    EventKind("retainer.asked", _l("The payment service was asked: %(what)s"), "info"),
    EventKind("retainer.active", _l("Retainer “%(title)s” is running"), "ok"),
    EventKind("retainer.past_due", _l("A payment for the retainer “%(title)s” is missing"), "bad"),
    EventKind("retainer.paused", _l("Retainer “%(title)s” is paused"), "wait"),
    EventKind("retainer.ending", _l("Retainer “%(title)s” ends with the period that is paid"), "wait"),
    EventKind("retainer.ended", _l("Retainer “%(title)s” has ended"), "info"),
    EventKind("retainer.out_of_reach", _l("The payment service of “%(title)s” is out of reach"), "bad"),
    EventKind("retainer.billed", _l("%(amount)s of “%(title)s” became invoice %(number)s"), "ok"),
    EventKind("retainer.held", _l("%(amount)s of “%(title)s” became no invoice: %(why)s"), "bad"),
    EventKind("retainer.failed", _l("%(amount)s of “%(title)s” could not be charged; tried again: %(next)s"), "bad"),
]
