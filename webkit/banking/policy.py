"""Who may match what the bank says."""

from __future__ import annotations

from webkit.core.access import Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Bank statements"),
    (Permission("bank.match", _l("Match bank statements"), refusal=_l("Only owners and admins record payments.")),),
    {"banking": "bank.match"},
)
