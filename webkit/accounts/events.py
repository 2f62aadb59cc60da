"""What accounts tell other features of, in the write in which it happens."""

from __future__ import annotations

from uuid import UUID

from webkit.core.values import dataclass


@dataclass(frozen=True, slots=True)
class AgencyFounded:
    """Somebody has founded an agency; it is theirs."""

    agency_id: UUID
    user_id: UUID
    email: str
