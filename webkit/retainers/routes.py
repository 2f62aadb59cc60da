"""Staff pages of retainers."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request, url_for
from flask_login import current_user

from webkit.clients import service as clients
from webkit.core.kernel import events, links, permissions
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import service as invoices
from webkit.messaging import service as messaging
from webkit.retainers import editor, models, selling
from webkit.retainers.models import Word

blueprint = staff_blueprint("retainers", __name__, "/retainers")
PAGE = 50


@blueprint.get("/")
def index() -> Response:
    """Every retainer, newest first."""
    found = models.page(PAGE + 1, before=request.args.get("before", type=UUID))
    shown = found[:PAGE]
    older = url_for(".index", before=shown[-1].id) if len(found) > PAGE else None
    names = clients.names({each.client_id for each in shown})
    return page(
        "retainers/index.html", retainers=shown, names=names, older=older, open_here=selling.seller() is not None
    )


@blueprint.get("/new")
def new() -> Response:
    """An empty editor."""
    return editor.begin(request.args.get("client", type=UUID))


@blueprint.post("/new")
def create() -> Response:
    """Offer it."""
    return editor.sent()


@blueprint.post("/totals")
def totals() -> Response:
    """The totals of what is typed, for the page to swap while typing."""
    return editor.totals()


@blueprint.get("/<uuid:retainer_id>")
def show(retainer_id: UUID) -> Response:
    """One retainer: how it stands, and what it was billed."""
    row = selling.get(retainer_id)
    bills = selling.bills(retainer_id)
    token = links.token_for(selling.LINK, retainer_id) if row.state is Word.OFFERED else None
    found = invoices.several([each.invoice_id for each in bills if each.invoice_id])
    return page(
        "retainers/show.html",
        retainer=row,
        client=clients.get(row.client_id),
        bills=bills,
        invoices=found,
        link=links.url(selling.LINK, token) if token else "",
        mails=messaging.mails(events.ref(selling.KIND, retainer_id)),
        timeline=events.timeline(events.ref(selling.KIND, retainer_id)),
        may_change=permissions.may("retainers.change"),
    )


@blueprint.post("/<uuid:retainer_id>/pause")
def pause(retainer_id: UUID) -> Response:
    """Have nothing asked for."""
    selling.pause(retainer_id, _actor())
    flash(_("Paused: the client pays nothing until somebody goes on."), "ok")
    return go(".show", retainer_id=retainer_id)


@blueprint.post("/<uuid:retainer_id>/resume")
def resume(retainer_id: UUID) -> Response:
    """Go on, from a pause or from what was to be its end."""
    selling.resume(retainer_id, _actor())
    flash(_("The retainer goes on."), "ok")
    return go(".show", retainer_id=retainer_id)


@blueprint.post("/<uuid:retainer_id>/end")
def end(retainer_id: UUID) -> Response:
    """End it with the period that is paid."""
    selling.end(retainer_id, _actor(), now=False)
    flash(_("It ends with the period that is paid."), "ok")
    return go(".show", retainer_id=retainer_id)


@blueprint.post("/<uuid:retainer_id>/end-now")
def end_now(retainer_id: UUID) -> Response:
    """End it at once."""
    selling.end(retainer_id, _actor(), now=True)
    flash(_("The retainer has ended. What was paid stays; what was open can be paid by its invoice."), "ok")
    return go(".show", retainer_id=retainer_id)


@blueprint.post("/<uuid:retainer_id>/withdraw")
def withdraw(retainer_id: UUID) -> Response:
    """Take the offer back."""
    selling.withdraw(retainer_id, _actor())
    flash(_("The offer was withdrawn. Its link does not work any more."), "ok")
    return go(".show", retainer_id=retainer_id)


@blueprint.post("/<uuid:retainer_id>/look")
def look(retainer_id: UUID) -> Response:
    """Ask the payment service how it stands, now."""
    if selling.try_sync(retainer_id):
        flash(_("This is how it stands at the payment service."), "ok")
    else:
        flash(_("The payment service does not answer. It is asked again by itself."), "wait")
    return go(".show", retainer_id=retainer_id)


def _actor() -> str:
    return events.ref("user", current_user.id)
