"""Who may see and change an agency's accounts with vendors."""

from __future__ import annotations

from webkit.core.access import Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Services"),
    (
        Permission(
            "services.edit",
            _l("Choose services"),
            refusal=_l("Only owners and admins choose the services of an agency."),
        ),
    ),
    {"connections": "services.edit"},
)
