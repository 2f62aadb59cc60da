"""How much an agency may ask for: reserved under a lock before anybody is asked, settled once."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from webkit.agencies import service as agencies
from webkit.ai_runs import models
from webkit.ai_runs.models import Generation, Reservation
from webkit.ai_runs.views import Allowance
from webkit.core.kernel import clock, entitlements, locks
from webkit.core.kernel.entitlements import Limit
from webkit.core.kernel.errors import TooMany
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current


def today() -> date:
    """The day it is for the agency."""
    return clock.today(agencies.profile().timezone)


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"


def allowance() -> Allowance:
    """What the agency has used this month and today, and what it may."""
    day, allowed = today(), entitlements.allowed()
    return Allowance(
        tier=allowed.tier,
        month=month_of(day),
        used=charged(),
        limit=allowed.limits.get(Limit.AI_GENERATIONS),
        resets_at=_next_month(day),
        day_used=models.asked_on(day.isoformat()),
        day_limit=current().settings.ai_runs_per_day,
    )


def charged() -> int:
    """Generations of the current month that are used or reserved."""
    return models.charged(month_of(today()))


def reserve(actor: str, runs: int, *, within: UUID | None = None) -> UUID:
    """Reserve one generation of `runs` sections, or add to one that is being paid for. Raises TooMany.

    Two who ask at once wait for each other here, so the last generation of a month is given away once.
    """
    locks.hold("ai quota")
    day = today()
    _refuse_beyond_the_day(day, runs)
    if within is not None and models.generation_state(within) in models.CHARGED:
        return within
    entitlements.within(Limit.AI_GENERATIONS)
    return models.add(Generation(month=month_of(day), actor=actor))


def _refuse_beyond_the_day(day: date, runs: int) -> None:
    most = current().settings.ai_runs_per_day
    if models.asked_on(day.isoformat()) + runs <= most:
        return
    tomorrow = _seconds(_next_month(day)) % 86_400 or 86_400
    if most == 0:
        raise TooMany(_("AI writing is switched off on this platform."), tomorrow)
    words = _("Only %(n)s sections may be written in a day, and today's are used. Please go on tomorrow.")
    raise TooMany(words % {"n": most}, tomorrow)


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
