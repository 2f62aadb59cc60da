"""Staff pages of payouts."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request

from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.payouts import service

blueprint = staff_blueprint("payouts", __name__, "/payouts")


@blueprint.get("")
def index() -> Response:
    """What went to the bank, the latest first."""
    found = service.page(_id(request.args.get("before", "")))
    more = found[-1].id if len(found) == service.PAGE else None
    return page("payouts/index.html", payouts=found, more=more)


@blueprint.get("/<uuid:payout_id>")
def show(payout_id: UUID) -> Response:
    """What a payout consists of."""
    payout, lines = service.get(payout_id)
    return page("payouts/show.html", payout=payout, lines=lines, most=service.MOST_LINES)


@blueprint.post("/ask")
def ask() -> Response:
    """Look for payouts that nobody told of."""
    service.ask()
    flash(_("The payment service is being asked. New payouts appear here in a moment."), "ok")
    return go(".index")


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
