"""Who may do what: everybody sees the catalogue, owners and admins change it."""

from __future__ import annotations

from webkit.core.access import ALL, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

_REFUSED = _l("Only owners and admins change the catalogue. Nothing was changed.")

POLICY = Policy(
    _l("Catalogue"),
    (
        Permission("catalogue.view", _l("See packages and extras"), member=ALL),
        Permission("catalogue.edit", _l("Change packages and extras"), refusal=_REFUSED),
    ),
    {
        "catalogue": ("catalogue.view", "catalogue.edit"),
        "catalogue.new_package": "catalogue.edit",
        "catalogue.new_addon": "catalogue.edit",
        "catalogue.package": "catalogue.edit",
        "catalogue.addon": "catalogue.edit",
    },
)
