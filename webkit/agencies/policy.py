"""Who may do what with an agency."""

from __future__ import annotations

from webkit.core.kernel.errors import Forbidden
from webkit.core.kernel.i18n import gettext as _

MANAGERS = frozenset({"owner", "admin"})


def may_manage(role: str) -> bool:
    """Whether a role may see and change settings, bank account and members."""
    return role in MANAGERS


def demand_manager(role: str) -> None:
    """Raises Forbidden for those who may not."""
    if not may_manage(role):
        raise Forbidden(_("Only owners and admins open the settings of an agency."))
