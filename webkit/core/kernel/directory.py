"""What the core asks about agencies and people without knowing the features that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AgencyView:
    """An agency as every page may know it; `brand` is one hex colour, `theme` changes when its look does."""

    id: UUID
    slug: str
    name: str
    currency: str
    country: str
    locale: str
    timezone: str
    brand: str
    theme: str


class Directory(Protocol):
    """Answered by the feature that owns agencies; all calls work in any unit that can read shared tables."""

    def by_slug(self, slug: str) -> AgencyView | None: ...

    def by_id(self, agency_id: UUID) -> AgencyView | None: ...

    def role(self, agency_id: UUID, user_id: UUID) -> str | None:
        """owner, admin or member; None for strangers."""
        ...

    def all_ids(self) -> list[UUID]: ...

    def know(self, agency: AgencyView) -> None:
        """Take this answer for the rest of the current read: whoever opened the door has just asked."""
        ...
