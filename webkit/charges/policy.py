"""Who may charge clients and see what they have left."""

from __future__ import annotations

from webkit.core.access import Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Charges"),
    (
        Permission(
            "charges.view",
            _l("See saved payment methods and charges"),
            refusal=_l("Only owners and admins see saved payment methods."),
        ),
        Permission(
            "charges.charge",
            _l("Charge saved payment methods, and remove them"),
            refusal=_l("Only owners and admins charge clients."),
        ),
    ),
    {"charges": ("charges.view", "charges.charge")},
)
