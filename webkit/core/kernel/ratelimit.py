"""How often something may be tried: counted in the database, exactly, however many processes there are."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock
from webkit.core.kernel.db import insert, session, writes
from webkit.core.kernel.errors import TooMany
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.kernel.tables import Base
from webkit.core.values import dataclass

V = TypeVar("V", bound=Callable[..., object])
AT_A_TIME = 10
"""The part of a limit that a process takes from the database at once."""


class RateLimit(Base):
    """Tries under one key since the window began; the key is hashed, so no address or name is kept."""

    __tablename__ = "rate_limits"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    since: Mapped[datetime] = mapped_column(index=True)
    tries: Mapped[int]


def hit(key: str, limit: int, seconds: int) -> int:
    """Count a try before it is made; returns how many are left. Raises TooMany for more than `limit` within `seconds`.

    Call it as a write of its own: a count that a failing request rolls back counts nothing.
    """
    left, over_in = tally(key, limit, seconds)
    if left < 0:
        message = _("Too many tries. Please wait %(n)s minutes and try again.", n=math.ceil(over_in / 60))
        raise TooMany(message, over_in, limit)
    return left


def tally(key: str, limit: int, seconds: int) -> tuple[int, int]:
    """Count a try; how many are left, less than none for one too many, and in how many seconds the window is over."""
    tries, since = _count(_hashed(key), seconds)
    left = (since + timedelta(seconds=seconds) - clock.now()).total_seconds()
    return limit - tries, max(1, math.ceil(left))


@dataclass(slots=True)
class _Taken:
    """Tries that this process may give out, and how many there were beside when it last looked."""

    here: int
    beside: int
    until: datetime

    def give(self) -> tuple[int, int]:
        """One of them: as `tally` answers."""
        left = self.here + self.beside - 1
        self.here = max(0, self.here - 1)
        return left, max(1, math.ceil((self.until - clock.now()).total_seconds()))


def draw(key: str, limit: int, seconds: int) -> tuple[int, int]:
    """As `tally`, for what is counted with every request: a process takes a tenth of the limit at a time from the
    database, and gives it out by itself. All processes together never give more than the limit; one that is not asked
    again keeps what it took from the others until the window is over."""
    name, known = _hashed(key), current().remembered
    with known.lock:
        taken: _Taken | None = known.get(name)
        if taken is not None and (taken.here or not taken.beside):
            return taken.give()
    batch = max(1, limit // AT_A_TIME)
    tries, since = _count(name, seconds, batch)
    with known.lock:
        before: _Taken | None = known.get(name)
        here = max(0, min(batch, limit - tries + batch)) + (before.here if before else 0)
        taken = _Taken(here, max(0, limit - tries), since + timedelta(seconds=seconds))
        known.put(name, taken, taken.until)
        return taken.give()


@functools.lru_cache(1024)
def home(address: str) -> str:
    """Whom an address is counted as: whoever has one address of the new kind has all of its /64."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return address
    return str(known.ipv4_mapped or ip_network((known, 64), strict=False))


def own_limit(view: V) -> V:
    """Mark a view that counts its tries itself, more strictly than requests are counted in general."""
    view.__dict__["own_limit"] = True
    return view


@writes
def forget(key: str) -> None:
    """Start counting anew, after a success."""
    session().execute(sa.delete(RateLimit).where(RateLimit.key == _hashed(key)))


@writes
def prune(before: datetime) -> int:
    """Delete counts that began before a moment; returns how many."""
    old = sa.delete(RateLimit).where(RateLimit.since < before).returning(RateLimit.key)
    return len(session().scalars(old).all())


@writes
def _count(key: str, seconds: int, by: int = 1) -> tuple[int, datetime]:
    moment = clock.now()
    over = RateLimit.since <= moment - timedelta(seconds=seconds)
    statement = insert(RateLimit).values(key=key, since=moment, tries=by)
    again = statement.on_conflict_do_update(
        index_elements=[RateLimit.key],
        set_={
            "tries": sa.case((over, by), else_=RateLimit.tries + by),
            "since": sa.case((over, moment), else_=RateLimit.since),
        },
    ).returning(RateLimit.tries, RateLimit.since)
    row = session().execute(again).one()
    return row.tries, row.since


def _hashed(key: str) -> str:
    return current().keys.token_hash(f"rate/{key}")
