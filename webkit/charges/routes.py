"""Staff pages of saved payment methods and of charges."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Response, flash, g, request
from flask_login import current_user

from webkit.charges import charging, collecting, forms, mails
from webkit.charges.pages import COLLECTED, LOOKS, WORDS, ClientPage, IndexPage, InvoicePage
from webkit.clients import service as clients
from webkit.core.kernel import events, links, permissions
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict, DomainError
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import service as invoices
from webkit.messaging import service as messaging
from webkit.payments.service import MethodState, methods

MOST = 200
HOURS = [(str(hour), f"{hour:02}:00") for hour in range(24)]
blueprint = staff_blueprint("charges", __name__, "/charges")


@blueprint.get("/")
def index() -> Response:
    """What clients have left, what is charged by itself, and when."""
    usual = collecting.schedule()
    said = {"lead": usual.lead, "after": ", ".join(map(str, usual.after)), "hour": usual.hour}
    return _index(FormState.of(said))


@blueprint.post("/")
def save() -> Response:
    """Decide when invoices are charged by themselves."""
    bound = bind(forms.ScheduleForm, request.form)
    if not bound.ok:
        return _index(bound.state, 422)
    try:
        collecting.save(bound.data.read())
    except DomainError as error:
        return _index(replace(bound.state, errors={error.field or "after": error.message}), 422)
    flash(_("Invoices that are issued from now on are charged like this."), "ok")
    return go(".index")


def _index(form: FormState, code: int = 200) -> Response:
    found = methods.of_agency(MOST)
    waiting = [(each, invoices.get(each.invoice_id)) for each in collecting.waiting(MOST)]
    names = clients.names({each.client_id for each in found} | {each.client_id for each, _invoice in waiting})
    view = IndexPage(found, names, waiting, form, _may(), methods.open_here())
    return page("charges/index.html", code=code, **fields(view), hours=HOURS)


@blueprint.get("/clients/<uuid:client_id>")
def client(client_id: UUID) -> Response:
    """The methods of one client, and what they agreed to."""
    found = clients.get(client_id)
    token = links.token_for(mails.METHODS, client_id)
    view = ClientPage(
        client=found,
        methods=methods.of_client(client_id),
        link=links.url(mails.METHODS, token) if token else "",
        mails=messaging.mails(events.ref("client", client_id)),
        may_charge=_may(),
        open_here=methods.open_here(),
    )
    return page("charges/client.html", **fields(view))


@blueprint.post("/clients/<uuid:client_id>/invite")
def invite(client_id: UUID) -> Response:
    """Ask a client by mail to leave a method."""
    found = charging.invite(client_id)
    flash(_("%(client)s gets a mail with a link.", client=found.name), "ok")
    return go(".client", client_id=client_id)


@blueprint.post("/methods/<uuid:method_id>/remove")
def remove(method_id: UUID) -> Response:
    """Use a method no more."""
    found = methods.get(method_id)
    methods.remove(method_id, _actor())
    flash(_("%(method)s was removed. It is not charged any more.", method=found.name), "ok")
    return go(".client", client_id=found.client_id)


@blueprint.get("/invoices/<uuid:invoice_id>")
def invoice(invoice_id: UUID) -> Response:
    """What was charged of an invoice, and what can be."""
    return _invoice(invoice_id, FormState.of({}))


@blueprint.post("/invoices/<uuid:invoice_id>")
def charge(invoice_id: UUID) -> Response:
    """Charge it now, once for each try."""
    bound = bind(forms.ChargeForm, request.form)
    if not bound.ok:
        return _invoice(invoice_id, bound.state, 422)
    given = bound.data
    try:
        charging.ask(invoice_id, given.method, given.attempt, _actor(), whole=given.whole)
    except Conflict as error:
        return _invoice(invoice_id, replace(bound.state, errors={"method": error.message}), 409)
    flash(_("It is being charged. What comes of it appears here in a moment."), "ok")
    return go(".invoice", invoice_id=invoice_id)


def _invoice(invoice_id: UUID, form: FormState, code: int = 200) -> Response:
    found = invoices.get(invoice_id)
    charges, every = charging.of_invoice(invoice_id), methods.of_client(found.client_id)
    usable = [each for each in every if each.usable and each.takes(found.currency)]
    view = InvoicePage(
        invoice=found,
        client=clients.get(found.client_id),
        charges=charges,
        collection=collecting.of_invoice(invoice_id),
        methods=usable,
        others=len([each for each in every if each.state is MethodState.ACTIVE]) - len(usable),
        form=form,
        chargeable=charging.chargeable(found),
        under_way=bool(charges) and charges[-1].open,
        may_charge=_may(),
        open_here=methods.open_here(),
    )
    choices = [(str(each.id), each.name) for each in usable]
    shown = {"words": WORDS, "looks": LOOKS, "collected": COLLECTED, "method_choices": choices}
    return page("charges/invoice.html", code=code, **fields(view), **shown)


@blueprint.post("/<uuid:charge_id>/call-off")
def call_off(charge_id: UUID) -> Response:
    """Wait for the client no more."""
    found = charging.get(charge_id)
    if charging.call_off(charge_id, _actor()):
        flash(_("It is being called off. Nothing is charged unless the client was faster."), "ok")
    else:
        flash(_("It is too late to call it off. Look how it stands."), "wait")
    return go(".invoice", invoice_id=found.invoice_id)


@blueprint.post("/invoices/<uuid:invoice_id>/collect")
def collect(invoice_id: UUID) -> Response:
    """Have it charged by itself."""
    collecting.collect(invoice_id, _actor())
    flash(_("It is charged by itself. The client was told when."), "ok")
    return go(".invoice", invoice_id=invoice_id)


@blueprint.post("/invoices/<uuid:invoice_id>/stop")
def stop(invoice_id: UUID) -> Response:
    """Have it charged by itself no more."""
    collecting.stop(invoice_id, _actor())
    flash(_("It is not charged by itself any more. Reminders go on."), "ok")
    return go(".invoice", invoice_id=invoice_id)


def _may() -> bool:
    return permissions.may("charges.charge")


def _actor() -> str:
    assert g.agency is not None
    return events.ref("user", current_user.id)
