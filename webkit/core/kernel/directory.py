"""What the core asks about agencies and people without knowing the features that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody's place in an agency. `custom` is what a role may do that the agency has made, None for the others.

    Who has no place of their own may sit in for its owner for a while: `sitting_in` is what that is recorded under.
    """

    role: str
    custom: Mapping[str, str] | None = None
    sitting_in: str = ""


@dataclass(frozen=True, slots=True)
class AgencyView:
    """An agency as every page may know it; `brand` is one hex colour, `theme` changes when its look does.

    One that is `closed` lets nobody in; the text is why. `goes_on` is the day (ISO) on which it is deleted,
    `second_from` the one from which everybody needs a second factor. `domain` is the name that links for its clients
    are written with, empty for the platform's.
    """

    id: UUID
    slug: str
    name: str
    currency: str
    country: str
    locale: str
    timezone: str
    brand: str
    theme: str
    closed: str = ""
    goes_on: str = ""
    second_from: str = ""
    domain: str = ""


class Directory(Protocol):
    """Answered by the feature that owns agencies; all calls work in any unit that can read shared tables."""

    def by_slug(self, slug: str) -> AgencyView | None: ...

    def by_id(self, agency_id: UUID) -> AgencyView | None: ...

    def role(self, agency_id: UUID, user_id: UUID) -> str | None:
        """owner, admin or member; None for strangers."""
        ...

    def seat(self, agency_id: UUID, user_id: UUID) -> Seat | None:
        """The same with all that belongs to it; also of those who sit in for an owner."""
        ...

    def all_ids(self) -> list[UUID]: ...

    def know(self, agency: AgencyView) -> None:
        """Take this answer for the rest of the current read: whoever opened the door has just asked."""
        ...
