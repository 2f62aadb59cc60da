"""Who may do what with plans and reminders."""

from __future__ import annotations

from webkit.core.kernel.errors import Forbidden
from webkit.core.kernel.i18n import gettext as _

MANAGERS = frozenset({"owner", "admin"})


def may_end(role: str) -> bool:
    """Ending a plan for good is for owners and admins; pausing one is for everybody."""
    return role in MANAGERS


def demand_end(role: str) -> None:
    """Raises Forbidden."""
    if not may_end(role):
        raise Forbidden(_("Only owners and admins end a plan. You can pause it."))


def demand_settings(role: str) -> None:
    """Raises Forbidden."""
    if role not in MANAGERS:
        raise Forbidden(_("Only owners and admins decide how clients are reminded."))
