"""The cards of a slot, fetched by the page they stand in: the page itself waits for nothing."""

from __future__ import annotations

from uuid import UUID

from flask import Response, g, render_template, request, url_for
from markupsafe import Markup

from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.hx import page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.extras import service

MOST_LOOKS = 30
"""A card that is on its way is looked for once a second, and so many times at most."""
blueprint = staff_blueprint("extras", __name__, "/cards")


@blueprint.get("/<slot>/<uuid:subject>")
def cards(slot: str, subject: UUID) -> Response:
    """What plugins say about one subject, as it is known now."""
    shown = service.show(slot, subject, g.role)
    if shown is None:
        raise NotFound(_("There is nothing here."))
    looks = request.args.get("looks", 0, type=int)
    waits = any(card.state == "waiting" for card in shown) and looks < MOST_LOOKS
    again = url_for(".cards", slot=slot, subject=subject, looks=looks + 1) if waits else ""
    return page("extras/cards.html", "cards", slot=slot, shown=shown, again=again)


def plugin_cards(slot: str, subject: UUID | None = None) -> str:
    """The place of a slot's cards in a page; nothing at all while no plugin has one for it."""
    if not current().guests or not service.cards(slot, g.role):
        return ""
    url = url_for("extras.cards", slot=slot, subject=subject or g.agency.id)
    return Markup(render_template("extras/_place.html", slot=slot, url=url))  # noqa: S704 - a template of ours
