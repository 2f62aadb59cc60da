"""Who may do what, as data: what can be permitted, how far for each role, and which address asks for it.

Pure Python: importing this imports neither the web framework nor the database.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from webkit.core.extensions import LazyText

_NAME = re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*")
OWNER, ADMIN, MEMBER = "owner", "admin", "member"
BASES = (OWNER, ADMIN, MEMBER)
"""The roles every agency has; others are made of permissions by the agency itself."""


class Reach(enum.IntEnum):
    """How far a permission goes: not at all, over what is one's own, over everything of the agency."""

    NONE = 0
    OWN = 1
    ALL = 2

    @property
    def word(self) -> str:
        return self.name.lower()


NONE, OWN, ALL = Reach.NONE, Reach.OWN, Reach.ALL
Authors = tuple[UUID | None, ...]
"""Whose something is; empty when it cannot be seen at all, None in it when it is nobody's."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Something that can be permitted. `refusal` is what those read who may not; `can_be_own`: it may end at one's own.

    What is not `delegable` belongs to the owner and cannot be part of a role that an agency makes.
    """

    name: str
    label: LazyText
    owner: Reach = ALL
    admin: Reach = ALL
    member: Reach = NONE
    can_be_own: bool = False
    delegable: bool = True
    refusal: LazyText | str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.name) > 48:
            raise ValueError(f"{self.name!r} is not a name like 'invoices.edit'")
        if not self.can_be_own and OWN in (self.owner, self.admin, self.member):
            raise ValueError(f"{self.name} ends nowhere, so no role can have it for its own alone")

    def of(self, role: str) -> Reach:
        """How far it goes for one of the roles that every agency has."""
        return {OWNER: self.owner, ADMIN: self.admin, MEMBER: self.member}.get(role, NONE)


@dataclass(frozen=True, slots=True)
class Policy:
    """What one feature knows of permissions.

    `demands` names, for an endpoint or a whole blueprint, the permission it asks for; a pair is one for looking and one
    for changing, so what is added to a blueprint later is never open by mistake. `sight` says for a table by which
    permission its rows are seen. `subjects` finds out whose the object is that an argument of an address names.
    """

    title: LazyText
    permissions: tuple[Permission, ...] = ()
    demands: Mapping[str, str | tuple[str, str]] = field(default_factory=dict)
    sight: Mapping[str, str] = field(default_factory=dict)
    subjects: Mapping[str, Callable[[Mapping[str, Any]], Authors]] = field(default_factory=dict)
