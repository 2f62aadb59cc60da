"""What can be done with the catalogue. Other features read it through `offers()`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from webkit.catalogue.models import (
    Addon,
    AddonPricing,
    Clash,
    Item,
    Package,
    PricingModel,
    limit_addon,
    packages_of_addons,
    save,
)
from webkit.catalogue.views import (
    AddonTerms,
    AddonView,
    Offers,
    PackageTerms,
    PackageView,
    Part,
    Price,
)
from webkit.core.kernel import audit, once
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _

__all__ = [
    "AddonPricing",
    "AddonTerms",
    "AddonView",
    "Offers",
    "PackageTerms",
    "PackageView",
    "Part",
    "Price",
    "PricingModel",
    "addon",
    "addons",
    "create_addon",
    "create_package",
    "duplicate_addon",
    "duplicate_package",
    "edit_addon",
    "edit_package",
    "move_addon",
    "move_package",
    "offers",
    "package",
    "packages",
    "reorder_addons",
    "reorder_packages",
    "set_addon_active",
    "set_package_active",
]

MOST = 200
NAME, SLUG = 100, 50
I = TypeVar("I", bound=Item)  # noqa: E741  an item


# --- reading ---------------------------------------------------------------------------------------------------


def packages() -> tuple[PackageView, ...]:
    """Every package, in order."""
    return tuple(PackageView.of(row) for row in Package.all())


def package(package_id: UUID) -> PackageView:
    """One package."""
    return PackageView.of(_get(Package, package_id))


def addons() -> tuple[AddonView, ...]:
    """Every add-on, in order."""
    limits = packages_of_addons()
    return tuple(AddonView.of(row, limits.get(row.id, [])) for row in Addon.all())


def addon(addon_id: UUID) -> AddonView:
    """One add-on."""
    return AddonView.of(_get(Addon, addon_id), packages_of_addons().get(addon_id, []))


def offers(currency: str) -> Offers:
    """What a proposal in this currency can be made of."""
    return Offers(
        tuple(each for each in packages() if each.active and each.currency == currency),
        tuple(each for each in addons() if each.active and each.currency == currency),
    )


# --- packages --------------------------------------------------------------------------------------------------


@writes
def create_package(terms: PackageTerms, *, key: str = "") -> UUID:
    """Add a package at the end of the list. The same `key` answers with the first result."""
    if made := once.result(key):
        return UUID(made)
    _check_package(terms)
    row = _add(Package, terms.name, terms.slug, _package_columns(terms))
    once.keep(key, str(row.id))
    return row.id


@writes
def edit_package(package_id: UUID, terms: PackageTerms, revision: int) -> None:
    """Change a package that is still at `revision`."""
    _check_package(terms)
    _edit(_get(Package, package_id), terms.name, terms.slug, _package_columns(terms), revision)


@writes
def duplicate_package(package_id: UUID) -> UUID:
    """A copy at the end of the list, not featured."""
    source = PackageView.of(_get(Package, package_id))
    columns = _package_columns(source) | {"is_featured": False, "active": source.active}
    return _add(Package, _copy_name(source.name), "", columns).id


def set_package_active(package_id: UUID, active: bool) -> None:
    """Offer a package, or stop offering it; documents that have it keep it."""
    _set_active(Package, package_id, active)


def reorder_packages(ids: Sequence[UUID]) -> None:
    """Put packages into this order; those not named stay behind them."""
    _reorder(Package, ids)


def move_package(package_id: UUID, step: int) -> None:
    """Move a package up (-1) or down (1)."""
    _move(Package, package_id, step)


# --- add-ons ---------------------------------------------------------------------------------------------------


@writes
def create_addon(terms: AddonTerms, *, key: str = "") -> UUID:
    """Add an add-on at the end of the list. The same `key` answers with the first result."""
    if made := once.result(key):
        return UUID(made)
    _check_addon(terms)
    row = _add(Addon, terms.name, terms.slug, _addon_columns(terms))
    limit_addon(row.id, terms.package_ids)
    once.keep(key, str(row.id))
    return row.id


@writes
def edit_addon(addon_id: UUID, terms: AddonTerms, revision: int) -> None:
    """Change an add-on that is still at `revision`."""
    _check_addon(terms)
    _edit(_get(Addon, addon_id), terms.name, terms.slug, _addon_columns(terms), revision)
    limit_addon(addon_id, terms.package_ids)


@writes
def duplicate_addon(addon_id: UUID) -> UUID:
    """A copy at the end of the list, for the same packages."""
    source = addon(addon_id)
    row = _add(Addon, _copy_name(source.name), "", _addon_columns(source) | {"active": source.active})
    limit_addon(row.id, source.package_ids)
    return row.id


def set_addon_active(addon_id: UUID, active: bool) -> None:
    """Offer an add-on, or stop offering it; documents that have it keep it."""
    _set_active(Addon, addon_id, active)


def reorder_addons(ids: Sequence[UUID]) -> None:
    """Put add-ons into this order; those not named stay behind them."""
    _reorder(Addon, ids)


def move_addon(addon_id: UUID, step: int) -> None:
    """Move an add-on up (-1) or down (1)."""
    _move(Addon, addon_id, step)


# --- what makes sense ------------------------------------------------------------------------------------------


def _check_package(terms: PackageTerms) -> None:
    errors = _negative(terms.setup_fee, "setup_fee")
    errors |= _negative(terms.one_time_price, "one_time_price") | _negative(terms.monthly_price, "monthly_price")
    wanted = {
        PricingModel.SUBSCRIPTION: ("monthly_price",),
        PricingModel.LUMP_SUM: ("one_time_price",),
        PricingModel.HYBRID: ("one_time_price", "monthly_price"),
    }[terms.pricing_model]
    for field in ("one_time_price", "monthly_price"):
        if field in wanted and not getattr(terms, field):
            errors.setdefault(field, _("This way of pricing needs a price here."))
        if field not in wanted and getattr(terms, field):
            errors.setdefault(field, _("This way of pricing has no such price. Empty it, or choose both."))
    if terms.minimum_term_months and "monthly_price" not in wanted:
        errors["minimum_term_months"] = _("Only what is paid monthly has a minimum term.")
    if errors:
        raise Invalid(errors)


def _check_addon(terms: AddonTerms) -> None:
    errors = _negative(terms.price, "price")
    if not terms.price:
        errors["price"] = _("Write a price.")
    if terms.pricing_type is AddonPricing.PER_UNIT and not terms.unit_label:
        errors["unit_label"] = _("Say what is counted: page, language, hour.")
    if set(terms.package_ids) - {row.id for row in Package.all()}:
        errors["packages"] = _("One of these packages does not exist any more.")
    if errors:
        raise Invalid(errors)


def _negative(minor: int, field: str) -> dict[str, str]:
    return {field: _("A price is not negative.")} if minor < 0 else {}


# --- what both have in common ----------------------------------------------------------------------------------


def _package_columns(terms: PackageTerms) -> dict[str, Any]:
    names = set(PackageTerms.__dataclass_fields__) - {"name", "slug"}
    columns = {name: getattr(terms, name) for name in names}
    return columns | {"included_features": list(terms.included_features)}


def _addon_columns(terms: AddonTerms) -> dict[str, Any]:
    names = set(AddonTerms.__dataclass_fields__) - {"name", "slug", "package_ids"}
    columns = {name: getattr(terms, name) for name in names}
    return columns | {"unit_label": terms.unit_label if terms.pricing_type is AddonPricing.PER_UNIT else ""}


def _get(model: type[I], item_id: UUID) -> I:
    row = model.find(item_id)
    if row is None:
        raise NotFound(_("This item of the catalogue does not exist."))
    return row


def _add(model: type[I], name: str, slug: str, columns: dict[str, Any]) -> I:
    if model.count() >= MOST:
        raise Conflict(_("The catalogue holds at most %(most)s of each kind.", most=MOST))
    slug = slug or _free_slug(name, model.slugs())
    row = model(name=name, slug=slug, display_order=model.last_order() + 1, **columns)
    _save(row)
    audit.log(f"{_word(row)}.created", subject=ref(_word(row), row.id), detail={"name": name})
    return row


def _edit(row: Item, name: str, slug: str, columns: dict[str, Any], revision: int) -> None:
    if row.revision != revision:
        raise Conflict(_("Somebody else changed this in the meantime. Reload to see it; your text is still here."))
    row.name, row.slug = name, slug or row.slug
    for column, value in columns.items():
        setattr(row, column, value)
    _save(row)
    audit.log(f"{_word(row)}.edited", subject=ref(_word(row), row.id), detail={"name": name})


def _save(row: Item) -> None:
    slug = row.slug
    try:
        save(row)
    except Clash:
        raise Invalid({"slug": _("“%(slug)s” is taken. Choose another address.", slug=slug)}) from None


@writes
def _set_active(model: type[Item], item_id: UUID, active: bool) -> None:
    row = _get(model, item_id)
    if row.active != active:
        row.active = active
        audit.log(f"{_word(row)}.{'activated' if active else 'deactivated'}", subject=ref(_word(row), row.id))


@writes
def _reorder(model: type[Item], ids: Iterable[UUID]) -> None:
    place = {item_id: number for number, item_id in enumerate(ids)}
    rows = sorted(model.all(), key=lambda row: place.get(row.id, len(place)))
    for number, row in enumerate(rows):
        row.display_order = number


@writes
def _move(model: type[Item], item_id: UUID, step: int) -> None:
    order = [row.id for row in model.all()]
    at = order.index(_get(model, item_id).id)
    order.insert(max(0, min(len(order) - 1, at + step)), order.pop(at))
    _reorder(model, order)


def _word(row: Item) -> str:
    return "package" if isinstance(row, Package) else "addon"


def _copy_name(name: str) -> str:
    copied = _("%(name)s (Copy)", name=name)
    return (
        copied if len(copied) <= NAME else _("%(name)s (Copy)", name=name[: NAME - (len(copied) - len(name)) - 1] + "…")
    )


def _free_slug(name: str, taken: set[str]) -> str:
    """A readable address of a name, numbered when it is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: SLUG - 4].rstrip("-") or "item"
    base = base if len(base) > 1 else f"{base}-1"
    numbered = (f"{base}-{number}" for number in range(2, MOST + 2))
    return base if base not in taken else next(slug for slug in numbered if slug not in taken)
