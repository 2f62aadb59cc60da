"""What can be typed about an agency."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from webkit.agencies import regions, service
from webkit.core.kernel import counters, iban
from webkit.core.kernel.currencies import CURRENCIES
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.forms import Email, Form, Line, Text, Url, wrong
from webkit.core.kernel.i18n import gettext as _
from webkit.pricing import PricingError, tax_ids

_HEX = re.compile(r"#?[0-9a-fA-F]{6}")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")


def _among(known: Any) -> Any:
    def check(value: str) -> str:
        if value not in known():
            raise wrong(_("Please choose one of the offered values."))
        return value

    return AfterValidator(check)


def _colour(value: str) -> str:
    if not _HEX.fullmatch(value):
        raise wrong(_("A colour is written as # and six hexadecimal digits, like #2438d6."))
    return "#" + value.removeprefix("#").lower()


def _slug(value: str) -> str:
    if not service.SLUG.fullmatch(value):
        raise wrong(_("Three to fifty small letters, digits and hyphens, please, like northwind-studio."))
    return value


def _scheme(value: str) -> str:
    try:
        return regions.scheme(value).key
    except DomainError as error:
        raise wrong(error.message) from None


def _iban(value: str) -> str:
    plain = iban.plain(value)
    if not iban.is_valid(plain):
        raise wrong(_("This IBAN has a wrong digit somewhere. Please compare it with your bank's."))
    return plain


def _bic(value: str) -> str:
    plain = value.replace(" ", "").upper()
    if not _BIC.fullmatch(plain):
        raise wrong(_("A BIC has eight or eleven letters and digits, like UNCRITMM."))
    return plain


def _tax_id(value: str, info: ValidationInfo) -> str:
    """Checked by its digits as far as its country is known."""
    country = info.data.get("country")
    if not (value and country):
        return value
    try:
        return tax_ids.check(value, country).number
    except PricingError as error:
        raise wrong(error.message) from None


def _pattern(value: str) -> str:
    if problem := counters.check_pattern(value):
        raise wrong(problem)
    return value


Colour = Annotated[str, Field(max_length=7), AfterValidator(_colour)]
Slug = Annotated[str, Field(max_length=50), BeforeValidator(lambda v: v.strip().lower()), AfterValidator(_slug)]
Country = Annotated[str, _among(regions.country_codes)]
Currency = Annotated[str, _among(lambda: CURRENCIES)]
Locale = Annotated[str, _among(lambda: regions.DOCUMENT_LOCALES)]
Timezone = Annotated[str, _among(regions.timezones)]
TaxNumber = Annotated[Line(40), AfterValidator(_tax_id)]  # type: ignore[valid-type]
"""A tax number; stands after the field `country` in its form."""
TaxScheme = Annotated[str, Field(max_length=32), AfterValidator(_scheme)]
Pattern = Annotated[str, Field(max_length=40), AfterValidator(_pattern)]
Start = Annotated[int, Field(ge=1, le=counters.MOST)] | None


class AgencyForm(Form):
    """A new agency. Without an address one is made from the name; what a country brings along may be left out."""

    agency_name: Line(100, minimum=2)  # type: ignore[valid-type]
    slug: Slug | None = None
    country: Country
    currency: Currency | None = None
    locale: Locale | None = None
    timezone: Timezone | None = None
    tax_scheme: TaxScheme | None = None
    brand: Colour = service.BRAND

    def new_agency(self, email: str) -> service.NewAgency:
        """What to found, with proposals where nothing was said."""
        region = regions.propose(self.country)
        return service.NewAgency(
            name=self.agency_name,
            slug=self.slug or service.propose_slug(self.agency_name),
            country=self.country,
            currency=self.currency or region.currency,
            locale=self.locale or region.locale,
            timezone=self.timezone or region.timezone,
            tax_scheme=self.tax_scheme or region.tax_scheme,
            brand=self.brand,
            email=email,
        )


class SettingsForm(Form):
    """Everything an owner or admin may change; names are those of the columns."""

    name: Line(100, minimum=2)  # type: ignore[valid-type]
    legal_name: Line(200) = ""  # type: ignore[valid-type]
    street: Text(200) = ""  # type: ignore[valid-type]
    postcode: Line(20) = ""  # type: ignore[valid-type]
    city: Line(100) = ""  # type: ignore[valid-type]
    region: Line(100) = ""  # type: ignore[valid-type]
    country: Country
    tax_id: TaxNumber = ""  # type: ignore[valid-type]
    email: Email | None = None
    phone: Line(40) = ""  # type: ignore[valid-type]
    website: Url | None = None
    bank_account_name: Line(200) = ""  # type: ignore[valid-type]
    bank_iban: Annotated[Line(42), AfterValidator(_iban)] | None = None  # type: ignore[valid-type]
    bank_bic: Annotated[Line(14), AfterValidator(_bic)] | None = None  # type: ignore[valid-type]
    bank_text: Text(500) = ""  # type: ignore[valid-type]
    currency: Currency
    locale: Locale
    timezone: Timezone
    tax_scheme: TaxScheme
    brand: Colour
    payment_days: int = Field(ge=0, le=365)
    payment_rule: Annotated[str, _among(lambda: service.PAYMENT_RULES)] = service.PAYMENT_RULES[0]
    proposal_days: int = Field(ge=1, le=365)
    voice: Annotated[str, _among(lambda: service.VOICES)] = service.VOICES[0]
    voice_words: Text(500) = ""  # type: ignore[valid-type]
    writing_locale: Annotated[str, _among(lambda: ("", *regions.DOCUMENT_LOCALES))] = ""

    def values(self) -> dict[str, Any]:
        """Column names and values."""
        return {name: value or "" if value is None else value for name, value in self.model_dump().items()}


class NumbersForm(Form):
    """A pattern for each series, and the number it begins with where the agency has given numbers elsewhere before."""

    pattern_proposal: Pattern
    pattern_quotation: Pattern
    pattern_contract: Pattern
    pattern_invoice: Pattern
    pattern_credit_note: Pattern
    pattern_pro_forma: Pattern = service.PATTERNS["pro_forma"]
    start_proposal: Start = None
    start_quotation: Start = None
    start_contract: Start = None
    start_invoice: Start = None
    start_credit_note: Start = None
    start_pro_forma: Start = None

    def patterns(self) -> dict[str, str]:
        """By series."""
        return {series: getattr(self, f"pattern_{series}") for series in service.PATTERNS}

    def starts(self) -> dict[str, int]:
        """By series, where one was given."""
        given = {series: getattr(self, f"start_{series}") for series in service.PATTERNS}
        return {series: start for series, start in given.items() if start is not None}


class SeriesForm(Form):
    """Another series of numbers for invoices."""

    name: Line(60, 1)  # type: ignore[valid-type]
    pattern: Pattern
    start: Start = None
    closed: bool = False
