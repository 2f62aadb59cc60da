"""Who may do what on the platform's side, and who reads the log of an agency."""

from __future__ import annotations

from webkit.core.access import NONE, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

SUPERADMIN, STAFF = "superadmin", "staff"
ROLES = (SUPERADMIN, STAFF)
LOOK, HELP, DECIDE = "look", "help", "decide"
MAY = {SUPERADMIN: frozenset({LOOK, HELP, DECIDE}), STAFF: frozenset({LOOK, HELP})}
"""Staff look at everything and sit in for owners who ask for help; superadmins decide."""

POLICY = Policy(
    _l("Log"),
    (
        Permission(
            "audit.view", _l("Read the log"), admin=NONE, refusal=_l("Only the owner reads the log of an agency.")
        ),
        Permission("audit.export", _l("Take the log along"), admin=NONE),
    ),
    {"agency_log": "audit.view", "agency_log.export": "audit.export"},
)
