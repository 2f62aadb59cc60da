"""How much an agency may ask for: reserved under a lock before anybody is asked, settled once."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from webkit.agencies import service as agencies
from webkit.ai_runs import models
from webkit.ai_runs.models import Generation, Reservation
from webkit.ai_runs.views import Allowance
from webkit.core.kernel import clock, locks
from webkit.core.kernel.errors import TooMany
from webkit.core.kernel.i18n import format_date
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current

TIERS: dict[str, int | None] = {"free": 5, "starter": 25, "growth": 100, "enterprise": None}
"""Generations per calendar month; None is as many as one likes."""


def today() -> date:
    """The day it is for the agency."""
    return clock.today(agencies.profile().timezone)


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"


def allowance() -> Allowance:
    """What the agency has used this month and today, and what it may."""
    day, tier = today(), agencies.tier()
    return Allowance(
        tier=tier,
        month=month_of(day),
        used=models.charged(month_of(day)),
        limit=TIERS[tier],
        resets_at=_next_month(day),
        day_used=models.asked_on(day.isoformat()),
        day_limit=current().settings.ai_runs_per_day,
    )


def reserve(actor: str, runs: int, *, within: UUID | None = None) -> UUID:
    """Reserve one generation of `runs` sections, or add to one that is being paid for. Raises TooMany.

    Two who ask at once wait for each other here, so the last generation of a month is given away once.
    """
    locks.hold("ai quota")
    now = allowance()
    _refuse_beyond_the_day(now, runs)
    if within is not None and models.generation_state(within) in models.CHARGED:
        return within
    if now.limit is not None and now.used >= now.limit:
        raise TooMany(_used_up(now), _seconds(now.resets_at))
    return models.add(Generation(month=now.month, actor=actor))


def _refuse_beyond_the_day(now: Allowance, runs: int) -> None:
    if now.day_used + runs <= now.day_limit:
        return
    tomorrow = _seconds(now.resets_at) % 86_400 or 86_400
    if now.day_limit == 0:
        raise TooMany(_("AI writing is switched off on this platform."), tomorrow)
    words = _("Only %(n)s sections may be written in a day, and today's are used. Please go on tomorrow.")
    raise TooMany(words % {"n": now.day_limit}, tomorrow)


def _used_up(now: Allowance) -> str:
    return _(
        "All %(limit)s AI generations of this month are used. There will be new ones on %(date)s.",
        limit=now.limit,
        date=format_date(now.resets_at.astimezone(ZoneInfo(agencies.profile().timezone)).date()),
    )


def use(generation_id: UUID) -> None:
    """The first sign arrived: the generation counts."""
    models.settle(generation_id, Reservation.USED, clock.now())


def give_back(generation_id: UUID) -> None:
    """Nothing was written: the generation counts only if another section of it still may be."""
    if not models.generation_is_alive(generation_id):
        models.settle(generation_id, Reservation.RETURNED, clock.now())


def _next_month(day: date) -> datetime:
    zone = ZoneInfo(agencies.profile().timezone)
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return datetime(year, month, 1, tzinfo=zone)


def _seconds(moment: datetime) -> int:
    return max(1, int((moment - clock.now()).total_seconds()))
