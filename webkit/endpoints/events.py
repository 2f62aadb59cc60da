"""What is recorded about endpoints. Their addresses may hold keys, so only the host is named."""

from __future__ import annotations

from webkit.core.extensions import EventKind
from webkit.core.kernel.i18n import lazy_gettext as _l

CREATED, CHANGED, DELETED = "endpoint.created", "endpoint.changed", "endpoint.deleted"
ROTATED, PAUSED, RESUMED, STOPPED = "endpoint.rotated", "endpoint.paused", "endpoint.resumed", "endpoint.stopped"

KINDS = [
    EventKind(CREATED, _l("%(host)s is told what happens here, by webhook")),
    EventKind(CHANGED, _l("The webhook to %(host)s was changed")),
    EventKind(ROTATED, _l("The webhook to %(host)s got a new key")),
    EventKind(PAUSED, _l("The webhook to %(host)s is paused"), "wait"),
    EventKind(RESUMED, _l("The webhook to %(host)s goes on")),
    EventKind(STOPPED, _l("The webhook to %(host)s was paused, because nothing arrived there"), "bad"),
    EventKind(DELETED, _l("The webhook to %(host)s was deleted")),
]
