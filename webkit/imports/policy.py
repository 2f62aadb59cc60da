"""Who may bring in what."""

from __future__ import annotations

from webkit.core.access import Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Import"),
    (Permission("imports.run", _l("Import data"), refusal=_l("Only owners and admins import data.")),),
    {"imports": "imports.run"},
)
