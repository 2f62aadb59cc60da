"""Who may connect an account and leave it."""

from __future__ import annotations

from webkit.core.access import NONE, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

_REFUSED = _l("Only the owner decides where the money of an agency arrives.")

POLICY = Policy(
    _l("Accounts for payments"),
    (
        Permission(
            "payment_accounts.view",
            _l("See where money arrives"),
            refusal=_l("Only owners and admins see where the money of an agency arrives."),
        ),
        Permission("payment_accounts.edit", _l("Connect accounts"), admin=NONE, delegable=False, refusal=_REFUSED),
    ),
    {
        "payment_accounts": "payment_accounts.edit",
        "payment_accounts.index": "payment_accounts.view",
        "payment_accounts.check": "payment_accounts.view",
    },
)
