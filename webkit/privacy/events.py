"""What is recorded about erasures: never whose."""

from __future__ import annotations

from uuid import UUID

from webkit.core.extensions import EventKind
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.values import dataclass

ASKED, DONE = "privacy.erasure_asked", "privacy.erasure_done"


@dataclass(frozen=True, slots=True)
class PersonErased:
    """Nothing is left of a client's person but what a law keeps: copies of it have to go as well."""

    client_id: UUID


KINDS = (
    EventKind(ASKED, _l("The erasure of personal data was asked for"), "wait"),
    EventKind(DONE, _l("Personal data was erased: %(rows)s entries"), "ok"),
)
