"""Settings › Subscription."""

from __future__ import annotations

from datetime import datetime

from flask import Response, flash, request, url_for
from flask_login import current_user

from webkit.core.capabilities.errors import ProviderError
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.forms import bind
from webkit.core.kernel.hx import fields, go, go_to, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.subscriptions import buying, pages
from webkit.subscriptions.forms import ChangeForm, ChoiceForm

blueprint = staff_blueprint("subscriptions", __name__, "/settings/subscription")


@blueprint.get("")
def index() -> Response:
    """The tier, what is used of it, and the others."""
    return page("subscriptions/index.html", every=pages.EVERY, **fields(pages.subscription()))


@blueprint.get("/change")
def preview() -> Response:
    """What another tier costs and changes, before anything happens."""
    view = pages.change(request.args.get("tier", ""), request.args.get("interval", ""))
    return page("subscriptions/change.html", every=pages.EVERY, **fields(view))


@blueprint.post("/begin")
def begin() -> Response:
    """Go to the vendor's page at which the subscription begins."""
    bound = bind(ChoiceForm, request.form)
    if not bound.ok:
        raise Conflict(_("Please choose a tier once more."))
    chosen = bound.data
    address = buying.subscribe(
        chosen.tier, chosen.interval, email=current_user.email, success_url=_here(".back"), cancel_url=_here(".index")
    )
    return go_to(address)


@blueprint.get("/back")
def back() -> Response:
    """Back from the vendor's page: ask how it stands."""
    if buying.try_sync():
        flash(_("What the payment service says now stands below."), "ok")
    else:
        flash(_("The payment service has not answered yet. This page will show the subscription soon."), "wait")
    return go(".index")


@blueprint.post("/change")
def change() -> Response:
    """Change the tier for the price that was shown."""
    bound = bind(ChangeForm, request.form)
    if not bound.ok:
        raise Conflict(_("Please choose a tier once more."))
    made = buying.change(bound.data.tier, bound.data.interval, _moment(bound.data.at))
    if made.now:
        flash(_("The new tier counts from now on."), "ok")
    else:
        flash(_("The tier changes at the end of the time that is paid."), "ok")
    return go(".index")


@blueprint.post("/end")
def end() -> Response:
    """Let the subscription end with the time that is paid."""
    buying.end()
    flash(_("The subscription ends with the time that is paid. Until then nothing changes."), "ok")
    return go(".index")


@blueprint.post("/go-on")
def go_on() -> Response:
    """Take back what was planned for the end of the period."""
    buying.go_on()
    flash(_("The subscription goes on as it is."), "ok")
    return go(".index")


@blueprint.post("/portal")
def portal() -> Response:
    """The vendor's own page for methods and invoices."""
    address = buying.portal_url(_here(".back"))
    if not address:
        raise Conflict(_("The payment service has no page of its own for this."))
    return go_to(address)


@blueprint.post("/ask")
def ask() -> Response:
    """Ask the vendor how the subscription stands."""
    try:
        buying.sync()
    except ProviderError:
        flash(_("The payment service did not answer. What stands here is what it said last."), "bad")
    return go(".index")


def _moment(text: str) -> datetime:
    """When a price was shown; an unreadable one was never shown."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Conflict(_("This price was shown too long ago. Please look at it once more."))
    return moment


def _here(endpoint: str) -> str:
    return f"{current().settings.base_url}{url_for(endpoint)}"
