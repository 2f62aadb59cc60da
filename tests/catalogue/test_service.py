"""The catalogue without HTTP."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.factories.catalogue import addon_terms, package_terms
from webkit.catalogue import service
from webkit.catalogue.service import AddonPricing, Part, PricingModel
from webkit.core.kernel import audit, tenancy
from webkit.core.kernel.db import session
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.events import ref
from webkit.core.kernel.ids import uuid7
from webkit.pricing import Interval

pytestmark = pytest.mark.usefixtures("agency")


def test_a_package_is_kept_as_it_was_given() -> None:
    found = service.package(service.create_package(package_terms()))
    assert (found.name, found.slug, found.active, found.one_time_price) == (
        "Website Starter",
        "website-starter",
        True,
        480000,
    )
    assert found.included_features == ("Five pages", "Contact form")
    assert [(each.part, each.interval, each.minor) for each in found.prices] == [(Part.ONE_TIME, Interval.ONCE, 480000)]


def test_a_hybrid_package_has_up_to_three_prices() -> None:
    terms = package_terms(
        pricing_model=PricingModel.HYBRID, setup_fee=50000, monthly_price=9000, minimum_term_months=12
    )
    found = service.package(service.create_package(terms))
    assert [(each.part, each.interval) for each in found.prices] == [
        ("setup", "once"),
        ("one_time", "once"),
        ("monthly", "monthly"),
    ]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"one_time_price": 0}, {"one_time_price"}),
        ({"monthly_price": 100}, {"monthly_price"}),
        ({"minimum_term_months": 12}, {"minimum_term_months"}),
        ({"setup_fee": -1}, {"setup_fee"}),
        ({"pricing_model": PricingModel.SUBSCRIPTION}, {"one_time_price", "monthly_price"}),
        ({"pricing_model": PricingModel.HYBRID}, {"monthly_price"}),
    ],
)
def test_prices_fit_the_way_of_pricing(changes: dict, fields: set[str]) -> None:
    with pytest.raises(Invalid) as refused:
        service.create_package(package_terms(**changes))
    assert set(refused.value.errors) == fields
    assert not service.packages()


def test_the_same_key_makes_one_package() -> None:
    first = service.create_package(package_terms(), key="k")
    assert service.create_package(package_terms(name="Other"), key="k") == first
    assert len(service.packages()) == 1


def test_names_may_repeat_and_short_names_do_not() -> None:
    ids = [service.create_package(package_terms()) for _ in range(3)]
    assert [service.package(each).slug for each in ids] == ["website-starter", "website-starter-2", "website-starter-3"]
    with pytest.raises(Invalid) as refused:
        service.create_package(package_terms(slug="website-starter"))
    assert set(refused.value.errors) == {"slug"}
    assert len(service.packages()) == 3


@pytest.mark.parametrize(
    ("name", "slug"), [("Caffè & Bar", "caffe-bar"), ("网站", "item"), ("X1", "x1"), ("Ω x", "x-1")]
)
def test_short_names_are_readable(name: str, slug: str) -> None:
    assert service.package(service.create_package(package_terms(name=name))).slug == slug


def test_editing_keeps_what_documents_took() -> None:
    made = service.create_package(package_terms())
    service.edit_package(
        made, package_terms(name="Website Plus", one_time_price=500000), service.package(made).revision
    )
    found = service.package(made)
    assert (found.name, found.slug, found.one_time_price) == ("Website Plus", "website-starter", 500000)


def test_two_editors_do_not_overwrite_each_other() -> None:
    made = service.create_package(package_terms())
    seen = service.package(made).revision
    service.edit_package(made, package_terms(name="First"), seen)
    with pytest.raises(Conflict, match="Somebody else"):
        service.edit_package(made, package_terms(name="Second"), seen)
    assert service.package(made).name == "First"


def test_a_copy_says_so_and_is_not_featured() -> None:
    made = service.create_package(package_terms(is_featured=True))
    copy = service.package(service.duplicate_package(made))
    assert (copy.name, copy.slug, copy.is_featured) == ("Website Starter (Copy)", "website-starter-copy", False)
    assert copy.one_time_price == 480000
    long = service.package(service.duplicate_package(service.create_package(package_terms(name="n" * 100))))
    assert len(long.name) == 100 and long.name.endswith("… (Copy)")


def test_order() -> None:
    a, b, c = (service.create_package(package_terms(name=name)) for name in ("Aa", "Bb", "Cc"))
    service.move_package(c, -1)
    assert [each.id for each in service.packages()] == [a, c, b]
    service.move_package(a, -1)
    service.move_package(b, 1)
    assert [each.id for each in service.packages()] == [a, c, b]
    service.reorder_packages([b, uuid7(), a])
    assert [each.id for each in service.packages()] == [b, a, c]


def test_what_is_not_offered_cannot_be_proposed() -> None:
    a, b = service.create_package(package_terms(name="Aa")), service.create_package(package_terms(name="Bb"))
    service.create_package(package_terms(name="Yen", currency="JPY"))
    service.set_package_active(a, False)
    assert [each.id for each in service.offers("EUR").packages] == [b]
    service.set_package_active(a, True)
    assert [each.id for each in service.offers("EUR").packages] == [a, b]


def test_addons_may_be_limited_to_packages() -> None:
    package = service.create_package(package_terms())
    limited = service.create_addon(addon_terms(package_ids=(package,)))
    free = service.create_addon(addon_terms(name="Photos"))
    assert service.addon(limited).package_ids == (package,)
    assert service.addon(limited).fits(package) and not service.addon(limited).fits(uuid7())
    assert service.addon(free).fits(package) and service.addon(free).fits(None)
    copy = service.duplicate_addon(limited)
    assert service.addon(copy).package_ids == (package,)
    service.edit_addon(limited, addon_terms(), service.addon(limited).revision)
    assert service.addon(limited).package_ids == ()
    assert [each.name for each in service.offers("EUR").addons] == [
        "Second language",
        "Photos",
        "Second language (Copy)",
    ]


@pytest.mark.parametrize(
    ("kind", "interval", "part"),
    [(AddonPricing.ONE_TIME, "once", "one_time"), (AddonPricing.MONTHLY, "monthly", "monthly"),
     (AddonPricing.PER_UNIT, "once", "per_unit")],
)  # fmt: skip
def test_an_addon_has_one_price(kind: AddonPricing, interval: str, part: str) -> None:
    made = service.create_addon(addon_terms(pricing_type=kind, unit_label="page"))
    (price,) = service.addon(made).prices
    assert (price.interval, price.part, price.minor) == (interval, part, 95000)
    assert service.addon(made).unit_label == ("page" if kind is AddonPricing.PER_UNIT else "")


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"price": 0}, "price"), ({"price": -5}, "price"), ({"package_ids": (uuid7(),)}, "packages"),
     ({"pricing_type": AddonPricing.PER_UNIT}, "unit_label")],
)  # fmt: skip
def test_what_an_addon_needs(changes: dict, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        service.create_addon(addon_terms(**changes))
    assert set(refused.value.errors) == {field}


def test_what_is_not_there_is_not_found() -> None:
    for act in (service.package, service.addon, service.duplicate_package, service.duplicate_addon):
        with pytest.raises(NotFound):
            act(uuid7())
    with pytest.raises(NotFound):
        service.move_addon(uuid7(), 1)


def test_the_catalogue_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST", 1)
    service.create_package(package_terms())
    with pytest.raises(Conflict, match="at most 1"):
        service.create_package(package_terms())


def test_changes_are_in_the_audit_log() -> None:
    made = service.create_package(package_terms())
    service.set_package_active(made, False)
    service.set_package_active(made, False)
    entries = session().scalars(sa.select(audit.AuditEntry).order_by(audit.AuditEntry.id))
    actions = [entry.action for entry in entries if entry.subject == ref("package", made)]
    assert actions == ["package.created", "package.deactivated"]


def test_another_agency_has_its_own_catalogue(other_agency) -> None:
    made = service.create_package(package_terms())
    with tenancy.tenant(other_agency.id):
        assert not service.packages()
        with pytest.raises(NotFound):
            service.package(made)
        service.create_package(package_terms(slug="website-starter"))
    assert len(service.packages()) == 1
