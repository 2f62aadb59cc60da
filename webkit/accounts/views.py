"""People as the rest of the house sees them: plain and frozen, never a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class UserView:
    """Somebody who is signed in. `locale` is empty where the agency's is to be used."""

    id: UUID
    name: str
    email: str
    locale: str
    is_operator: bool
    token: str = field(default="", repr=False)
    proven_at: datetime | None = None
    """When they last showed who they are, in this session."""
    confined_to: UUID | None = None
    """The one agency that this session reaches; None for all of somebody's."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """What the cookie holds: the session's token, never the person's id."""
        return self.token


@dataclass(frozen=True, slots=True)
class SessionView:
    """A browser somebody is signed in with."""

    id: UUID
    method: str
    second: str
    browser: str
    address: str
    seen_at: datetime
    created_at: datetime
    is_this: bool


@dataclass(frozen=True, slots=True)
class MemberView:
    """Somebody's place in the current agency."""

    name: str
    email: str
    role: str
    since: datetime


@dataclass(frozen=True, slots=True)
class PlaceView:
    """An agency somebody may enter, and as what."""

    slug: str
    name: str
    role: str
    begins: bool = False


@dataclass(frozen=True, slots=True)
class AccountView:
    """Oneself. `asks_for_old` is False where a password may be set without knowing the one before."""

    name: str
    email: str
    locale: str
    has_password: bool
    asks_for_old: bool
    verified: bool


@dataclass(frozen=True, slots=True)
class PasskeyView:
    """A passkey as its owner sees it."""

    id: UUID
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class SecurityView:
    """What protects one's account. `phone` is the end of its number, empty where none is in use."""

    email: str
    verified: bool
    app: bool
    passkeys: list[PasskeyView]
    phone: str
    phone_waits: bool
    codes_left: int
    has_second: bool
    texts_offered: bool
    passkeys_usable: bool
