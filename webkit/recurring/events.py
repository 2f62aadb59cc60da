"""How what plans do reads in a history."""

from __future__ import annotations

from webkit.core.extensions import EventKind
from webkit.core.kernel.i18n import lazy_gettext as _l

KINDS = [
    EventKind("recurring.started", _l("The plan “%(title)s” was made"), "info"),
    EventKind("recurring.changed", _l("The plan “%(title)s” was changed"), "info"),
    EventKind("recurring.price", _l("New prices of “%(title)s” begin on %(since)s"), "info"),
    EventKind("recurring.price_dropped", _l("The new prices of “%(title)s” from %(since)s were taken back"), "info"),
    EventKind("recurring.paused", _l("The plan “%(title)s” was paused"), "wait"),
    EventKind("recurring.resumed", _l("The plan “%(title)s” goes on"), "ok"),
    EventKind("recurring.ended", _l("The plan “%(title)s” has ended"), "info"),
    EventKind("recurring.billed", _l("The plan “%(title)s” made %(number)s for %(amount)s"), "ok"),
    EventKind("recurring.held", _l("The plan “%(title)s” could not bill: %(why)s"), "bad"),
    EventKind("invoice.fee_proposed", _l("A late fee of %(amount)s for %(number)s waits as a draft"), "wait"),
    EventKind("invoice.fee_issued", _l("A late fee of %(amount)s was charged for %(number)s"), "info"),
]
