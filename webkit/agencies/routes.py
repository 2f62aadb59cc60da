"""The settings of an agency."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, flash, request, url_for

from webkit.agencies import numbering, pages, service
from webkit.agencies.forms import NumbersForm, SettingsForm
from webkit.core.kernel import stepup
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.pricing import PricingError
from webkit.pricing.habits import offered
from webkit.pricing.typed import HabitsForm, habits_fields

blueprint = staff_blueprint("agencies", __name__, "/settings")


@blueprint.get("")
def settings() -> Response:
    """Everything at once: one form, one Save."""
    return _page(FormState.of(service.settings()))


@blueprint.post("")
def save_settings() -> Response:
    """Store what was changed."""
    bound = bind(SettingsForm, request.form)
    if not bound.ok:
        return _page(bound.state, 422)
    changed = bound.data.values()
    if service.changes_bank(changed) and (asked := stepup.ask()) is not None:
        return asked
    service.change(changed)
    flash(_("Settings saved."), "ok")
    return go("agencies.settings")


@blueprint.get("/tax")
def habits() -> Response:
    """What documents carry besides lines and tax on sales."""
    return _habits(FormState.of(habits_fields(service.profile().habits)))


@blueprint.post("/tax")
def save_habits() -> Response:
    bound = bind(HabitsForm, request.form)
    if not bound.ok:
        return _habits(bound.state, code=422)
    chosen, profile = bound.data.habits(), service.profile()
    try:
        chosen.parts(profile.tax_scheme, profile.currency)
    except PricingError as error:
        return _habits(replace(bound.state, errors={error.field or "": error.message}), code=422)
    service.change({"habits": chosen.to_dict()})
    flash(_("Saved. New invoices begin with this; drafts keep what they say."), "ok")
    return go("agencies.habits")


def _habits(form: FormState, code: int = 200) -> Response:
    profile = service.profile()
    offers = offered(profile.tax_scheme, profile.currency)
    return page("agencies/habits.html", form=form, code=code, offers=offers, currency=profile.currency)


@blueprint.get("/numbers")
def numbers() -> Response:
    """How documents are numbered."""
    return _numbers(FormState.of({f"pattern_{each.key}": each.pattern for each in numbering.overview()}))


@blueprint.post("/numbers")
def save_numbers() -> Response:
    bound = bind(NumbersForm, request.form)
    if not bound.ok:
        return _numbers(bound.state, code=422)
    try:
        numbering.change(bound.data.patterns(), bound.data.starts())
    except Invalid as error:
        return _numbers(replace(bound.state, errors=error.errors), code=422)
    flash(_("Numbers saved."), "ok")
    return go("agencies.numbers")


@blueprint.post("/numbers/examples")
def number_examples() -> Response:
    """What the next numbers would look like, while a pattern is being written."""
    return _numbers(FormState.of(request.form.to_dict()), "examples")


def _numbers(form: FormState, *blocks: str, code: int = 200) -> Response:
    series = numbering.overview({key: form.value(f"pattern_{key}").strip() for key in service.PATTERNS})
    names = pages.series_labels()
    nexts = [(names[each.key], each.problem or each.next) for each in series]
    values = {"series": series, "names": names, "nexts": nexts, "labels": pages.number_labels()}
    values["branches"] = numbering.branches()
    return page("agencies/numbers.html", *blocks, form=form, code=code, **values)


def _page(form: FormState, code: int = 200) -> Response:
    values: dict[str, Any] = {
        "choices": pages.choices(),
        "labels": pages.labels(),
        "rules": pages.payment_rules(),
        "profile": service.profile(),
    }
    return page("agencies/settings.html", form=form, members_url=url_for("team.members"), code=code, **values)
