"""The catalogue's pages under settings."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, g, request

from webkit.agencies import service as agencies
from webkit.catalogue import service
from webkit.catalogue.forms import add_errors, read_addon, read_package
from webkit.catalogue.pages import AddonPage, AddonsPage, Choices, PackagePage, PackagesPage
from webkit.catalogue.service import AddonPricing, AddonView, PackageView, PricingModel
from webkit.core.kernel import clock, i18n, once, permissions
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.core.kernel.forms import FormState
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import money_text
from webkit.pricing import Scheme, SchemeRow, find

blueprint = staff_blueprint("catalogue", __name__, "/settings")
STEPS = {"up": -1, "down": 1}


# --- packages --------------------------------------------------------------------------------------------------


@blueprint.get("/packages")
def packages() -> Response:
    shown = PackagesPage(service.packages(), _tax_names(), g.agency.currency, permissions.may("catalogue.edit"))
    return page("catalogue/packages.html", "list", p=shown)


@blueprint.get("/packages/new")
def new_package() -> Response:
    form = FormState.of({"pricing_model": PricingModel.LUMP_SUM.value, "once": once.key()})
    return _package_page(None, form)


@blueprint.post("/packages")
def create_package() -> Response:
    bound, terms = read_package(request.form, g.agency.currency, _scheme())
    if terms is None:
        return _package_page(None, bound.state, code=422)
    try:
        service.create_package(terms, key=bound.data.once)
    except Invalid as refused:
        return _package_page(None, add_errors(bound.state, refused.errors), code=422)
    flash(_("%(name)s is in the catalogue.", name=terms.name), "ok")
    return go(".packages")


@blueprint.get("/packages/<uuid:package_id>")
def package(package_id: UUID) -> Response:
    found = service.package(package_id)
    return _package_page(found, _stored_package(found))


@blueprint.post("/packages/<uuid:package_id>")
def edit_package(package_id: UUID) -> Response:
    found = service.package(package_id)
    bound, terms = read_package(request.form, g.agency.currency, _scheme())
    if terms is None:
        return _package_page(found, bound.state, code=422)
    try:
        service.edit_package(package_id, terms, bound.data.revision)
    except Invalid as refused:
        return _package_page(found, add_errors(bound.state, refused.errors), code=422)
    except Conflict as stale:
        return _package_page(found, bound.state, code=409, stale=stale.message)
    flash(_("%(name)s is saved.", name=terms.name), "ok")
    return go(".packages")


@blueprint.post("/packages/<uuid:package_id>/duplicate")
def duplicate_package(package_id: UUID) -> Response:
    return go(".package", package_id=service.duplicate_package(package_id))


@blueprint.post("/packages/<uuid:package_id>/move")
def move_package(package_id: UUID) -> Response:
    service.move_package(package_id, STEPS.get(request.form.get("to", ""), 0))
    return go(".packages")


@blueprint.post("/packages/<uuid:package_id>/active")
def set_package_active(package_id: UUID) -> Response:
    service.set_package_active(package_id, request.form.get("active") == "1")
    return go(".packages")


# --- add-ons ---------------------------------------------------------------------------------------------------


@blueprint.get("/addons")
def addons() -> Response:
    names = {str(each.id): each.name for each in service.packages()}
    shown = AddonsPage(service.addons(), names, _tax_names(), g.agency.currency, permissions.may("catalogue.edit"))
    return page("catalogue/addons.html", "list", p=shown)


@blueprint.get("/addons/new")
def new_addon() -> Response:
    return _addon_page(None, FormState.of({"pricing_type": AddonPricing.ONE_TIME.value, "once": once.key()}))


@blueprint.post("/addons")
def create_addon() -> Response:
    bound, terms = read_addon(request.form, g.agency.currency, _scheme())
    if terms is None:
        return _addon_page(None, bound.state, code=422)
    try:
        service.create_addon(terms, key=bound.data.once)
    except Invalid as refused:
        return _addon_page(None, add_errors(bound.state, refused.errors), code=422)
    flash(_("%(name)s is in the catalogue.", name=terms.name), "ok")
    return go(".addons")


@blueprint.get("/addons/<uuid:addon_id>")
def addon(addon_id: UUID) -> Response:
    found = service.addon(addon_id)
    return _addon_page(found, _stored_addon(found))


@blueprint.post("/addons/<uuid:addon_id>")
def edit_addon(addon_id: UUID) -> Response:
    found = service.addon(addon_id)
    bound, terms = read_addon(request.form, g.agency.currency, _scheme())
    if terms is None:
        return _addon_page(found, bound.state, code=422)
    try:
        service.edit_addon(addon_id, terms, bound.data.revision)
    except Invalid as refused:
        return _addon_page(found, add_errors(bound.state, refused.errors), code=422)
    except Conflict as stale:
        return _addon_page(found, bound.state, code=409, stale=stale.message)
    flash(_("%(name)s is saved.", name=terms.name), "ok")
    return go(".addons")


@blueprint.post("/addons/<uuid:addon_id>/duplicate")
def duplicate_addon(addon_id: UUID) -> Response:
    return go(".addon", addon_id=service.duplicate_addon(addon_id))


@blueprint.post("/addons/<uuid:addon_id>/move")
def move_addon(addon_id: UUID) -> Response:
    service.move_addon(addon_id, STEPS.get(request.form.get("to", ""), 0))
    return go(".addons")


@blueprint.post("/addons/<uuid:addon_id>/active")
def set_addon_active(addon_id: UUID) -> Response:
    service.set_addon_active(addon_id, request.form.get("active") == "1")
    return go(".addons")


# --- pages -----------------------------------------------------------------------------------------------------


def _package_page(found: PackageView | None, form: FormState, *, code: int = 200, stale: str = "") -> Response:
    models: Choices = (
        (PricingModel.LUMP_SUM.value, _("One price, paid once")),
        (PricingModel.SUBSCRIPTION.value, _("A price every month")),
        (PricingModel.HYBRID.value, _("Both: once, then every month")),
    )
    currency = g.agency.currency
    return page("catalogue/package.html", code=code, p=PackagePage(found, form, models, _taxes(), currency, stale))


def _addon_page(found: AddonView | None, form: FormState, *, code: int = 200, stale: str = "") -> Response:
    types: Choices = (
        (AddonPricing.ONE_TIME.value, _("Once")),
        (AddonPricing.MONTHLY.value, _("Every month")),
        (AddonPricing.PER_UNIT.value, _("Once for each unit")),
    )
    listed: Choices = tuple((str(each.id), each.name) for each in service.packages())
    shown = AddonPage(found, form, types, listed, _taxes(), g.agency.currency, stale)
    return page("catalogue/addon.html", code=code, p=shown)


def _stored_package(found: PackageView) -> FormState:
    amounts = {
        name: _typed(getattr(found, name), found.currency) for name in ("setup_fee", "one_time_price", "monthly_price")
    }
    return FormState.of(
        {
            "name": found.name,
            "slug": found.slug,
            "description": found.description,
            "tax_rate": found.tax_rate,
            "pricing_model": found.pricing_model.value,
            "minimum_term_months": found.minimum_term_months or "",
            "included_features": "\n".join(found.included_features),
            "max_pages": found.max_pages,
            "is_featured": ["1"] if found.is_featured else [],
            "revision": found.revision,
            **amounts,
        }
    )


def _stored_addon(found: AddonView) -> FormState:
    return FormState.of(
        {
            "name": found.name,
            "slug": found.slug,
            "description": found.description,
            "tax_rate": found.tax_rate,
            "pricing_type": found.pricing_type.value,
            "price": _typed(found.price, found.currency),
            "unit_label": found.unit_label,
            "packages": [str(each) for each in found.package_ids],
            "revision": found.revision,
        }
    )


def _typed(minor: int, currency: str) -> str:
    return money_text(minor, currency) if minor else ""


def _scheme() -> Scheme:
    return find(agencies.profile().tax_scheme)


def _taxes() -> Choices:
    """The rates of the agency's scheme that hold today; its usual one comes first and has no key."""
    profile = agencies.profile()
    rows = find(profile.tax_scheme).rates(clock.today(g.agency.timezone))
    usual = next((row for row in rows if row.key == profile.tax_rate), rows[0])
    first = ("", _("Usual rate: %(rate)s", rate=_rate_name(usual)))
    return (first, *((row.key, _rate_name(row)) for row in rows if row is not usual))


def _tax_names() -> dict[str, str]:
    profile = agencies.profile()
    names = {row.key: _rate_name(row) for row in find(profile.tax_scheme).rows}
    return names | {"": names.get(profile.tax_rate, _("Usual rate"))}


def _rate_name(row: SchemeRow) -> str:
    percent = row.rate.percent
    return f"{_(row.label)}, {i18n.format_decimal(percent)} %" if percent else _(row.label)
