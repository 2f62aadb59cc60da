"""What is recorded about clients; names only as personal data, which can be erased."""

from __future__ import annotations

from uuid import UUID

from webkit.core.extensions import EventKind
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.values import dataclass

CREATED, CHANGED = "client.created", "client.changed"
ARCHIVED, RESTORED = "client.archived", "client.restored"


@dataclass(frozen=True, slots=True)
class ClientRenamed:
    """A client has another name now; what was issued keeps the one it was printed with."""

    client_id: UUID
    name: str


KINDS = (
    EventKind(CREATED, _l("%(name)s was added as a client"), "info"),
    EventKind(CHANGED, _l("The facts about %(name)s were changed")),
    EventKind(ARCHIVED, _l("%(name)s was archived"), "info"),
    EventKind(RESTORED, _l("%(name)s was brought back from the archive")),
)
