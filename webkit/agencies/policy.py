"""Who may do what with an agency."""

from __future__ import annotations

from webkit.core.access import ALL, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("The agency"),
    (
        Permission("home.view", _l("Open the agency"), member=ALL),
        Permission(
            "settings.view", _l("See settings"), refusal=_l("Only owners and admins open the settings of an agency.")
        ),
        Permission(
            "settings.edit", _l("Change settings"), refusal=_l("Only owners and admins open the settings of an agency.")
        ),
    ),
    {"agencies": ("settings.view", "settings.edit"), "number_series": ("settings.view", "settings.edit")},
)
