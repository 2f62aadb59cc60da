"""Keys and tokens as others see them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from webkit.core.values import dataclass


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key in a list: never the key itself. `state` is open, ended or stopped, which is: its maker is gone."""

    id: UUID
    name: str
    hint: str
    scopes: tuple[str, ...]
    maker: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that has just been made: the one moment it is known."""

    id: UUID
    name: str
    key: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Pair:
    """What an exchange answers with; `expires_in` are the seconds of the access token."""

    access: str
    refresh: str
    expires_in: int
    scopes: tuple[str, ...]
