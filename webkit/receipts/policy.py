"""Who may record money."""

from __future__ import annotations

from webkit.core.kernel.errors import Forbidden
from webkit.core.kernel.i18n import gettext as _

MANAGERS = frozenset({"owner", "admin"})


def may_record(role: str) -> bool:
    """Recording money, and giving it back, is for owners and admins."""
    return role in MANAGERS


def demand_record(role: str) -> None:
    """Raises Forbidden."""
    if not may_record(role):
        raise Forbidden(_("Only owners and admins record payments."))
