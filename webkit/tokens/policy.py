"""Who may make keys with which programs act for the agency."""

from __future__ import annotations

from webkit.core.access import Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("API keys"),
    (
        Permission("api_keys.view", _l("See API keys"), refusal=_l("Only owners and admins see API keys.")),
        Permission(
            "api_keys.edit", _l("Make and revoke API keys"), refusal=_l("Only owners and admins make API keys.")
        ),
    ),
    {"agency_keys": ("api_keys.view", "api_keys.edit")},
)
