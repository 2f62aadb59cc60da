"""What can be known and changed about agencies."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from importlib.metadata import version
from typing import Any
from uuid import UUID

from webkit.agencies import models, regions
from webkit.agencies.models import Agency
from webkit.agencies.regions import country_code as country_code
from webkit.core.kernel import addresses, audit, clock, counters, entitlements, entrances, tenancy
from webkit.core.kernel.crypto import digest
from webkit.core.kernel.db import asked_once, writes
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.doors import reserved_slugs
from webkit.core.kernel.entitlements import Feature
from webkit.core.kernel.errors import DomainError, NotFound
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.pricing.habits import Habits

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,48}[a-z0-9])")
PATTERNS = {
    "proposal": "PRO-{year}-{n:03}",
    "quotation": "QUO-{year}-{n:03}",
    "contract": "CON-{year}-{n:03}",
    "invoice": "INV-{year}-{n:04}",
    "credit_note": "CRN-{year}-{n:04}",
    "pro_forma": "PF-{year}-{n:03}",
}
"""The series of numbers an agency has, and how they look until it says otherwise."""
BRAND = "#2438d6"
KEPT_SLUGS = frozenset(
    [
        "about",
        "account",
        "accounts",
        "admin",
        "api",
        "app",
        "auth",
        "billing",
        "blog",
        "contact",
        "dashboard",
        "docs",
        "help",
        "home",
        "legal",
        "login",
        "logout",
        "mail",
        "platform",
        "privacy",
        "profile",
        "register",
        "root",
        "security",
        "settings",
        "signup",
        "staff",
        "status",
        "super-admin",
        "support",
        "system",
        "terms",
        "webmaster",
        "www",
    ]
)
"""Addresses that sound like the platform, whether or not it has such pages."""
VOICES = ("plain", "formal", "friendly", "direct")
"""How an agency may sound in what is written for it."""
PAYMENT_RULES = ("net", "receipt", "month_end")
"""How the days to pay are counted: after the issue, not at all, or after the end of its month."""
TIERS = ("free", "starter", "growth", "enterprise")


@dataclass(frozen=True, slots=True)
class Bank:
    """Where clients send money; `text` is for whatever a country needs besides an IBAN."""

    account_name: str
    iban: str
    bic: str
    text: str


@dataclass(frozen=True, slots=True)
class AgencyProfile:
    """Everything documents say about their sender, and the habits documents start from."""

    slug: str
    name: str
    legal_name: str
    street: str
    postcode: str
    city: str
    region: str
    address_lines: tuple[str, ...]
    country: str
    tax_id: str
    email: str
    phone: str
    website: str
    bank: Bank
    currency: str
    locale: str
    timezone: str
    brand: str
    tax_scheme: str
    tax_rate: str
    habits: Habits
    payment_days: int
    payment_rule: str
    proposal_days: int
    patterns: Mapping[str, str]
    voice: str
    voice_words: str
    writing_locale: str


@dataclass(frozen=True, slots=True)
class NewAgency:
    """What an agency is founded with; the rest is proposed from its country."""

    name: str
    slug: str
    country: str
    currency: str
    locale: str
    timezone: str
    tax_scheme: str
    brand: str = BRAND
    email: str = ""


def by_slug(slug: str) -> AgencyView | None:
    """The agency under this address, in any unit."""
    row = models.by_slug(slug)
    return _view(row) if row else None


@asked_once
def by_id(agency_id: UUID) -> AgencyView | None:
    """The agency with this id, in any unit."""
    row = models.by_id(agency_id)
    return _view(row) if row else None


def by_ids(ids: list[UUID]) -> list[AgencyView]:
    """These agencies, by name, in any unit."""
    return [_view(row) for row in models.by_ids(ids)]


def all_ids() -> list[UUID]:
    """Every agency's id, oldest first."""
    return models.all_ids()


def propose_slug(name: str) -> str:
    """A free address for an agency of this name."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:46].strip("-")
    slug = slug if len(slug) >= 3 else f"{slug or 'my'}-agency"
    taken = models.slugs_like(slug) | reserved_slugs() | KEPT_SLUGS
    free = (name for name in (slug, *(f"{slug}-{n}" for n in range(2, 1000))) if name not in taken)
    return next(name for name in free if not models.looks_taken(name))


def check_slug(slug: str) -> str | None:
    """What is wrong with an address an agency would like, as a sentence; None when it can be had."""
    if not SLUG.fullmatch(slug):
        return _("Three to fifty small letters, digits and hyphens, please, like northwind-studio.")
    if slug in reserved_slugs() or slug in KEPT_SLUGS:
        return _("This address is used by the platform itself. Please choose another one.")
    if models.by_slug(slug) is not None:
        return _("This address is taken. Please choose another one.")
    if models.looks_taken(slug):
        return _("This address looks like that of another agency. Please choose another one.")
    return None


@writes
def found(new: NewAgency) -> AgencyView:
    """Make an agency, through the platform's door: whoever founds it is not yet inside. Raises DomainError."""
    if problem := check_slug(new.slug):
        raise DomainError(problem, "slug")
    shown = {name: getattr(new, name) for name in ("slug", "name", "currency", "country", "locale", "timezone")}
    scheme = regions.scheme(new.tax_scheme)
    profile = {"tax_scheme": scheme.key, "tax_rate": scheme.rows[0].key, "patterns": PATTERNS, "email": new.email}
    row = models.add({**shown, "brand": new.brand}, {**profile, "legal_name": new.name})
    audit.log("agency.founded", subject=ref("agency", row.id), detail={"slug": row.slug})
    return _view(row)


def here() -> AgencyView:
    """The agency whose door is open."""
    agency = by_id(tenancy.agency_id())
    assert agency is not None  # a door opens only for an agency that exists
    return agency


def today() -> date:
    """The calendar date at the agency's place."""
    return clock.today(here().timezone)


@asked_once
def profile() -> AgencyProfile:
    """The profile of the agency whose door is open."""
    own = models.told()
    by_id.know(_view(own), own.id)
    return AgencyProfile(
        slug=own.slug,
        name=own.name,
        legal_name=own.legal_name or own.name,
        street=own.street,
        postcode=own.postcode,
        city=own.city,
        region=own.region,
        address_lines=addresses.lines(own.street, own.postcode, own.city, own.region, own.country),
        country=own.country,
        tax_id=own.tax_id,
        email=own.email,
        phone=own.phone,
        website=own.website,
        bank=Bank(own.bank_account_name, own.bank_iban, own.bank_bic, own.bank_text),
        currency=own.currency,
        locale=own.locale,
        timezone=own.timezone,
        brand=own.brand,
        tax_scheme=own.tax_scheme,
        tax_rate=own.tax_rate,
        habits=Habits.from_dict(own.habits),
        payment_days=own.payment_days,
        payment_rule=own.payment_rule,
        proposal_days=own.proposal_days,
        patterns={**PATTERNS, **own.patterns},
        voice=own.voice,
        voice_words=own.voice_words,
        writing_locale=own.writing_locale,
    )


@dataclass(frozen=True, slots=True)
class InvoiceSeries:
    """A series of numbers for invoices; without a key it is the first one."""

    key: str
    name: str
    pattern: str
    closed: bool = False

    @property
    def counter(self) -> str:
        """What its counters are called."""
        return counters.branched("invoice", self.key)


def invoice_series() -> list[InvoiceSeries]:
    """The agency's further series of invoices, oldest first; closed ones too, for what was begun with them."""
    return [InvoiceSeries(row.key, row.name, row.pattern, row.closed) for row in models.number_series()]


def series_of(key: str) -> InvoiceSeries:
    """The series a new invoice counts in. Raises DomainError for one that is closed."""
    if not key:
        return InvoiceSeries("", "", profile().patterns["invoice"])
    found = next((each for each in invoice_series() if each.key == key and not each.closed), None)
    if found is None:
        raise DomainError(_("This series of numbers is closed. Please choose another one."), "series")
    return found


@asked_once
def given_tier() -> tuple[str, datetime]:
    """The tier the operator gave the current agency, "" for the installation's; and when it was founded."""
    return models.tier_of(tenancy.agency_id())


def founded(since: datetime, until: datetime) -> list[UUID]:
    """The agencies that were founded after one moment and until another, in this order."""
    return models.founded(since, until)


def tiers() -> list[tuple[str, str]]:
    """Slug and tier of every agency; empty is the installation's."""
    return models.tiers()


@writes
def set_tier(slug: str, tier: str) -> None:
    """Give an agency a tier, or with none the installation's again. Raises NotFound."""
    if not models.set_tier(slug, tier):
        raise NotFound(_("There is no agency with this address."))
    audit.log("agency.tier", detail={"slug": slug, "tier": tier})


NO_BANK = Bank("", "", "", "")


def agency_snapshot(profile: AgencyProfile, *, with_bank: bool = True) -> dict[str, Any]:
    """What frozen documents and mails keep of their sender; the account only where somebody is to pay."""
    bank = profile.bank if with_bank else NO_BANK
    return {
        "slug": profile.slug,
        "name": profile.name,
        "legal_name": profile.legal_name,
        "lines": list(profile.address_lines),
        "country": profile.country,
        "tax_id": profile.tax_id,
        "email": profile.email,
        "phone": profile.phone,
        "website": profile.website,
        "brand": profile.brand,
        "timezone": profile.timezone,
        "locale": profile.locale,
        "currency": profile.currency,
        "bank": {"account_name": bank.account_name, "iban": bank.iban, "bic": bank.bic, "text": bank.text},
    }


AGENCY_FIELDS = ("name", "currency", "country", "locale", "timezone", "brand")


@writes
def change(values: Mapping[str, Any]) -> list[str]:
    """Store changed settings (names of columns) of the current agency; returns what really changed."""
    before = _stored()
    if values.get("tax_scheme", before["tax_scheme"]) != before["tax_scheme"]:
        values = {**values, "tax_rate": regions.scheme(values["tax_scheme"]).rows[0].key}
    changed = {name: value for name, value in values.items() if before[name] != value}
    if "brand" in changed:
        entitlements.require(Feature.CUSTOM_BRANDING)
    if changed:
        agency = {name: value for name, value in changed.items() if name in AGENCY_FIELDS}
        rest = {name: value for name, value in changed.items() if name not in AGENCY_FIELDS}
        models.update(tenancy.agency_id(), agency, rest)
        entrances.changed()
        audit.log("agency.changed", subject=ref("agency", tenancy.agency_id()), detail={"fields": sorted(changed)})
    return sorted(changed)


def changes_bank(values: Mapping[str, Any]) -> bool:
    """Whether these settings would send money to another account than now."""
    before = _stored()
    return any((before[name] or "") != (value or "") for name, value in values.items() if name.startswith("bank_"))


def settings() -> dict[str, Any]:
    """The current agency's settings as its form names them."""
    return _stored()


def _stored() -> dict[str, Any]:
    agency, own = by_id(tenancy.agency_id()), models.own_profile()
    columns = {name: getattr(own, name) for name in own.__table__.columns.keys()}  # noqa: SIM118
    return columns | {name: getattr(agency, name) for name in AGENCY_FIELDS}


def _view(row: Agency | Any) -> AgencyView:
    return AgencyView(
        id=row.id,
        slug=row.slug,
        name=row.name,
        currency=row.currency,
        country=row.country,
        locale=row.locale,
        timezone=row.timezone,
        brand=row.brand,
        theme=_theme(row.brand),
        closed=row.closed,
        goes_on=row.goes_on.isoformat() if row.goes_on else "",
        second_from=row.second_from.isoformat() if row.second_from else "",
        domain=row.domain,
    )


@functools.lru_cache(1024)
def _theme(brand: str) -> str:
    """Changes with the colour and with the release, whose palette may differ."""
    return digest(f"{version('webkit')}/{brand}".encode())[:10]


def search(words: str, *, limit: int, before: UUID | None = None, closed: bool = False) -> list[AgencyView]:
    """Agencies whose name or address holds this, the newest first: for those who look after all of them."""
    return [_view(row) for row in models.found(words, limit, before, closed=closed)]


def closed_ids() -> set[UUID]:
    """Agencies that nobody enters now: nothing is billed, charged or mailed for them by itself."""
    return models.closed_ids()


@writes
def close(agency_id: UUID, why: str) -> None:
    """Let nobody in, and show nothing under links, from the next request on. Raises NotFound."""
    if not models.set_closed(agency_id, why):
        raise NotFound(_("There is no such agency."))
    entrances.changed()
    audit.log("agency.closed", subject=ref("agency", agency_id), detail={"why": why})


@writes
def announce_end(agency_id: UUID, day: date | None) -> None:
    """Say on every page of an agency on which day it is deleted; None when it is not."""
    models.set_goes_on(agency_id, day)
    entrances.changed()


@writes
def demand_second(day: date | None) -> None:
    """From a day on let nobody into the current agency who has no second factor; None demands none."""
    agency_id = tenancy.agency_id()
    models.set_second_from(agency_id, day)
    entrances.changed()
    told = day.isoformat() if day else ""
    audit.log("agency.second_step_demanded", subject=ref("agency", agency_id), detail={"from": told})


@writes
def write_links_with(host: str) -> None:
    """Have links for the current agency's clients written with this name from now on; "" is the platform's."""
    models.set_domain(tenancy.agency_id(), host)
    entrances.changed()


@writes
def bury(agency_id: UUID) -> None:
    """Close an agency that was deleted for good; its address is free for another one. Its name stays with what a law
    keeps of it."""
    models.bury(agency_id, f"gone-{agency_id.hex}", _("This agency was deleted."))
    entrances.changed()


@writes
def open_again(agency_id: UUID) -> None:
    """Let everybody in again. Raises NotFound."""
    if not models.set_closed(agency_id, ""):
        raise NotFound(_("There is no such agency."))
    entrances.changed()
    audit.log("agency.opened", subject=ref("agency", agency_id))
