"""What is recorded about consultations; names only as personal data, which can be erased."""

from __future__ import annotations

from webkit.core.extensions import EventKind
from webkit.core.kernel.i18n import lazy_gettext as _l

COMPLETED, REOPENED = "consultation.completed", "consultation.reopened"
CONVERTED, RELEASED = "consultation.converted", "consultation.released"
ARCHIVED, UNARCHIVED = "consultation.archived", "consultation.unarchived"

KINDS = (
    EventKind(COMPLETED, _l("The consultation with %(name)s was completed"), "ok"),
    EventKind(REOPENED, _l("The consultation with %(name)s was opened again"), "wait"),
    EventKind(CONVERTED, _l("The consultation with %(name)s became a proposal"), "ok"),
    EventKind(RELEASED, _l("The proposal made from the consultation with %(name)s was deleted"), "wait"),
    EventKind(ARCHIVED, _l("The consultation with %(name)s was archived")),
    EventKind(UNARCHIVED, _l("The consultation with %(name)s was brought back from the archive")),
)
