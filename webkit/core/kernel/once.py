"""Forms that create something carry a one-time key: sent twice, they answer with the first result."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import ids, locks
from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Owned, owned_args
from webkit.core.kernel.tenancy import add_late, mine, prepared


class OnceKey(Owned):
    __tablename__ = "once_keys"
    __table_args__ = owned_args(sa.UniqueConstraint("agency_id", "key"))

    key: Mapped[str] = mapped_column(sa.String(64))
    result: Mapped[str] = mapped_column(sa.String(255))


def key() -> str:
    """A fresh key for a hidden field named `once`."""
    return ids.token()


def result(key: str) -> str | None:
    """What the first use of `key` led to; None for a first use. Ask inside the write that would create.

    Two at once wait for each other here.
    """
    if not key:
        return None
    if session().writing:
        locks.hold(key[:64])
    found = _result(key=key[:64])
    return found[0][0] if found else None


@prepared
def _result() -> sa.Executable:
    return sa.select(OnceKey.result).where(mine(OnceKey), OnceKey.key == sa.bindparam("key"))


def keep(key: str, result: str) -> None:
    """Remember what `key` led to, in the same write."""
    if key:
        add_late(OnceKey, key=key[:64], result=result)
