"""Writing what `kernel.vendors` reads."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from webkit.core.kernel import clock
from webkit.core.kernel.db import session
from webkit.core.kernel.vendors import ProviderAccount


def all_accounts() -> list[ProviderAccount]:
    """The current agency's, newest first."""
    query = sa.select(ProviderAccount).order_by(ProviderAccount.id.desc())
    return list(session().scalars(query.execution_options(populate_existing=session().writing)))


def count(capability: str, provider: str) -> int:
    """How many accounts the current agency has or had with a provider."""
    query = sa.select(sa.func.count()).where(
        ProviderAccount.capability == capability, ProviderAccount.provider == provider
    )
    return session().scalar(query) or 0


def in_use(capability: str) -> ProviderAccount | None:
    """The row of the account that serves the current agency; locked while writing."""
    query = sa.select(ProviderAccount).where(ProviderAccount.chosen_for == capability)
    if session().writing:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session().scalars(query).one_or_none()


def connected(capability: str, provider: str, name: str) -> ProviderAccount | None:
    """The current agency's account that the vendor knows by this name, in use or not."""
    query = sa.select(ProviderAccount).where(
        ProviderAccount.capability == capability,
        ProviderAccount.provider == provider,
        ProviderAccount.connected == name,
    )
    return session().scalars(query).one_or_none()


def get(account_id: UUID) -> ProviderAccount | None:
    return session().get(ProviderAccount, account_id)


def add(**values: Any) -> ProviderAccount:
    account = ProviderAccount(**values)
    session().add(account)
    session().flush()
    return account


def choose(account: ProviderAccount, chosen_for: str | None) -> None:
    """Take an account into use, or out of it; one at a time, so that there is never a second in use."""
    account.chosen_for, account.changed_at = chosen_for, clock.now()
    session().flush()


def note_health(account_id: UUID, version: int, health: str, detail: str, at: datetime) -> None:
    """Keep how an account felt, unless it was changed meanwhile."""
    session().execute(
        sa.update(ProviderAccount)
        .where(ProviderAccount.id == account_id, ProviderAccount.version == version)
        .values(health=health, health_detail=detail, checked_at=at)
    )
