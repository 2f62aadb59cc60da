"""Who decides under which name clients see an agency's pages."""

from __future__ import annotations

from webkit.core.access import Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Own domain"),
    (
        Permission(
            "domain.manage",
            _l("Choose the agency’s own domain"),
            delegable=False,
            refusal=_l("Only owners and admins choose the domain of an agency."),
        ),
    ),
    {"own_domain": "domain.manage"},
)
