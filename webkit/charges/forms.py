"""What is typed about charges."""

from __future__ import annotations

import re
from uuid import UUID

from pydantic import Field

from webkit.charges.schedule import MOST_AFTER, MOST_LEAD, MOST_TRIES, Schedule
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.forms import Form, Line
from webkit.core.kernel.i18n import gettext as _


class ChargeForm(Form):
    """Which method is charged, and which try this is."""

    method: UUID
    attempt: int = Field(ge=1, lt=10_000)
    whole: bool = False


class ScheduleForm(Form):
    """When invoices are charged by themselves; `after` is days, like 3, 7."""

    lead: int = Field(ge=0, le=MOST_LEAD)
    after: Line(60) = ""  # type: ignore[valid-type]
    hour: int = Field(ge=0, le=23)

    def read(self) -> Schedule:
        """The schedule this means. Raises DomainError at `after`."""
        parts = [part for part in re.split(r"[\s,;]+", self.after) if part]
        if not all(part.isdigit() and 1 <= int(part) <= MOST_AFTER for part in parts if len(part) < 4) or any(
            len(part) > 3 for part in parts
        ):
            raise DomainError(_("Days between 1 and %(n)d, like 3, 7.", n=MOST_AFTER), "after")
        days = tuple(sorted({int(part) for part in parts}))
        if len(days) >= MOST_TRIES:
            raise DomainError(_("At most %(n)d tries in all, please.", n=MOST_TRIES), "after")
        return Schedule(self.lead, days, self.hour)


class ConsentForm(Form):
    """The client agrees."""

    agree: bool = False
