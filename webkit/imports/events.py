"""What is recorded about imports: one event for each, however much it brought."""

from __future__ import annotations

from webkit.core.extensions import EventKind
from webkit.core.kernel.i18n import lazy_gettext as _l

BROUGHT_IN, TAKEN_BACK = "import.done", "import.undone"

KINDS = (
    EventKind(BROUGHT_IN, _l("%(file)s was imported: %(new)s new, %(changed)s different, %(refused)s refused"), "ok"),
    EventKind(TAKEN_BACK, _l("The import of %(file)s was taken back, %(kept)s records stayed"), "info"),
)
