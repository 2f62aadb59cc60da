"""Who may do what: everybody sees the catalogue, owners and admins change it."""

from __future__ import annotations

from webkit.core.kernel.errors import Forbidden
from webkit.core.kernel.i18n import gettext as _

EDITORS = frozenset({"owner", "admin"})


def may_edit(role: str) -> bool:
    """Whether this role changes the catalogue."""
    return role in EDITORS


def must_edit(role: str) -> None:
    """Refuse who may only look."""
    if not may_edit(role):
        raise Forbidden(_("Only owners and admins change the catalogue. Nothing was changed."))
