"""The catalogue's pages as owner, admin, member, stranger and nobody."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import TestResponse

from tests.client import Browser
from tests.factories import people
from tests.factories.catalogue import addon_terms, package_terms
from webkit.accounts.models import Role
from webkit.catalogue import service
from webkit.core.kernel.ids import uuid7

TYPED = {
    "name": "Website Starter",
    "pricing_model": "hybrid",
    "setup_fee": "500",
    "one_time_price": "4,800.00",
    "monthly_price": "90",
    "minimum_term_months": "12",
    "included_features": "Five pages\n\n  Contact form \n",
    "is_featured": "1",
    "once": "k1",
}
ADDON = {"name": "Second language", "pricing_type": "per_unit", "price": "950", "unit_label": "language", "once": "k2"}


class Pages:
    """The settings of an agency as somebody's browser reaches them."""

    def __init__(self, client: Browser, slug: str = "northwind") -> None:
        self.client, self.base = client, f"/{slug}/settings"

    def get(self, path: str) -> TestResponse:
        return self.client.get(self.base + path)

    def post(self, path: str, data: dict | None = None) -> TestResponse:
        return self.client.post(self.base + path, data=data or {})


@pytest.fixture
def page(owner: Browser) -> Pages:
    return Pages(owner)


@pytest.fixture
def admin(agency, browser_of) -> Pages:
    person = people.make_person("Lena Ott")
    people.join(agency, person, Role.ADMIN)
    return Pages(browser_of(person))


def stored():
    return service.packages(), service.addons()


@pytest.fixture
def package_id(agency):
    return service.create_package(package_terms())


@pytest.fixture
def addon_id(agency, package_id):
    return service.create_addon(addon_terms(package_ids=(package_id,)))


def test_an_editor_makes_a_package(page) -> None:
    assert page.get("/packages/new").status_code == 200
    answer = page.post("/packages", TYPED)
    assert (answer.status_code, answer.location) == (303, "/northwind/settings/packages")
    ((made,), _) = stored()
    assert (made.setup_fee, made.one_time_price, made.monthly_price, made.currency) == (50000, 480000, 9000, "EUR")
    assert made.included_features == ("Five pages", "Contact form") and made.is_featured
    page.post("/packages", TYPED)
    assert len(stored()[0]) == 1
    shown = page.get("/packages").text
    assert "Website Starter" in shown and "4,800" in shown and "Featured" in shown


def test_an_editor_makes_an_addon(page, package_id) -> None:
    assert "Website Starter" in page.get("/addons/new").text
    answer = page.post("/addons", ADDON | {"packages": [str(package_id)]})
    assert answer.status_code == 303
    (_, (made,)) = stored()
    assert (made.price, made.unit_label, made.package_ids) == (95000, "language", (package_id,))
    shown = page.get("/addons").text
    assert "Second language" in shown and "per language" in shown and "Website Starter" in shown


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": ""}, "Please fill this in"),
        ({"name": "x" * 101}, "At most 100 characters"),
        ({"name": "a\x00b"}, "cannot be printed"),
        ({"one_time_price": "12,34,5"}, "is not an amount"),
        ({"one_time_price": "10.505"}, "2 decimals"),
        ({"one_time_price": "$ 5"}, "does not belong here"),
        ({"one_time_price": ""}, "needs a price here"),
        ({"one_time_price": "9" * 30}, "too large"),
        ({"one_time_price": "-5"}, "not negative"),
        ({"pricing_model": "barter"}, "one of the offered values"),
        ({"pricing_model": "lump_sum"}, "has no such price"),
        ({"minimum_term_months": "-1"}, "At least 0"),
        ({"minimum_term_months": "soon"}, "not a number"),
        ({"max_pages": "0"}, "At least 1"),
        ({"slug": "Web Starter"}, "Small letters"),
        ({"tax_rate": "standard-22"}, "one of the offered values"),
        ({"included_features": "x" * 201}, "At most 40 lines"),
        ({"description": "<script>alert(1)</script>", "name": ""}, "&lt;script&gt;"),
    ],
)
def test_wrong_input_is_answered_and_kept(page, wrong: dict[str, str], says: str) -> None:
    answer = page.post("/packages", TYPED | wrong)
    assert answer.status_code == 422
    assert says in answer.text
    assert "<script>alert" not in answer.text
    assert ('value="500"' in answer.text and "Contact form" in answer.text) or "included_features" in wrong
    assert not stored()[0]


def test_wrong_input_of_an_addon_is_answered_and_kept(page, package_id) -> None:
    answer = page.post("/addons", ADDON | {"price": "much", "packages": [str(package_id)]})
    assert answer.status_code == 422
    assert "is not an amount" in answer.text and 'value="much"' in answer.text
    assert re.search(rf'value="{package_id}" checked', answer.text)
    for packages in ([str(uuid7())], ["x"]):
        assert page.post("/addons", ADDON | {"packages": packages}).status_code == 422
    assert not stored()[1]


def test_a_stored_package_comes_back_as_it_was_typed(page) -> None:
    page.post("/packages", TYPED)
    ((made,), _) = stored()
    form = page.get(f"/packages/{made.id}").text
    assert 'value="4800.00"' in form and 'value="500.00"' in form and "Five pages\nContact form" in form
    assert re.search(r'name="is_featured"[^>]* checked', form)


def test_editing(page, package_id, addon_id) -> None:
    assert page.post(f"/packages/{package_id}", TYPED | {"revision": "1", "slug": "starter"}).status_code == 303
    assert page.post(f"/addons/{addon_id}", ADDON | {"revision": "1"}).status_code == 303
    ((package,), (addon,)) = stored()
    assert (package.slug, package.setup_fee, addon.unit_label, addon.package_ids) == ("starter", 50000, "language", ())


def test_an_old_tab_does_not_overwrite(page, package_id, addon_id) -> None:
    page.post(f"/packages/{package_id}", TYPED | {"revision": "1"})
    answer = page.post(f"/packages/{package_id}", TYPED | {"revision": "1", "name": "From the old tab"})
    assert answer.status_code == 409
    assert "Somebody else changed this" in answer.text and 'value="From the old tab"' in answer.text
    page.post(f"/addons/{addon_id}", ADDON | {"revision": "1"})
    assert page.post(f"/addons/{addon_id}", ADDON | {"revision": "1"}).status_code == 409
    assert stored()[0][0].name == "Website Starter"


def test_a_short_name_that_is_taken(page, package_id, addon_id) -> None:
    answer = page.post("/packages", TYPED | {"slug": "website-starter"})
    assert answer.status_code == 422 and "is taken" in answer.text
    assert page.post("/addons", ADDON | {"slug": "second-language"}).status_code == 422


@pytest.mark.parametrize("kind", ["packages", "addons"])
def test_list_actions(page, package_id, addon_id, kind: str) -> None:
    item = package_id if kind == "packages" else addon_id
    index = ("packages", "addons").index(kind)
    copy = page.post(f"/{kind}/{item}/duplicate")
    assert copy.status_code == 303 and page.get(copy.location.removeprefix(page.base)).status_code == 200
    page.post(f"/{kind}/{item}/move", {"to": "down"})
    assert [each.id == item for each in stored()[index]] == [False, True]
    page.post(f"/{kind}/{item}/move", {"to": "sideways"})
    page.post(f"/{kind}/{item}/active", {"active": "0"})
    assert [each.active for each in stored()[index]] == [True, False]
    assert "Not offered" in page.get(f"/{kind}").text
    page.post(f"/{kind}/{item}/active", {"active": "1"})
    assert all(each.active for each in stored()[index])


@pytest.mark.parametrize("kind", ["packages", "addons"])
def test_an_empty_list_teaches(page, member, kind: str) -> None:
    assert "Make the first" in page.get(f"/{kind}").text
    assert "Make the first" not in Pages(member).get(f"/{kind}").text


READ = ["/packages", "/addons"]
FORMS = ["/packages/new", "/addons/new", "/packages/{package}", "/addons/{addon}"]
ACTS = ["/packages", "/addons", "/packages/{package}", "/addons/{addon}"] + [
    f"/{kind}/{act}" for kind in ("packages/{package}", "addons/{addon}") for act in ("duplicate", "move", "active")
]


def fill(path: str, package_id, addon_id) -> str:
    return path.format(package=package_id, addon=addon_id)


def test_an_admin_changes_the_catalogue(admin, package_id) -> None:
    assert admin.post(f"/packages/{package_id}", TYPED | {"revision": "1"}).status_code == 303
    assert admin.post("/addons", ADDON).status_code == 303


def test_a_member_looks_and_changes_nothing(member, package_id, addon_id) -> None:
    page, before = Pages(member), stored()
    for path in READ:
        shown = page.get(path)
        assert shown.status_code == 200 and "/new" not in shown.text and "/duplicate" not in shown.text
    for path in FORMS:
        assert page.get(fill(path, package_id, addon_id)).status_code == 403
    for path in ACTS:
        assert page.post(fill(path, package_id, addon_id), TYPED | ADDON).status_code == 403
    assert stored() == before


def test_for_a_stranger_nothing_is_there(stranger, package_id, addon_id) -> None:
    page, before = Pages(stranger), stored()
    for path in READ + FORMS:
        assert page.get(fill(path, package_id, addon_id)).status_code == 404
    for path in ACTS:
        assert page.post(fill(path, package_id, addon_id), TYPED | ADDON).status_code == 404
    assert stored() == before


def test_an_id_of_another_agency_is_not_there(stranger, package_id, addon_id) -> None:
    page = Pages(stranger, "harbour-pine")
    for path in FORMS[2:]:
        assert page.get(fill(path, package_id, addon_id)).status_code == 404
    for path in ACTS[2:]:
        assert page.post(fill(path, package_id, addon_id), TYPED | ADDON).status_code == 404
    assert page.post("/addons", ADDON | {"packages": [str(package_id)]}).status_code == 422


def test_nobody_is_asked_to_sign_in(anonymous, package_id, addon_id) -> None:
    page = Pages(anonymous)
    for path in READ + FORMS:
        answer = page.get(fill(path, package_id, addon_id))
        assert answer.status_code == 303 and "/sign-in" in answer.location
    for path in ACTS:
        assert page.post(fill(path, package_id, addon_id), TYPED).status_code == 303
    assert len(stored()[0]) == 1


def test_amounts_are_read_in_the_ways_of_the_world(page) -> None:
    typed = TYPED | {"one_time_price": "€ 4.800,00", "tax_rate": "reduced-10"}
    assert page.post("/packages", typed).status_code == 303
    ((made,), _) = stored()
    assert (made.one_time_price, made.currency, made.tax_rate) == (480000, "EUR", "reduced-10")
    assert "10 %" in page.get("/packages").text


def test_prices_in_an_old_currency_are_pointed_out(page, agency) -> None:
    made = service.create_package(package_terms(currency="JPY", one_time_price=500000))
    assert "in JPY" in page.get("/packages").text
    form = page.get(f"/packages/{made}").text
    assert "written in JPY" in form and 'value="500000"' in form
    assert not service.offers("EUR").packages
