"""Who may see what the platform costs, and who decides about it."""

from __future__ import annotations

from webkit.core.access import NONE, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Subscription"),
    (
        Permission(
            "subscription.view",
            _l("See the subscription and what is used"),
            refusal=_l("Only owners and admins see the subscription."),
        ),
        Permission(
            "subscription.manage",
            _l("Change and pay the subscription"),
            admin=NONE,
            delegable=False,
            refusal=_l("Only the owner decides about the subscription."),
        ),
    ),
    {"subscriptions": ("subscription.view", "subscription.manage"), "subscriptions.preview": "subscription.manage"},
)
