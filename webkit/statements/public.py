"""What a client sees at `/s/<token>`: what is open and how to pay it, and how it came about; without a script."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, g, request, url_for

from webkit.agencies import service as agencies
from webkit.core.kernel.doors import public_blueprint
from webkit.core.kernel.hx import fields, page
from webkit.core.kernel.i18n import set_locale
from webkit.statements import service
from webkit.statements.pages import PublicPage

YEAR = timedelta(days=365)
blueprint = public_blueprint("statement_public", __name__, service.LINK)


@blueprint.get("")
def show() -> Response:
    """The account of the last year, or with `all` from the first day on."""
    everything = "all" in request.args
    view = service.account(g.link.document_id, None if everything else service.today() - YEAR)
    profile = agencies.profile()
    language = view.client.locale or profile.locale
    set_locale(language, profile.timezone)
    currencies = sorted({each.currency for each in view.open})
    shown = PublicPage(
        client=view.client,
        since=view.since,
        until=view.until,
        accounts=view.accounts,
        open=view.open,
        totals=[
            (
                currency,
                sum(each.due for each in view.open if each.currency == currency),
                sum(each.due for each in view.open if each.currency == currency and each.late),
            )
            for currency in currencies
        ],
        earlier="" if everything else url_for(".show", all=1),
        sender={
            "name": profile.legal_name or profile.name,
            "lines": [*profile.address_lines, profile.tax_id],
            "contacts": [contact for contact in (profile.email, profile.phone) if contact],
        },
        lang=language,
    )
    return page("statements/public/1.html", **fields(shown))
