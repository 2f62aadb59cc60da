"""What clients see: their payment methods at `/m/<token>`, a charge to confirm at `/a/<token>`; without a script."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response, g, request

from webkit.agencies import service as agencies
from webkit.charges import charging, forms, mails
from webkit.charges.models import ChargeWord
from webkit.charges.pages import PublicCharge, PublicMethods
from webkit.clients import service as clients
from webkit.core.capabilities.errors import ProviderError
from webkit.core.kernel import links
from webkit.core.kernel.doors import public_blueprint
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import fields, go, go_to, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import set_locale
from webkit.invoices import service as invoices
from webkit.payments.service import Consent, MethodState, methods

methods_blueprint = public_blueprint("method_public", __name__, mails.METHODS)
charge_blueprint = public_blueprint("charge_public", __name__, charging.LINK)


@methods_blueprint.get("")
def show() -> Response:
    """The client's methods, with what was agreed; back from the vendor's page what became of that."""
    if request.args.get("back"):
        methods.refresh(g.link.document_id)
    return _methods(FormState.of({}))


@methods_blueprint.post("/leave")
def leave() -> Response:
    """Agree, and go to the vendor's page where a method is left."""
    bound = bind(forms.ConsentForm, request.form)
    if not bound.ok or not bound.data.agree:
        wrong = {"agree": _("Please tick this first: without your permission nothing is kept.")}
        return _methods(replace(bound.state, errors=wrong), 422)
    client = clients.get(g.link.document_id)
    lang = _language(client.locale)
    here = links.url(mails.METHODS, g.link.token)
    consent = Consent(methods.words_here(), lang, request.remote_addr or "", request.headers.get("User-Agent", ""))
    return go_to(methods.begin(client.id, consent, return_url=f"{here}?back=1", cancel_url=here))


@methods_blueprint.post("/remove/<uuid:method_id>")
def remove(method_id: UUID) -> Response:
    """Take the permission back."""
    methods.remove(method_id, "client", client_id=g.link.document_id)
    return go(".show")


def _methods(form: FormState, code: int = 200) -> Response:
    client = clients.get(g.link.document_id)
    lang = _language(client.locale)
    view = PublicMethods(
        client=client,
        methods=[each for each in methods.of_client(client.id) if each.state is MethodState.ACTIVE],
        words=methods.words_here(),
        came_back=bool(request.args.get("back")),
        open_here=methods.open_here(),
        form=form,
        sender=_sender(),
        lang=lang,
    )
    return page("charges/public/methods.html", code=code, **fields(view))


# --- a charge that waits -------------------------------------------------------------------------------------------


@charge_blueprint.get("")
def charge() -> Response:
    """What is to be confirmed, or what became of it."""
    if request.args.get("back"):
        charging.refresh(g.link.document_id)
    return _charge()


@charge_blueprint.post("/confirm")
def confirm() -> Response:
    """Go to the bank's page; a charge that needs nothing any more shows itself instead."""
    here = links.url(charging.LINK, g.link.token)
    try:
        address = charging.confirm(g.link.document_id, return_url=f"{here}?back=1")
    except ProviderError:
        return _charge(silent=True, code=503)
    return go_to(address) if address else go(".charge")


def _charge(*, silent: bool = False, code: int = 200) -> Response:
    found = charging.get(g.link.document_id)
    invoice = invoices.get(found.invoice_id)
    lang = _language(clients.get(found.client_id).locale)
    found = charging.get(found.id)  # its words in the client's language
    token = links.token_for(invoices.LINK, invoice.id)
    view = PublicCharge(
        charge=found,
        number=invoice.number,
        title=invoice.title,
        paid=found.word is ChargeWord.PAID,
        stale=found.word is ChargeWord.ACTION and found.amount_minor not in invoice.asked,
        came_back=bool(request.args.get("back")),
        silent=silent,
        pay_url=links.url(invoices.LINK, token) if token and invoice.asked else "",
        methods_url=_methods_url(found.client_id),
        day=agencies.today(),
        sender=_sender(),
        lang=lang,
    )
    return page("charges/public/confirm.html", code=code, **fields(view))


def _methods_url(client_id: UUID) -> str:
    token = links.token_for(mails.METHODS, client_id)
    return links.url(mails.METHODS, token) if token else ""


def _language(locale: str) -> str:
    profile = agencies.profile()
    language = locale or profile.locale
    set_locale(language, profile.timezone)
    return language


def _sender() -> dict[str, Any]:
    profile = agencies.profile()
    return {
        "name": profile.legal_name or profile.name,
        "lines": [*profile.address_lines, profile.tax_id],
        "contacts": [contact for contact in (profile.email, profile.phone) if contact],
    }
