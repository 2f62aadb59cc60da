"""Who may do what with clients."""

from __future__ import annotations

from webkit.core.access import ALL, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Clients"),
    (
        Permission("clients.view", _l("See clients"), member=ALL),
        Permission("clients.edit", _l("Add and change clients"), member=ALL),
        Permission("clients.archive", _l("Archive clients"), refusal=_l("Only owners and admins put clients away.")),
    ),
    {
        "clients": ("clients.view", "clients.edit"),
        "clients.new": "clients.edit",
        "clients.edit": "clients.edit",
        "clients.archive": "clients.archive",
        "clients.restore": "clients.archive",
    },
)
