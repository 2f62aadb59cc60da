"""From the catalogue into a proposal: items become lines of their own, which later changes leave alone."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.catalogue import service as catalogue
from webkit.catalogue.service import AddonView, PackageView, Part, Price
from webkit.core.kernel import ids
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.pricing.terms import Written
from webkit.pricing.typed import with_tax
from webkit.proposals.offer import Choice, OfferLine


@dataclass(frozen=True, slots=True)
class Pick:
    """Something that can be put in: its key for the form, and how it reads."""

    key: str
    name: str
    prices: tuple[Price, ...]
    is_addon: bool


def picks(currency: str) -> list[Pick]:
    """Everything that is offered in this currency, packages first."""
    offers = catalogue.offers(currency)
    packages = [Pick(f"package:{each.id}", each.name, each.prices, False) for each in offers.packages]
    return [*packages, *(Pick(f"addon:{each.id}", each.name, each.prices, True) for each in offers.addons)]


def lines_of(key: str, currency: str, prices: Written = Written.NET) -> list[OfferLine]:
    """The lines an item becomes: a package is part of every choice, an add-on begins as an option.

    The catalogue's prices are without tax; where `prices` have it in them it is added.
    """
    kind, _colon, wanted = key.partition(":")
    offers = catalogue.offers(currency)
    items: tuple[PackageView, ...] | tuple[AddonView, ...] = offers.packages if kind == "package" else offers.addons
    item = next((each for each in items if str(each.id) == wanted), None)
    if item is None:
        raise NotFound(_("The catalogue no longer offers this in %(currency)s.", currency=currency))
    choice = Choice.REQUIRED if isinstance(item, PackageView) else Choice.OFFERED
    shown = item.prices if prices is Written.NET else _with_tax(item)
    return [_line(item, price, choice, first=number == 0) for number, price in enumerate(shown)]


def _with_tax(item: PackageView | AddonView) -> tuple[Price, ...]:
    profile = agencies.profile()
    at = (profile.tax_scheme, item.tax_rate or profile.tax_rate, agencies.today())
    return tuple(replace(price, minor=with_tax(price.minor, *at)) for price in item.prices)


def _line(item: PackageView | AddonView, price: Price, choice: Choice, *, first: bool) -> OfferLine:
    return OfferLine(
        id=ids.token()[:12],
        name=_name(item.name, price.part),
        text=_text(item) if first else "",
        unit=item.unit_label if isinstance(item, AddonView) else "",
        price=price.minor,
        interval=price.interval,
        choice=choice,
        tax=item.tax_rate,
    )


def _name(name: str, part: Part) -> str:
    if part is Part.SETUP:
        return _("%(name)s: set-up", name=name)
    return name


def _text(item: PackageView | AddonView) -> str:
    features = ", ".join(item.included_features) if isinstance(item, PackageView) else ""
    return ". ".join(filter(None, (item.description.rstrip("."), features)))[:1000]


def is_pick(key: str) -> bool:
    """Whether a button of the editor asks for something of the catalogue."""
    kind, _colon, wanted = key.partition(":")
    try:
        UUID(wanted)
    except ValueError:
        return False
    return kind in ("package", "addon")
