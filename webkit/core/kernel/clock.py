"""The one clock; tests move it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_frozen: datetime | None = None


def now() -> datetime:
    """The current moment in UTC, aware."""
    return _frozen or datetime.now(UTC)


def today(timezone: str) -> date:
    """The calendar date it is now in an IANA time zone."""
    return now().astimezone(ZoneInfo(timezone)).date()


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """Hold the clock at an aware `moment`."""
    global _frozen
    before, _frozen = _frozen, moment.astimezone(UTC)
    try:
        yield
    finally:
        _frozen = before


def month_start(timezone: str) -> datetime:
    """The moment the current calendar month began in an IANA time zone."""
    local = now().astimezone(ZoneInfo(timezone))
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
