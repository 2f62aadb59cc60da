"""Answers the core's questions about agencies and people."""

from __future__ import annotations

from uuid import UUID

from webkit.accounts import models, seat_models
from webkit.agencies import service as agencies
from webkit.core.kernel.db import release
from webkit.core.kernel.directory import AgencyView, Directory, Seat


class HouseDirectory:
    """Agencies from their feature, roles from the memberships."""

    def by_slug(self, slug: str) -> AgencyView | None:
        return agencies.by_slug(slug)

    def by_id(self, agency_id: UUID) -> AgencyView | None:
        return agencies.by_id(agency_id)

    def role(self, agency_id: UUID, user_id: UUID) -> str | None:
        # It is read behind the agency's door. Who kept a connection meanwhile could wait for a second one for ever.
        release()
        return models.role_of(agency_id, user_id)

    def seat(self, agency_id: UUID, user_id: UUID) -> Seat | None:
        release()
        return seat_models.seat(agency_id, user_id)

    def all_ids(self) -> list[UUID]:
        return agencies.all_ids()

    def know(self, agency: AgencyView) -> None:
        agencies.by_id.know(agency, agency.id)


_: type[Directory] = HouseDirectory
