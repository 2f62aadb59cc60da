"""Who may do what with audits of websites."""

from __future__ import annotations

from webkit.core.access import ALL, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Website audits"),
    (
        Permission("audits.view", _l("See website audits"), member=ALL),
        Permission("audits.create", _l("Measure websites"), member=ALL),
    ),
    {"website_audits": ("audits.view", "audits.create"), "website_audits.new": "audits.create"},
)
