"""Who may look at payouts."""

from __future__ import annotations

from webkit.core.access import Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Payouts"),
    (Permission("payouts.view", _l("See payouts"), refusal=_l("Only owners and admins see what was paid out.")),),
    {"payouts": "payouts.view"},
)
