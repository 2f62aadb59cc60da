"""Who may erase people, and read what was erased."""

from __future__ import annotations

from webkit.core.access import Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Privacy"),
    (
        Permission("privacy.view", _l("See what was erased"), refusal=_l("Only owners and admins see this.")),
        Permission(
            "privacy.erase",
            _l("Erase the personal data of clients"),
            refusal=_l("Only owners and admins erase personal data."),
        ),
    ),
    {"privacy": ("privacy.view", "privacy.erase"), "privacy.preview": "privacy.erase"},
)
