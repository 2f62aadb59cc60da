"""Who may look at reports."""

from __future__ import annotations

from webkit.core.kernel.errors import Forbidden
from webkit.core.kernel.i18n import gettext as _

MANAGERS = frozenset({"owner", "admin"})


def demand_manager(role: str) -> None:
    """Raises Forbidden for those who may not see what the agency earns."""
    if role not in MANAGERS:
        raise Forbidden(_("Only owners and admins see reports."))
