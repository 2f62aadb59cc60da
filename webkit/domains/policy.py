"""Who decides under which name clients see an agency's pages."""

from __future__ import annotations

from webkit.core.access import NONE, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Own domain"),
    (
        Permission(
            "domain.manage",
            _l("Choose the agency’s own domain"),
            admin=NONE,  # whoever holds the domain decides what clients see there, also where they pay
            delegable=False,
            refusal=_l("Only the owner chooses the domain of an agency."),
        ),
    ),
    {"own_domain": "domain.manage"},
)
