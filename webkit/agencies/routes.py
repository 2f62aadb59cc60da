"""The settings of an agency."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, g, request, url_for

from webkit.agencies import pages, policy, service
from webkit.agencies.forms import SettingsForm
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _

blueprint = staff_blueprint("agencies", __name__, "/settings")


@blueprint.before_request
def demand_manager() -> None:
    policy.demand_manager(g.role)


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
    service.change(bound.data.values())
    flash(_("Settings saved."), "ok")
    return go("agencies.settings")


def _page(form: FormState, code: int = 200) -> Response:
    values: dict[str, Any] = {"choices": pages.choices(), "labels": pages.labels(), "profile": service.profile()}
    return page("agencies/settings.html", form=form, members_url=url_for("team.members"), code=code, **values)
