"""Registers how what was booked reads in a history."""

from __future__ import annotations

from webkit.core.extensions import EventKind
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.i18n import lazy_gettext as _l


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return [
        EventKind("receipt.recorded", _l("%(amount)s recorded as paid (%(method)s)"), "ok"),
        EventKind("receipt.returned", _l("%(amount)s recorded as given back (%(method)s)"), "info"),
        EventKind("receipt.taken_back", _l("The record of %(amount)s was taken back: it was a mistake"), "bad"),
        EventKind("rate.recorded", _l("%(amount)s were worth %(worth)s: the rate is recorded"), "info"),
        EventKind("credit.applied", _l("%(amount)s of the client's credit put on %(number)s"), "ok"),
        EventKind("credit.released", _l("%(amount)s taken off %(number)s: it is the client's credit"), "info"),
    ]
