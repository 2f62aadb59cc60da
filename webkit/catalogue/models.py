"""Tables of the catalogue and their queries."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.orm.exc import StaleDataError

from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Base, Json, Owned, Scoped, enum_column, owned_args, owned_fk


class PricingModel(StrEnum):
    """How a package is paid for."""

    SUBSCRIPTION = "subscription"
    LUMP_SUM = "lump_sum"
    HYBRID = "hybrid"


class AddonPricing(StrEnum):
    """How an add-on is paid for."""

    ONE_TIME = "one_time"
    MONTHLY = "monthly"
    PER_UNIT = "per_unit"


class Clash(Exception):
    """Somebody else saved first, or took the same slug."""


class Item(Owned):
    """What packages and add-ons have in common. Amounts are minor units of `currency`."""

    __abstract__ = True

    name: Mapped[str] = mapped_column(sa.String(100))
    slug: Mapped[str] = mapped_column(sa.String(50))
    description: Mapped[str] = mapped_column(sa.Text, default="")
    currency: Mapped[str] = mapped_column(sa.String(3))
    tax_rate: Mapped[str] = mapped_column(sa.String(40), default="")
    display_order: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)
    revision: Mapped[int]

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.revision}

    @classmethod
    def find(cls, item_id: UUID) -> Self | None:
        """The item with that id, in this agency."""
        return session().get(cls, item_id)

    @classmethod
    def all(cls) -> list[Self]:
        """Every item in the order the agency gave them."""
        return list(session().scalars(sa.select(cls).order_by(cls.display_order, cls.id)))

    @classmethod
    def count(cls) -> int:
        """How many there are, active or not."""
        return session().scalar(sa.select(sa.func.count()).select_from(cls)) or 0

    @classmethod
    def slugs(cls) -> set[str]:
        """Every slug that is taken."""
        return set(session().scalars(sa.select(cls.slug)))

    @classmethod
    def last_order(cls) -> int:
        """The place of the last item; -1 when there is none."""
        found = session().scalar(sa.select(sa.func.max(cls.display_order)))
        return -1 if found is None else found


class Package(Item):
    """A complete offer with up to three prices: setup, one time, monthly."""

    __tablename__ = "packages"
    __table_args__ = owned_args(
        sa.UniqueConstraint("agency_id", "slug"),
        sa.Index("ix_packages_agency_id_display_order", "agency_id", "display_order"),
    )

    pricing_model: Mapped[PricingModel] = enum_column(PricingModel)
    setup_fee: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    one_time_price: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    monthly_price: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    minimum_term_months: Mapped[int] = mapped_column(default=0)
    included_features: Mapped[list[str]] = mapped_column(Json, default=list)
    max_pages: Mapped[int | None]
    is_featured: Mapped[bool] = mapped_column(default=False)


class Addon(Item):
    """Something a package can be extended with."""

    __tablename__ = "addons"
    __table_args__ = owned_args(
        sa.UniqueConstraint("agency_id", "slug"),
        sa.Index("ix_addons_agency_id_display_order", "agency_id", "display_order"),
    )

    pricing_type: Mapped[AddonPricing] = enum_column(AddonPricing)
    price: Mapped[int] = mapped_column(sa.BigInteger)
    unit_label: Mapped[str] = mapped_column(sa.String(50), default="")


class AddonPackage(Scoped, Base):
    """An add-on that is offered with certain packages only; without a row it goes with all of them."""

    __tablename__ = "addon_packages"
    __table_args__ = (
        sa.PrimaryKeyConstraint("agency_id", "addon_id", "package_id"),
        owned_fk("addon_id", "addons", ondelete="CASCADE"),
        owned_fk("package_id", "packages", ondelete="CASCADE"),
        sa.Index("ix_addon_packages_agency_id_package_id", "agency_id", "package_id"),
    )

    addon_id: Mapped[UUID]
    package_id: Mapped[UUID]


def packages_of_addons() -> dict[UUID, list[UUID]]:
    """Which packages each add-on is limited to."""
    found: dict[UUID, list[UUID]] = {}
    rows = session().execute(
        sa.select(AddonPackage.addon_id, AddonPackage.package_id).order_by(AddonPackage.package_id)
    )
    for addon_id, package_id in rows:
        found.setdefault(addon_id, []).append(package_id)
    return found


def limit_addon(addon_id: UUID, package_ids: Iterable[UUID]) -> None:
    """Offer an add-on with these packages only."""
    wanted = set(package_ids)
    present = set(session().scalars(sa.select(AddonPackage.package_id).where(AddonPackage.addon_id == addon_id)))
    if gone := present - wanted:
        session().execute(
            sa.delete(AddonPackage).where(AddonPackage.addon_id == addon_id, AddonPackage.package_id.in_(gone))
        )
    session().add_all(AddonPackage(addon_id=addon_id, package_id=each) for each in sorted(wanted - present))


def save(item: Item | None = None) -> None:
    """Write what changed now; raises Clash when somebody was faster."""
    if item is not None:
        session().add(item)
    try:
        session().flush()
    except (IntegrityError, StaleDataError) as error:
        raise Clash from error
