"""The operators' page of plugins: what others have installed, what failed and why, and the switch."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, request
from flask_login import current_user

from webkit.core.kernel import audit, switches
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.operations import guests
from webkit.operations.routes import only_operators

blueprint = Blueprint("plugin_switches", __name__, url_prefix="/admin/plugins")
blueprint.before_request(only_operators)


@blueprint.get("")
def index() -> Response:
    """Every plugin that did not come with webkit."""
    return page("operations/plugins.html", "list", rows=guests.rows())


@blueprint.post("/<name>/enable")
def enable(name: str) -> Response:
    """Let a plugin work again."""
    switches.switch_on(_guest(name), f"user:{current_user.id}")
    audit.log("plugin.enabled", subject=f"plugin:{name}"[:64])
    flash(_("%(name)s is switched on.", name=name), "ok")
    return go(".index")


@blueprint.post("/<name>/disable")
def disable(name: str) -> Response:
    """Stop what a plugin adds beside providers."""
    reason = request.form.get("reason", "").strip()[:200] or _("by an operator")
    switches.switch_off(_guest(name), f"user:{current_user.id}", reason)
    audit.log("plugin.disabled", subject=f"plugin:{name}"[:64])
    flash(_("%(name)s is switched off.", name=name), "ok")
    return go(".index")


def _guest(name: str) -> str:
    if name not in current().guests:
        abort(404)
    return name
