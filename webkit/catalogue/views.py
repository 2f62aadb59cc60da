"""The catalogue as others see it: frozen, complete, without a database."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from webkit.catalogue.models import Addon, Package
from webkit.catalogue.models import AddonPricing as AddonPricing
from webkit.catalogue.models import PricingModel as PricingModel
from webkit.core.values import dataclass
from webkit.pricing import Interval


class Part(StrEnum):
    """Which price of an item a line stands for."""

    SETUP = "setup"
    ONE_TIME = "one_time"
    MONTHLY = "monthly"
    PER_UNIT = "per_unit"


@dataclass(frozen=True, slots=True)
class Price:
    """One price of an item: minor units, and whether it is paid once or every month."""

    part: Part
    interval: Interval
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageTerms:
    """What a person decides about a package. Amounts are minor units of `currency`."""

    name: str
    slug: str
    description: str
    currency: str
    tax_rate: str
    pricing_model: PricingModel
    setup_fee: int
    one_time_price: int
    monthly_price: int
    minimum_term_months: int
    included_features: tuple[str, ...]
    max_pages: int | None
    is_featured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageView(PackageTerms):
    """A package. `tax_rate` is a key of the agency's tax scheme, empty for its default rate."""

    id: UUID
    active: bool
    revision: int

    @property
    def prices(self) -> tuple[Price, ...]:
        """The prices that are not zero, what is paid once first."""
        every = (
            Price(Part.SETUP, Interval.ONCE, self.setup_fee),
            Price(Part.ONE_TIME, Interval.ONCE, self.one_time_price),
            Price(Part.MONTHLY, Interval.MONTHLY, self.monthly_price),
        )
        return tuple(price for price in every if price.minor)

    @classmethod
    def of(cls, row: Package) -> PackageView:
        """A row as a view."""
        return cls(
            id=row.id,
            name=row.name,
            slug=row.slug,
            description=row.description,
            currency=row.currency,
            tax_rate=row.tax_rate,
            pricing_model=row.pricing_model,
            setup_fee=row.setup_fee,
            one_time_price=row.one_time_price,
            monthly_price=row.monthly_price,
            minimum_term_months=row.minimum_term_months,
            included_features=tuple(row.included_features),
            max_pages=row.max_pages,
            is_featured=row.is_featured,
            active=row.active,
            revision=row.revision,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AddonTerms:
    """What a person decides about an add-on. No `package_ids` means that it goes with every package."""

    name: str
    slug: str
    description: str
    currency: str
    tax_rate: str
    pricing_type: AddonPricing
    price: int
    unit_label: str
    package_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddonView(AddonTerms):
    """An add-on."""

    id: UUID
    active: bool
    revision: int

    @property
    def prices(self) -> tuple[Price, ...]:
        """Its one price; per unit means so much once for each."""
        interval = Interval.MONTHLY if self.pricing_type is AddonPricing.MONTHLY else Interval.ONCE
        return (Price(Part(self.pricing_type.value), interval, self.price),)

    def fits(self, package_id: UUID | None) -> bool:
        """Whether it can be offered with that package."""
        return not self.package_ids or package_id in self.package_ids

    @classmethod
    def of(cls, row: Addon, package_ids: list[UUID]) -> AddonView:
        """A row as a view."""
        return cls(
            id=row.id,
            name=row.name,
            slug=row.slug,
            description=row.description,
            currency=row.currency,
            tax_rate=row.tax_rate,
            pricing_type=row.pricing_type,
            price=row.price,
            unit_label=row.unit_label,
            package_ids=tuple(package_ids),
            active=row.active,
            revision=row.revision,
        )


@dataclass(frozen=True, slots=True)
class Offers:
    """What can be proposed today: active, in order, in the agency's currency."""

    packages: tuple[PackageView, ...]
    addons: tuple[AddonView, ...]
