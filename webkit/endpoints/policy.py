"""Who decides what an agency's own systems are told."""

from __future__ import annotations

from webkit.core.access import Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Webhooks"),
    (
        Permission(
            "webhooks.edit",
            _l("Set up webhooks"),
            refusal=_l("Only owners and admins decide what other systems are told."),
        ),
    ),
    {"endpoints": "webhooks.edit"},
)
