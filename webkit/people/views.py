"""People and roles as pages see them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from webkit.core.values import dataclass


@dataclass(frozen=True, slots=True)
class RoleView:
    """A role somebody can have. `key` is what forms call it; without an id it is one that every agency has."""

    key: str
    name: str
    id: UUID | None
    base: str
    permissions: Mapping[str, str] | None
    people: int = 0


@dataclass(frozen=True, slots=True)
class MemberView:
    """Somebody who works here, and what whoever looks may do about it."""

    user_id: UUID
    name: str
    email: str
    role: str
    role_key: str
    since: datetime
    is_owner: bool
    is_self: bool
    may_remove: bool


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation; `state` is pending, expired, accepted, declined or cancelled."""

    id: UUID
    email: str
    role: str
    inviter: str
    state: str
    sent_at: datetime
    expires_at: datetime
    waits: bool


@dataclass(frozen=True, slots=True)
class Offered:
    """The invitation that a token opens, as whoever holds it may know it."""

    id: UUID
    agency_id: UUID
    agency_name: str
    slug: str
    email: str
    inviter: str
    role: str
    open: bool
    has_account: bool


@dataclass(frozen=True, slots=True)
class TransferView:
    """An agency that was offered to a colleague."""

    from_user: UUID
    from_name: str
    to_user: UUID
    to_name: str
    expires_at: datetime
