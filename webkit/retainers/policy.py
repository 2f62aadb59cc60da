"""Who may do what with retainers."""

from __future__ import annotations

from webkit.core.access import ALL, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Retainers"),
    (
        Permission("retainers.view", _l("See retainers"), member=ALL),
        Permission("retainers.offer", _l("Offer retainers, and withdraw offers"), member=ALL),
        Permission(
            "retainers.change",
            _l("Pause and end retainers"),
            refusal=_l("Only owners and admins pause and end retainers."),
        ),
    ),
    {
        "retainers": ("retainers.view", "retainers.change"),
        "retainers.new": "retainers.offer",
        "retainers.create": "retainers.offer",
        "retainers.totals": "retainers.offer",
        "retainers.withdraw": "retainers.offer",
    },
)
