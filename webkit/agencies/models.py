"""Agencies and what is printed of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import session
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.sealed import Sealed
from webkit.core.kernel.tables import Json, Owned, Record, owned_args
from webkit.core.kernel.tenancy import mine, prepared


class Agency(Record):
    """What every page and every door needs to know; not scoped, because it is what a door looks up.

    `tier` is the operator's to set; empty is the installation's.
    """

    __tablename__ = "agencies"

    slug: Mapped[str] = mapped_column(sa.String(50), unique=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    currency: Mapped[str] = mapped_column(sa.String(3))
    country: Mapped[str] = mapped_column(sa.String(2))
    locale: Mapped[str] = mapped_column(sa.String(16))
    timezone: Mapped[str] = mapped_column(sa.String(64))
    brand: Mapped[str] = mapped_column(sa.String(7))
    tier: Mapped[str] = mapped_column(sa.String(16), default="", server_default="")
    closed: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")
    """Why nobody gets in for now, if the operator has closed it."""
    goes_on: Mapped[date | None]
    """The day on which it is deleted, if its owner has asked for that."""
    second_from: Mapped[date | None]
    """The day from which everybody who enters needs a second factor, if the agency demands one."""
    domain: Mapped[str] = mapped_column(sa.String(253), default="", server_default="")
    """The name that links for its clients are written with; the platform's where there is none."""


class Profile(Owned):
    """Legal data, bank account and habits of an agency, behind the tenancy walls. One row each."""

    __tablename__ = "agency_profiles"
    __table_args__ = owned_args(sa.UniqueConstraint("agency_id"))

    legal_name: Mapped[str] = mapped_column(sa.String(200), default="")
    street: Mapped[str] = mapped_column(sa.String(200), default="")
    postcode: Mapped[str] = mapped_column(sa.String(20), default="")
    city: Mapped[str] = mapped_column(sa.String(100), default="")
    region: Mapped[str] = mapped_column(sa.String(100), default="")
    tax_id: Mapped[str] = mapped_column(Sealed("agency_profiles.tax_id", 40), default="")
    email: Mapped[str] = mapped_column(sa.String(255), default="")
    phone: Mapped[str] = mapped_column(sa.String(40), default="")
    website: Mapped[str] = mapped_column(sa.String(2048), default="")
    bank_account_name: Mapped[str] = mapped_column(Sealed("agency_profiles.bank_account_name", 200), default="")
    bank_iban: Mapped[str] = mapped_column(Sealed("agency_profiles.bank_iban", 40), default="")
    bank_bic: Mapped[str] = mapped_column(Sealed("agency_profiles.bank_bic", 20), default="")
    bank_text: Mapped[str] = mapped_column(Sealed("agency_profiles.bank_text", 500), default="")
    tax_scheme: Mapped[str] = mapped_column(sa.String(32))
    tax_rate: Mapped[str] = mapped_column(sa.String(32))
    payment_days: Mapped[int] = mapped_column(default=14)
    payment_rule: Mapped[str] = mapped_column(sa.String(16), default="net", server_default="net")
    proposal_days: Mapped[int] = mapped_column(default=30)
    patterns: Mapped[dict[str, str]] = mapped_column(Json)
    habits: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")
    """What documents carry besides lines and tax: pension fund, withholding and the like."""
    voice: Mapped[str] = mapped_column(sa.String(16), default="plain", server_default="plain")
    voice_words: Mapped[str] = mapped_column(sa.String(500), default="", server_default="")
    writing_locale: Mapped[str] = mapped_column(sa.String(16), default="", server_default="")


class NumberSeries(Owned):
    """Another series of numbers for invoices, of a branch for example. Its `key` names its counters and never changes;
    one that was used is closed, not deleted."""

    __tablename__ = "number_series"
    __table_args__ = owned_args(sa.UniqueConstraint("agency_id", "key"))

    key: Mapped[str] = mapped_column(sa.String(10))
    name: Mapped[str] = mapped_column(sa.String(60))
    pattern: Mapped[str] = mapped_column(sa.String(40))
    closed: Mapped[bool] = mapped_column(default=False)


def number_series() -> list[NumberSeries]:
    """Oldest first."""
    return list(session().scalars(sa.select(NumberSeries).order_by(NumberSeries.id)))


def add_series(series: NumberSeries) -> None:
    session().add(series)
    session().flush()


def by_slug(slug: str) -> Agency | None:
    return session().scalars(sa.select(Agency).where(Agency.slug == slug)).one_or_none()


def by_id(agency_id: UUID) -> Agency | None:
    return session().get(Agency, agency_id)


def tier_of(agency_id: UUID) -> tuple[str, datetime]:
    """The tier it was given, and when it was founded."""
    row = session().execute(sa.select(Agency.tier, Agency.created_at).where(Agency.id == agency_id)).one()
    return row.tier, row.created_at


def founded(since: datetime, until: datetime) -> list[UUID]:
    query = sa.select(Agency.id).where(Agency.created_at > since, Agency.created_at <= until)
    return list(session().scalars(query.order_by(Agency.created_at, Agency.id)))


def tiers() -> list[tuple[str, str]]:
    """Slug and tier of every agency, by slug."""
    return [(row[0], row[1]) for row in session().execute(sa.select(Agency.slug, Agency.tier).order_by(Agency.slug))]


def set_tier(slug: str, tier: str) -> bool:
    """Store a tier, inside a write; False for a slug nobody has."""
    query = sa.update(Agency).where(Agency.slug == slug).values(tier=tier).returning(Agency.id)
    return session().scalars(query).one_or_none() is not None


def by_ids(ids: list[UUID]) -> list[Agency]:
    """These agencies, by name."""
    return list(session().scalars(sa.select(Agency).where(Agency.id.in_(ids)).order_by(Agency.name, Agency.id)))


def all_ids() -> list[UUID]:
    return list(session().scalars(sa.select(Agency.id).order_by(Agency.id)))


def slugs_like(slug: str) -> set[str]:
    """Slugs that are `slug` or begin with it and a hyphen."""
    taken = sa.or_(Agency.slug == slug, Agency.slug.startswith(slug + "-", autoescape=True))
    return set(session().scalars(sa.select(Agency.slug).where(taken)))


LOOK_ALIKES = (("-", ""), ("0", "o"), ("1", "l"), ("i", "l"), ("rn", "m"), ("vv", "w"))
"""What is read as the same at a glance."""


def looks_taken(slug: str) -> bool:
    """Whether another agency's address differs only in what the eye passes over."""
    wanted, looks = slug, Agency.slug.expression
    for sign, as_if in LOOK_ALIKES:
        wanted, looks = wanted.replace(sign, as_if), sa.func.replace(looks, sign, as_if)
    return session().scalars(sa.select(Agency.id).where(looks == wanted).limit(1)).first() is not None


def add(agency: dict[str, Any], profile: dict[str, Any]) -> Agency:
    """Insert both rows, inside a write through the platform's door. Raises Conflict for a slug that is taken."""
    row = Agency(**agency)
    session().add(row)
    _flush_slug()
    session().add(Profile(agency_id=row.id, **profile))
    session().flush()
    return row


@prepared
def _told() -> sa.Executable:
    columns = [column for name, column in sa.inspect(Profile).columns.items() if name not in ("id", "created_at")]
    place = (Agency.currency, Agency.country, Agency.locale, Agency.timezone)
    own = sa.and_(Agency.id == Profile.agency_id, mine(Profile))
    rest = (Agency.brand, Agency.closed, Agency.goes_on, Agency.second_from, Agency.domain)
    shown = (Agency.id, Agency.slug, Agency.name, *place, *rest)
    return sa.select(*shown, *columns).join(Profile, own).where(Agency.id == sa.bindparam("agency"))


def told() -> Any:
    """Everything documents say about the agency whose door is open, in one row of columns of both tables."""
    return _told()[0]


def own_profile() -> Profile:
    """The profile of the agency whose door is open."""
    return session().scalars(sa.select(Profile)).one()


def update(agency_id: UUID, agency: dict[str, Any], profile: dict[str, Any]) -> None:
    """Store changed values of the current agency, inside a write."""
    row, own = session().get_one(Agency, agency_id), own_profile()
    for name, value in agency.items():
        setattr(row, name, value)
    for name, value in profile.items():
        setattr(own, name, value)
    session().flush()


def _flush_slug() -> None:
    try:
        session().flush()
    except sa.exc.IntegrityError:
        raise Conflict(_("This address is taken. Please choose another one."), "slug") from None


def found(words: str, limit: int, before: UUID | None, *, closed: bool = False) -> list[Agency]:
    """Agencies whose name or address holds this, the newest first."""
    query = sa.select(Agency).order_by(Agency.id.desc()).limit(limit)
    if words:
        like = (Agency.slug.icontains(words, autoescape=True), Agency.name.icontains(words, autoescape=True))
        query = query.where(sa.or_(*like))
    if closed:
        query = query.where(Agency.closed != "")
    if before is not None:
        query = query.where(Agency.id < before)
    return list(session().scalars(query))


def closed_ids() -> set[UUID]:
    return set(session().scalars(sa.select(Agency.id).where(Agency.closed != "")))


def set_closed(agency_id: UUID, why: str) -> bool:
    """Store why nobody gets in, or with none that everybody does, inside a write."""
    query = sa.update(Agency).where(Agency.id == agency_id).values(closed=why).returning(Agency.id)
    return session().scalars(query).one_or_none() is not None


def set_goes_on(agency_id: UUID, day: date | None) -> None:
    """Store on which day it is deleted, inside a write."""
    session().execute(sa.update(Agency).where(Agency.id == agency_id).values(goes_on=day))


def set_domain(agency_id: UUID, host: str) -> None:
    """Store with which name links are written, inside a write."""
    session().execute(sa.update(Agency).where(Agency.id == agency_id).values(domain=host))


def set_second_from(agency_id: UUID, day: date | None) -> None:
    """Store from which day everybody needs a second factor, inside a write."""
    session().execute(sa.update(Agency).where(Agency.id == agency_id).values(second_from=day))


def bury(agency_id: UUID, slug: str, why: str) -> None:
    """Close it for good and free its address, inside a write."""
    gone = {"slug": slug, "closed": why, "goes_on": None, "domain": ""}
    session().execute(sa.update(Agency).where(Agency.id == agency_id).values(**gone))
