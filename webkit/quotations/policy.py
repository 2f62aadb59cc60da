"""Who may do what: a team sees all its quotations; members change their own, owners and admins every one."""

from __future__ import annotations

from uuid import UUID

from webkit.core.kernel.errors import Forbidden
from webkit.core.kernel.i18n import gettext as _

MANAGERS = frozenset({"owner", "admin"})


def may_edit(role: str, user_id: UUID, author_id: UUID) -> bool:
    """Whether somebody may write, send, revise, withdraw or convert a quotation of that author."""
    return role in MANAGERS or user_id == author_id


def must_edit(role: str, user_id: UUID, author_id: UUID) -> None:
    """Refuse who may only read."""
    if not may_edit(role, user_id, author_id):
        raise Forbidden(
            _("Only the author, an owner or an admin changes this quotation. You can duplicate it. Nothing was done.")
        )


def may_change_library(role: str) -> bool:
    """Blocks and templates are the agency's word: owners and admins change them, everybody uses them."""
    return role in MANAGERS


def must_change_library(role: str) -> None:
    """Refuse who may only use them."""
    if not may_change_library(role):
        raise Forbidden(_("Only owners and admins change the texts and templates of quotations."))
