"""Who may look at reports."""

from __future__ import annotations

from webkit.core.access import Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

_REFUSED = _l("Only owners and admins see reports.")

POLICY = Policy(
    _l("Reports"),
    (
        Permission("reports.view", _l("See what the agency earns"), refusal=_REFUSED),
        Permission("reports.export", _l("Take reports along"), refusal=_REFUSED),
        Permission("reports.edit", _l("Name the accounts of the journal"), refusal=_REFUSED),
    ),
    {
        "reports": "home.view",
        "report": "reports.view",
        "report.accounts": ("reports.view", "reports.edit"),
        "report.pdf": "reports.export",
        "report.sheet": "reports.export",
        "report.journal_sheet": "reports.export",
    },
)
