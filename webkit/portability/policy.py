"""Who takes an agency along, and who ends it."""

from __future__ import annotations

from webkit.core.access import NONE, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("The agency as a whole"),
    (
        Permission(
            "agency.export",
            _l("Take the agency’s data along"),
            admin=NONE,
            delegable=False,
            refusal=_l("Only the owner takes the agency’s data along."),
        ),
        Permission(
            "agency.delete",
            _l("Delete the agency"),
            admin=NONE,
            delegable=False,
            refusal=_l("Only the owner deletes the agency."),
        ),
    ),
    {
        "agency_data": "agency.export",
        "agency_data.delete": "agency.delete",
        "agency_data.keep": "agency.delete",
    },
)
