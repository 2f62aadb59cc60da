"""What a country most likely brings along: currency, language, time zone, tax. Every value can be changed."""

from __future__ import annotations

import functools
import zoneinfo

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import get_territory_currencies

from webkit.core.kernel import i18n
from webkit.core.kernel.currencies import CURRENCIES
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.pricing import schemes
from webkit.pricing.errors import PricingError

# Where most people of a country with several zones live.
_ZONES = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "ID": "Asia/Jakarta",
    "MX": "America/Mexico_City",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "US": "America/New_York",
}
DOCUMENT_LOCALES = ("en-AU", "en-CA", "en-GB", "en-IE", "en-NZ", "en-US", "it-CH", "it-IT")
"""Languages a document can speak, with the countries whose way of writing dates and amounts is offered."""


@dataclass(frozen=True, slots=True)
class Region:
    """What is proposed for a country."""

    currency: str
    locale: str
    timezone: str
    tax_scheme: str
    tax_rate: str


def propose(country: str) -> Region:
    """Defaults for an agency in `country` (ISO 3166, two letters)."""
    currencies = [code for code in get_territory_currencies(country) if code in CURRENCIES]
    scheme = schemes.default_scheme(country)
    return Region(
        currency=currencies[-1] if currencies else "EUR",
        locale=_locale(country),
        timezone=_timezone(country),
        tax_scheme=scheme.key,
        tax_rate=scheme.rows[0].key,
    )


@functools.cache
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """(code, name) of every country, sorted by its name in `language`."""
    names = Locale.parse(language, sep="-").territories
    found = [(code, names[code]) for code in get_global("territory_zones") if code in names and _is_country(code)]
    return tuple(sorted(found, key=lambda pair: pair[1]))


LANGUAGES_OF_NAMES = ("en", "it", "de", "fr", "es", "pt", "nl")


def country_code(text: str) -> str:
    """The country somebody wrote: its code of two or three letters, or its name in a language of ours. Else empty."""
    return _country_words().get(text.strip().casefold(), "")


@functools.cache
def _country_words() -> dict[str, str]:
    known = country_codes()
    words = {"uk": "GB", "usa": "US", "u.k.": "GB", "u.s.a.": "US", "england": "GB", "el": "GR"}
    for language in LANGUAGES_OF_NAMES:
        words |= {name.casefold(): code for code, name in countries(language)}
    threes = get_global("territory_aliases")
    words |= {three.casefold(): ones[0] for three, ones in threes.items() if len(three) == 3 and ones[0] in known}
    return words | {code.casefold(): code for code in known}


@functools.cache
def country_codes() -> frozenset[str]:
    return frozenset(code for code, _ in countries("en"))


@functools.cache
def timezones() -> tuple[str, ...]:
    """Every IANA zone named after a place, and UTC."""
    named = (zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith(("Etc/", "System")))
    return ("UTC", *sorted(named))


@functools.cache
def locales(language: str) -> tuple[tuple[str, str], ...]:
    """(code, name) of the languages documents can be written in, named in `language`."""
    speaker = Locale.parse(language, sep="-")
    return tuple((code, Locale.parse(code, sep="-").get_display_name(speaker) or code) for code in DOCUMENT_LOCALES)


@functools.cache
def currencies(language: str) -> tuple[tuple[str, str], ...]:
    """(code, "EUR · Euro") of every currency in use."""
    names = Locale.parse(language, sep="-").currencies
    return tuple((code, f"{code} · {names.get(code, code)}") for code in sorted(CURRENCIES))


def scheme(key: str) -> schemes.Scheme:
    """The tax scheme with this key. Raises DomainError."""
    try:
        return schemes.find(key)
    except PricingError:
        raise DomainError(_("Please choose one of the offered values."), "tax_scheme") from None


def tax_schemes() -> tuple[tuple[str, str], ...]:
    """(key, name) of every tax scheme, its tax in the reader's words."""
    return tuple((each.key, _(each.name).replace(each.tax_name, _(each.tax_name))) for each in schemes.for_choice())


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isalpha() and code not in ("ZZ", "EU", "UN", "EZ", "XA", "XB", "AQ")


def _locale(country: str) -> str:
    try:
        language = Locale.parse(f"und_{country}").language
    except (ValueError, UnknownLocaleError):
        language = i18n.DEFAULT
    wanted = f"{language}-{country}" if language in i18n.LOCALES else f"en-{country}"
    return wanted if wanted in DOCUMENT_LOCALES else ("it-IT" if language == "it" else "en-GB")


def _timezone(country: str) -> str:
    if country in _ZONES:
        return _ZONES[country]
    zones = get_global("territory_zones").get(country, ())
    return next((zone for zone in zones if zone in zoneinfo.available_timezones()), "UTC")
