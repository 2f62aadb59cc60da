"""What clients see at `/r/<token>`: the offer, and how their retainer stands; without a script."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.capabilities.errors import ProviderError
from webkit.core.kernel import links
from webkit.core.kernel.doors import public_blueprint
from webkit.core.kernel.hx import go_to, page
from webkit.core.kernel.i18n import set_locale
from webkit.retainers import selling

blueprint = public_blueprint("retainer_public", __name__, selling.LINK)


@blueprint.get("")
def show() -> Response:
    """The offer; back from the vendor's page what became of it."""
    if request.args.get("back"):
        selling.try_sync(g.link.document_id)
    return _show()


@blueprint.post("/accept")
def accept() -> Response:
    """Go to the vendor's page."""
    try:
        return go_to(selling.accept(g.link.document_id, links.url(selling.LINK, g.link.token)))
    except ProviderError:
        return _show(silent=True, code=503)


def _show(*, silent: bool = False, code: int = 200) -> Response:
    row = selling.get(g.link.document_id)
    client, profile = clients.get(row.client_id), agencies.profile()
    lang = client.locale or profile.locale
    set_locale(lang, profile.timezone)
    sender: dict[str, Any] = {
        "name": profile.legal_name or profile.name,
        "lines": [*profile.address_lines, profile.tax_id],
        "contacts": [contact for contact in (profile.email, profile.phone) if contact],
    }
    return page(
        "retainers/public/show.html",
        code=code,
        retainer=row,
        client=client,
        sender=sender,
        lang=lang,
        silent=silent,
        came_back=bool(request.args.get("back")),
        open_here=selling.seller() is not None,
        pay_url=selling.pay_url(row.id),
    )
