"""What is recorded about audits."""

from __future__ import annotations

from webkit.core.extensions import EventKind
from webkit.core.kernel.i18n import lazy_gettext as _l

MEASURED = "website_audit.measured"

KINDS = (EventKind(MEASURED, _l("The website %(host)s was measured"), "info"),)
