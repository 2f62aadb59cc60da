"""Who may do what: a team sees all its proposals; members change their own, owners and admins every one."""

from __future__ import annotations

from uuid import UUID

from webkit.core.kernel.errors import Forbidden
from webkit.core.kernel.i18n import gettext as _

EDITORS = frozenset({"owner", "admin"})


def may_edit(role: str, user_id: UUID, author_id: UUID) -> bool:
    """Whether somebody may write, send, revise or delete a proposal of that author."""
    return role in EDITORS or user_id == author_id


def must_edit(role: str, user_id: UUID, author_id: UUID) -> None:
    """Refuse who may only read."""
    if not may_edit(role, user_id, author_id):
        raise Forbidden(
            _("Only the author, an owner or an admin changes this proposal. You can duplicate it. Nothing was changed.")
        )
