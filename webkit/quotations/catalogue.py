"""From the catalogue into a quotation: items become lines of their own, which later changes leave alone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.catalogue import service as catalogue
from webkit.catalogue.service import AddonView, PackageView, Part, Price
from webkit.core.kernel import ids
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import exponent
from webkit.core.values import dataclass
from webkit.pricing import Interval
from webkit.pricing.terms import Written
from webkit.pricing.typed import with_tax
from webkit.quotations.offer import Choice, QuoteLine


@dataclass(frozen=True, slots=True)
class Pick:
    """Something that can be put in: its key for the form, and how it reads."""

    key: str
    name: str
    prices: tuple[Price, ...]


def picks(currency: str) -> list[Pick]:
    """Everything that is offered in this currency, packages first."""
    offers = catalogue.offers(currency)
    packages = [Pick(f"package:{each.id}", each.name, each.prices) for each in offers.packages]
    return [*packages, *(Pick(f"addon:{each.id}", each.name, each.prices) for each in offers.addons)]


def lines_of(kind: str, wanted: UUID, currency: str, prices: Written = Written.NET) -> list[QuoteLine]:
    """The lines an item becomes: a package is part of every choice, an add-on begins as an option.

    The catalogue's prices are without tax; where `prices` have it in them it is added.
    """
    offers = catalogue.offers(currency)
    items: tuple[PackageView, ...] | tuple[AddonView, ...] = offers.packages if kind == "package" else offers.addons
    item = next((each for each in items if each.id == wanted), None)
    if item is None:
        raise NotFound(_("The catalogue no longer offers this in %(currency)s.", currency=currency))
    shown = item.prices if prices is Written.NET else _with_tax(item)
    return [_line(item, price, currency, first=number == 0) for number, price in enumerate(shown)]


def _with_tax(item: PackageView | AddonView) -> tuple[Price, ...]:
    profile = agencies.profile()
    at = (profile.tax_scheme, item.tax_rate or profile.tax_rate, agencies.today())
    return tuple(replace(price, minor=with_tax(price.minor, *at)) for price in item.prices)


def _line(item: PackageView | AddonView, price: Price, currency: str, *, first: bool) -> QuoteLine:
    unit = item.unit_label if isinstance(item, AddonView) else ""
    return QuoteLine(
        id=ids.token()[:12],
        name=_("%(name)s: set-up", name=item.name) if price.part is Part.SETUP else item.name,
        text=_text(item) if first else "",
        unit=_("month") if price.interval is Interval.MONTHLY else unit,
        price=Decimal(price.minor).scaleb(-exponent(currency)),
        choice=Choice.REQUIRED if isinstance(item, PackageView) else Choice.OFFERED,
        tax=item.tax_rate,
    )


def _text(item: PackageView | AddonView) -> str:
    features = ", ".join(item.included_features) if isinstance(item, PackageView) else ""
    return ". ".join(filter(None, (item.description.rstrip("."), features)))[:1000]
