"""Who may do what: a team shares its consultations; what can be chosen in them is for owners and admins to say."""

from __future__ import annotations

from webkit.core.kernel.errors import Forbidden
from webkit.core.kernel.i18n import gettext as _

EDITORS = frozenset({"owner", "admin"})


def may_set_choices(role: str) -> bool:
    """Whether somebody may change the lists."""
    return role in EDITORS


def must_set_choices(role: str) -> None:
    """Refuse who may not."""
    if not may_set_choices(role):
        raise Forbidden(_("Only an owner or an admin changes what can be chosen. Nothing was changed."))
