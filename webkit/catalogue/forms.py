"""Input shapes of the catalogue: what is typed, and the terms it means in the agency's currency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from werkzeug.datastructures import MultiDict

from webkit.catalogue.service import AddonPricing, AddonTerms, PackageTerms, PricingModel
from webkit.core.kernel.forms import Bound, Form, FormState, Line, MoneyText, Text, bind, wrong
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import MoneyError, parse_money
from webkit.pricing import Scheme

FEATURES, FEATURE = 40, 200


def _slug(value: str) -> str:
    letters = value.replace("-", "")
    if not (letters.isascii() and letters.isalnum() and value == value.lower() and value.strip("-") == value):
        raise wrong(_("Small letters, digits and hyphens only, like web-starter."))
    return value


def _features(value: str) -> str:
    lines = feature_lines(value)
    if len(lines) > FEATURES or any(len(line) > FEATURE for line in lines):
        raise wrong(_("At most %(n)d lines of %(m)d characters, please.", n=FEATURES, m=FEATURE))
    return value


Slug = Annotated[str, Field(min_length=2, max_length=50), AfterValidator(_slug)]


class ItemForm(Form):
    """What both kinds have."""

    name: Line(100, 2)  # type: ignore[valid-type]
    slug: Slug = ""
    description: Text(2000) = ""  # type: ignore[valid-type]
    tax_rate: Line(40) = ""  # type: ignore[valid-type]
    revision: int = Field(0, ge=0, lt=2**31 - 1)
    once: Line(64) = ""  # type: ignore[valid-type]


class PackageForm(ItemForm):
    """A package as typed."""

    pricing_model: PricingModel
    setup_fee: MoneyText = ""
    one_time_price: MoneyText = ""
    monthly_price: MoneyText = ""
    minimum_term_months: int = Field(0, ge=0, le=120)
    included_features: Annotated[str, Field(max_length=9000), AfterValidator(_features)] = ""
    max_pages: int | None = Field(None, ge=1, le=10_000)
    is_featured: bool = False


class AddonForm(ItemForm):
    """An add-on as typed."""

    pricing_type: AddonPricing
    price: MoneyText
    unit_label: Line(50) = ""  # type: ignore[valid-type]
    packages: list[UUID] = Field(default_factory=list, max_length=200)


def read_package(
    given: MultiDict[str, str], currency: str, scheme: Scheme
) -> tuple[Bound[PackageForm], PackageTerms | None]:
    """The form and the terms it means; none when something is wrong, which the form's state then says."""
    bound = bind(PackageForm, given)
    names = ("setup_fee", "one_time_price", "monthly_price")
    amounts = _amounts(bound.state, names, currency)
    _check_rate(bound.state, scheme)
    if not bound.ok or bound.state.errors:
        return bound, None
    form = bound.data
    return bound, PackageTerms(
        name=form.name,
        slug=form.slug,
        description=form.description,
        currency=currency,
        tax_rate=form.tax_rate,
        pricing_model=form.pricing_model,
        minimum_term_months=form.minimum_term_months,
        included_features=feature_lines(form.included_features),
        max_pages=form.max_pages,
        is_featured=form.is_featured,
        **amounts,
    )


def read_addon(given: MultiDict[str, str], currency: str, scheme: Scheme) -> tuple[Bound[AddonForm], AddonTerms | None]:
    """The form and the terms it means; none when something is wrong, which the form's state then says."""
    bound = bind(AddonForm, given)
    amounts = _amounts(bound.state, ("price",), currency)
    _check_rate(bound.state, scheme)
    if not bound.ok or bound.state.errors:
        return bound, None
    form = bound.data
    return bound, AddonTerms(
        name=form.name,
        slug=form.slug,
        description=form.description,
        currency=currency,
        tax_rate=form.tax_rate,
        pricing_type=form.pricing_type,
        price=amounts["price"],
        unit_label=form.unit_label,
        package_ids=tuple(form.packages),
    )


def feature_lines(text: str) -> tuple[str, ...]:
    """One feature a line, blank lines left out."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def add_errors(state: FormState, errors: Mapping[str, str]) -> FormState:
    """What the service refused, shown beside its fields."""
    state.errors.update(errors)
    return state


def _amounts(state: FormState, names: tuple[str, ...], currency: str) -> dict[str, int]:
    amounts = dict.fromkeys(names, 0)
    for name in names:
        typed = state.value(name).strip()
        if not typed or name in state.errors:
            continue
        try:
            amounts[name] = parse_money(typed, currency)
        except MoneyError as refusal:
            state.errors[name] = str(refusal)
    return amounts


def _check_rate(state: FormState, scheme: Scheme) -> None:
    key = state.value("tax_rate").strip()
    if key and key not in {row.key for row in scheme.rows}:
        state.errors.setdefault("tax_rate", _("Please choose one of the offered values."))
