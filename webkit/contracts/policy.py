"""Who may do what with contracts."""

from __future__ import annotations

from webkit.core.kernel.errors import Forbidden
from webkit.core.kernel.i18n import gettext as _

MANAGERS = frozenset({"owner", "admin"})


def may_change_templates(role: str) -> bool:
    """Templates bind the agency: owners and admins only."""
    return role in MANAGERS


def demand_templates(role: str) -> None:
    """Raises Forbidden."""
    if not may_change_templates(role):
        raise Forbidden(_("Only owners and admins change contract templates."))


def may_cancel(role: str) -> bool:
    """Taking back what a client has been sent."""
    return role in MANAGERS


def demand_cancel(role: str) -> None:
    """Raises Forbidden."""
    if not may_cancel(role):
        raise Forbidden(_("Only owners and admins cancel contracts."))
