"""What can be typed on the platform's side."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field
from werkzeug.datastructures import MultiDict

from webkit.agencies.forms import AgencyForm
from webkit.core.kernel.audit import Asked
from webkit.core.kernel.forms import Email, Form, Line


class ReasonForm(Form):
    reason: Line(200, minimum=5)  # type: ignore[valid-type]


class TierForm(Form):
    tier: Annotated[str, Field(max_length=16)] = ""
    until: date | None = None
    why: Annotated[str, Field(max_length=32)] = ""
    note: Line(200) = ""  # type: ignore[valid-type]


class BetaForm(Form):
    email: Email
    tier: Annotated[str, Field(max_length=16)]
    until: date
    note: Line(200) = ""  # type: ignore[valid-type]


class FounderForm(AgencyForm):
    """Somebody new and their agency."""

    name: Line(100, minimum=2)  # type: ignore[valid-type]
    password: Line(256)  # type: ignore[valid-type]


class RoleForm(Form):
    role: Annotated[str, Field(max_length=16)] = ""


def asked_of(given: MultiDict[str, str], agency_id: UUID | None, timezone: str = "UTC") -> Asked:
    """What of the log an address asks for, days as they are in a time zone; what cannot be read is not asked."""
    until = _day(given.get("until", ""), timezone)
    return Asked(
        agency_id=agency_id,
        user_id=uuid_of(given.get("user", "")),
        action=given.get("action", "").strip()[:64],
        subject=given.get("subject", "").strip()[:64],
        since=_day(given.get("since", ""), timezone),
        words=given.get("q", "").strip()[:64],
        until=until + timedelta(days=1) if until else None,
    )


def uuid_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(text: str, timezone: str) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime.combine(day, time(), ZoneInfo(timezone)) if 1970 <= day.year <= 9000 else None
