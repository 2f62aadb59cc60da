"""Who may do what with invoices."""

from __future__ import annotations

from webkit.core.kernel.errors import Forbidden
from webkit.core.kernel.i18n import gettext as _

MANAGERS = frozenset({"owner", "admin"})


def may_refund(role: str) -> bool:
    """Giving money back is for owners and admins."""
    return role in MANAGERS


def demand_refund(role: str) -> None:
    """Raises Forbidden."""
    if not may_refund(role):
        raise Forbidden(_("Only owners and admins give money back."))


def demand_settle(role: str) -> None:
    """Raises Forbidden."""
    if role not in MANAGERS:
        raise Forbidden(_("Only owners and admins mark invoices as paid."))


def demand_write_off(role: str) -> None:
    """Raises Forbidden."""
    if role not in MANAGERS:
        raise Forbidden(_("Only owners and admins write invoices off."))
