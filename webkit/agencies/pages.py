"""What the templates about agencies receive."""

from __future__ import annotations

from webkit.agencies import regions
from webkit.agencies.regions import Region
from webkit.core.kernel import i18n
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass

Options = tuple[tuple[str, str], ...]
BRANDS = ("#2438d6", "#1f5540", "#ffc800", "#b5332e", "#6d3fb5", "#475569")
"""Colours to begin with."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything that can be chosen about an agency, in the reader's language."""

    countries: Options
    currencies: Options
    locales: Options
    timezones: Options
    tax_schemes: Options
    voices: Options
    brands: tuple[str, ...] = BRANDS


def choices() -> Choices:
    """The lists of this request's language."""
    language = i18n.current_locale()
    return Choices(
        countries=regions.countries(language),
        currencies=regions.currencies(language),
        locales=regions.locales(language),
        timezones=tuple((zone, zone.replace("_", " ")) for zone in regions.timezones()),
        tax_schemes=regions.tax_schemes(),
        voices=(
            ("plain", _("Plain: short sentences, no jargon")),
            ("formal", _("Formal: complete, polite, restrained")),
            ("friendly", _("Friendly: warm, close to the reader")),
            ("direct", _("Direct: the point first, then why")),
        ),
    )


def proposed(country: str) -> Region:
    """What to show beside a chosen country."""
    return regions.propose(country if country in regions.country_codes() else "")


def in_words(region: Region) -> str:
    """A proposal on one line."""
    language = dict(choices().locales).get(region.locale, region.locale)
    tax = dict(choices().tax_schemes).get(region.tax_scheme, region.tax_scheme)
    return " · ".join((region.currency, language, region.timezone.replace("_", " "), tax))


def payment_rules() -> Options:
    """How days to pay are counted."""
    return (
        ("net", _("from the day of issue")),
        ("month_end", _("from the end of its month")),
        ("receipt", _("not at all: due on receipt")),
    )


def labels() -> dict[str, str]:
    """What the fields of the settings are called."""
    return {
        "name": _("Name"),
        "brand": _("Colour"),
        "legal_name": _("Legal name"),
        "email": _("E-mail"),
        "phone": _("Phone"),
        "website": _("Website"),
        "street": _("Street"),
        "postcode": _("Postcode"),
        "city": _("City"),
        "region": _("State or province"),
        "country": _("Country"),
        "tax_id": _("Tax number"),
        "tax_scheme": _("Tax on sales"),
        "currency": _("Currency"),
        "payment_days": _("Invoices are due after"),
        "payment_rule": _("Days to pay count"),
        "bank_account_name": _("Account holder"),
        "bank_iban": _("IBAN"),
        "bank_bic": _("BIC"),
        "bank_text": _("Other bank details"),
        "locale": _("Language of documents"),
        "timezone": _("Time zone"),
        "proposal_days": _("Proposals are valid for"),
        "voice": _("Voice"),
        "voice_words": _("In your own words"),
        "writing_locale": _("Language"),
    }


def series_labels() -> dict[str, str]:
    """What the series of numbers are called."""
    return {
        "proposal": _("Proposals"),
        "quotation": _("Quotations"),
        "contract": _("Contracts"),
        "invoice": _("Invoices"),
        "credit_note": _("Credit notes"),
        "pro_forma": _("Pro-forma invoices"),
    }


def number_labels() -> dict[str, str]:
    """What the fields of the numbers are called."""
    fields = {}
    for series, label in series_labels().items():
        fields[f"pattern_{series}"] = label
        fields[f"start_{series}"] = _("%(series)s begin with", series=label)
    return fields
