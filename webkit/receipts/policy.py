"""Who may see and record money. A list of all that came in is for those who see all invoices."""

from __future__ import annotations

from webkit.core.access import NONE, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Payments"),
    (
        Permission("payments.view", _l("See payments"), refusal=_l("Only owners and admins see all payments.")),
        Permission("payments.record", _l("Record payments"), refusal=_l("Only owners and admins record payments.")),
        Permission(
            "payments.give_back",
            _l("Give back what was paid too much"),
            admin=NONE,
            refusal=_l("Only owners give money back."),
        ),
    ),
    {
        "receipts": ("payments.view", "payments.record"),
        "receipts.new": "payments.record",
        "receipts.give_back": "payments.give_back",
    },
)
