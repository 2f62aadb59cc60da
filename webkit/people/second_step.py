"""An agency may demand that everybody who enters has a second factor, after some days in which to set one up."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from webkit.accounts import seats
from webkit.accounts import service as accounts
from webkit.accounts.seats import Member
from webkit.agencies import service as agencies
from webkit.core.kernel import clock, tenancy
from webkit.core.kernel.db import writes
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import DomainError, Invalid
from webkit.core.kernel.i18n import format_date
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass

DAYS = (0, 7, 14, 30)
"""In how many days it may begin to count."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Since or from when everybody needs one, None where nobody does, and who has none yet."""

    day: date | None
    missing: tuple[Member, ...]


def demand() -> Demand:
    """How the current agency has decided."""
    day = _agency().second_from
    return Demand(date.fromisoformat(day) if day else None, tuple(seats.without_second()))


@writes
def begin(days: int, user_id: UUID) -> date:
    """Demand one from everybody in so many days, and write to those who have none. Raises DomainError."""
    if days not in DAYS:
        raise Invalid({"days": _("Please choose one of the offered values.")})
    missing = seats.without_second()
    if any(each.user_id == user_id for each in missing):
        raise DomainError(_("Please set up a second step for yourself first."), "days")
    agency = _agency()
    day = clock.today(agency.timezone) + timedelta(days=days)
    agencies.demand_second(day)
    for each in missing:
        text = _(
            "From %(day)s on, %(agency)s lets in only people who have a second step. Please set one up under "
            "Signing in.",
            day=format_date(day),
            agency=agency.name,
        )
        accounts.tell(each.user_id, text)
    return day


@writes
def end() -> None:
    """Demand none any more."""
    agencies.demand_second(None)


def _agency() -> AgencyView:
    found = agencies.by_id(tenancy.agency_id())
    assert found is not None  # its door is open
    return found
