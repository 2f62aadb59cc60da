"""What pages see of accounts: nothing secret in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AccountView:
    """An agency's own account. `health` is "" until somebody tested the connection, `connected` its name
    where the platform acts for it."""

    id: UUID
    provider: str
    label: str
    installed: bool
    in_use: bool
    sender: str
    since: datetime
    health: str
    health_detail: str
    checked_at: datetime | None
    webhook_url: str
    connected: str = ""


@dataclass(frozen=True, slots=True)
class ServiceView:
    """One service an agency may choose for itself. `platform` is who serves it otherwise, `offered` (name, label)."""

    key: str
    label: str
    about: str
    icon: str
    platform: str
    own: AccountView | None
    former: tuple[AccountView, ...]
    offered: tuple[tuple[str, str], ...]
