"""Agencies without HTTP."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.factories.people import make_agency, make_person
from webkit.agencies import regions, service
from webkit.core.kernel import addresses, db, doors, tenancy
from webkit.core.kernel.crypto import canonical
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import DomainError


def test_an_address_is_made_from_the_name(app: Flask) -> None:
    with db.unit(db.Scope()):
        assert service.propose_slug("Northwind Studio S.r.l.") == "northwind-studio-s-r-l"
        assert service.propose_slug("Café Zoë & Söhne") == "cafe-zoe-sohne"
        assert service.propose_slug("東京") == "my-agency"
        assert service.propose_slug("X" * 100) == "x" * 46
        assert service.propose_slug("Account") == "account-2", "the platform's own addresses are not proposed"
    make_agency(make_person(), name="Northwind", slug="northwind")
    with db.unit(db.Scope()):
        assert service.propose_slug("Northwind!") == "northwind-2"


@pytest.mark.parametrize("slug", ["ab", "Northwind", "-north", "north-", "north_wind", "a" * 51, "nörd", "", "a/b"])
def test_addresses_that_cannot_be(app: Flask, slug: str) -> None:
    with db.unit(db.Scope()):
        assert service.check_slug(slug)


def test_every_first_word_of_a_route_is_reserved(app: Flask) -> None:
    reserved = doors.reserved_slugs()
    assert {"sign-in", "sign-out", "start", "account", "agencies", "static", "healthz", "webhooks"} <= reserved
    with db.unit(db.Scope()):
        for slug in reserved:
            assert service.check_slug(slug), slug


def test_a_taken_address(agency: AgencyView) -> None:
    with pytest.raises(DomainError, match="taken") as refused:
        make_agency(make_person(), name="Another", slug="northwind")
    assert refused.value.field == "slug"


def test_what_documents_keep_of_their_sender(agency: AgencyView) -> None:
    service.change({"street": "Via Savona 97", "postcode": "20144", "city": "Milano", "region": "MI", "tax_id": "IT1"})
    snapshot = service.agency_snapshot(service.profile())
    assert snapshot["lines"] == ["Via Savona 97", "20144 Milano (MI)"]
    assert (snapshot["slug"], snapshot["name"], snapshot["currency"]) == ("northwind", "Northwind Studio", "EUR")
    assert set(snapshot) == {
        *("slug", "name", "legal_name", "lines", "country", "tax_id", "email", "phone", "website", "brand"),
        *("timezone", "locale", "currency", "bank"),
    }
    canonical(snapshot)


def test_each_agency_has_its_own_profile(agency: AgencyView, other_agency: AgencyView) -> None:
    service.change({"bank_iban": "IT60X0542811101000000123456"})
    with tenancy.tenant(other_agency.id):
        assert service.profile().bank.iban == "" and service.profile().name == "Harbour & Pine"
    assert service.profile().bank.iban == "IT60X0542811101000000123456"


def test_only_what_changed_is_changed(agency: AgencyView) -> None:
    assert service.change({"name": "Northwind Studio", "city": "Milano"}) == ["city"]
    assert service.change({"city": "Milano"}) == []


def test_another_tax_scheme_brings_its_default_rate(agency: AgencyView) -> None:
    assert service.profile().tax_rate == "standard"
    service.change({"tax_scheme": "none"})
    assert service.profile().tax_rate == "none"


def test_the_look_has_a_version(agency: AgencyView) -> None:
    before = service.by_slug("northwind")
    service.change({"brand": "#1f5540"})
    after = service.by_slug("northwind")
    assert before is not None and after is not None and before.theme != after.theme


@pytest.mark.parametrize(
    ("country", "currency", "locale", "timezone", "scheme"),
    [
        ("IT", "EUR", "it-IT", "Europe/Rome", "it-vat"),
        ("AU", "AUD", "en-AU", "Australia/Sydney", "au-gst"),
        ("GB", "GBP", "en-GB", "Europe/London", "uk-vat"),
        ("DE", "EUR", "en-GB", "Europe/Berlin", "eu-de"),
        ("US", "USD", "en-US", "America/New_York", "none"),
        ("CH", "CHF", "en-GB", "Europe/Zurich", "ch-vat"),
    ],
)
def test_a_country_brings_along(country: str, currency: str, locale: str, timezone: str, scheme: str) -> None:
    region = regions.propose(country)
    assert (region.currency, region.locale, region.timezone, region.tax_scheme) == (currency, locale, timezone, scheme)


def test_every_country_has_a_usable_proposal() -> None:
    for country in regions.country_codes():
        region = regions.propose(country)
        assert region.currency in dict(regions.currencies("en")) and region.locale in regions.DOCUMENT_LOCALES
        assert region.timezone in regions.timezones() and regions.scheme(region.tax_scheme)


def test_addresses_as_their_post_wants_them() -> None:
    assert addresses.lines("84 Smith Street", "3066", "Collingwood", "VIC", "AU") == (
        "84 Smith Street",
        "Collingwood VIC 3066",
    )
    assert addresses.lines("Via Savona 97\nScala B", "20144", "Milano", "mi", "IT") == (
        "Via Savona 97",
        "Scala B",
        "20144 Milano (MI)",
    )
    assert addresses.lines("", "10115", "Berlin", "", "DE") == ("10115 Berlin",)
    assert addresses.lines("", "", "", "", "DE") == ()


@pytest.mark.parametrize(
    "slug", ["n0rthwind", "north-wind", "northvvind", "northw1nd", "support", "login", "no", "a--"]
)
def test_addresses_that_would_mislead(agency: AgencyView, slug: str) -> None:
    assert service.check_slug(slug)


def test_an_address_of_its_own(agency: AgencyView) -> None:
    assert service.check_slug("southwind") is None
    assert service.propose_slug("N0rthwind") not in ("n0rthwind", "northwind")
