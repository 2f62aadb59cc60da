"""Staff pages of payments that people record."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Response, flash, request, url_for
from flask_login import current_user

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import events, permissions
from webkit.core.kernel.currencies import CURRENCIES
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import DomainError, Invalid
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import money_text
from webkit.invoices import service as invoices
from webkit.ledger import service as ledger
from webkit.ledger.service import Returned
from webkit.receipts import forms, service
from webkit.receipts.pages import CreditPage, CreditsPage, ListPage, RatesPage, RecordPage, ShowPage
from webkit.receipts.service import METHODS

PAGE = 25
SHOWN, MOST_RATES = 20, 100
blueprint = staff_blueprint("receipts", __name__, "/payments")


@blueprint.get("/")
def index() -> Response:
    """Recorded payments, newest first, and what clients have too much."""
    before = request.args.get("before", type=UUID)
    found = ledger.page(limit=PAGE + 1, before=before)
    credits, names = ([], {}) if before else _credits()
    names |= clients.names({each.client_id for each in found} - names.keys())
    older = url_for(".index", before=found[PAGE - 1].id) if len(found) > PAGE else None
    view = ListPage(
        found[:PAGE], names, credits[:SHOWN], older, before is None, permissions.may("payments.record"),
        more_credits=len(credits) > SHOWN, without_rate=0 if before else len(ledger.unvalued(MOST_RATES)),
    )  # fmt: skip
    return page("receipts/index.html", **fields(view), methods=METHODS)


def _credits() -> tuple[list[tuple[UUID, str, int]], dict[UUID, str]]:
    """What clients have too much, by their names."""
    credits = [(c, currency, minor) for c, own in ledger.credits().items() for currency, minor in own.items()]
    names = clients.names({client for client, _currency, _minor in credits})
    return sorted(credits, key=lambda each: (names.get(each[0], ""), each[1])), names


@blueprint.get("/credits")
def credits() -> Response:
    """All that clients have too much."""
    found, names = _credits()
    at = min(max(1, request.args.get("page", 1, type=int)), 1 + len(found) // PAGE)
    older = url_for(".credits", page=at + 1) if len(found) > at * PAGE else None
    newer = url_for(".credits", page=at - 1) if at > 1 else None
    return page("receipts/credits.html", **fields(CreditsPage(found[(at - 1) * PAGE : at * PAGE], names, newer, older)))


@blueprint.get("/rates")
def rates() -> Response:
    """Money of which nobody has said what it was worth."""
    return _rates(FormState.of({}))


@blueprint.post("/rates")
def give_rate() -> Response:
    """Say it."""
    bound = bind(forms.RateForm, request.form)
    if not bound.ok:
        return _rates(bound.state, 422)
    try:
        service.give_rate(bound.data.source, bound.data.rate, _actor())
    except Invalid as error:
        return _rates(replace(bound.state, errors=error.errors), 422)
    flash(_("The rate is recorded. Reports count it from now on."), "ok")
    return go(".rates")


def _rates(state: FormState, code: int = 200) -> Response:
    found = ledger.unvalued(MOST_RATES)
    view = RatesPage(
        waiting=found,
        names=clients.names({each.client_id for each in found if each.client_id}),
        numbers=invoices.numbers(ledger.sources_of(found)),
        base=agencies.here().currency,
        form=state,
        may_record=permissions.may("payments.record"),
    )
    return page("receipts/rates.html", code=code, **fields(view))


@blueprint.get("/new")
def new() -> Response:
    """Whose payment it is, and then what it was; from an invoice with that filled in."""
    chosen, invoice = request.args.get("client", type=UUID), request.args.get("invoice", type=UUID)
    if invoice is not None:
        chosen = invoices.get(invoice).client_id
    if chosen is None:
        return page("receipts/client.html", clients=[(str(key), name) for key, name in clients.choices()])
    today, open_ = agencies.today(), invoices.payables(chosen)
    values: dict[str, object] = {"day": today.isoformat(), "method": "bank", "currency": agencies.here().currency}
    if wanted := next((each for each in open_ if each.id == invoice), None):
        amount = money_text(wanted.open_minor, wanted.currency)
        values |= {"currency": wanted.currency, "amount": amount, f"{forms.PART}{wanted.id}": amount}
    return _record(chosen, FormState.of(values))


@blueprint.post("/new")
def record() -> Response:
    """Record it."""
    client = clients.get(request.form.get("client", type=UUID) or UUID(int=0))
    bound = bind(forms.RecordForm, request.form)
    if not bound.ok:
        return _record(client.id, bound.state, 422)
    try:
        given = forms.recorded(client.id, bound.data, request.form, invoices.payables(client.id))
        receipt_id = service.record(given, _actor(), bound.data.once)
    except Invalid as error:
        if (known := service.recorded_as(bound.data.once)) is not None:  # it pays what is no longer open: by itself
            return go(".show", receipt_id=known)
        return _record(client.id, replace(bound.state, errors=error.errors), 422)
    flash(_("The payment is recorded."), "ok")
    return go(".show", receipt_id=receipt_id)


def _actor() -> str:
    return events.ref("user", current_user.id)


def _record(client_id: UUID, state: FormState, code: int = 200) -> Response:
    view = RecordPage(
        client=clients.get(client_id),
        open=invoices.payables(client_id),
        form=state,
        methods=_methods(),
        currencies=[(each, each) for each in sorted(CURRENCIES)],
        base=agencies.here().currency,
        credit=ledger.credit(client_id),
    )
    return page("receipts/record.html", code=code, **fields(view))


def _methods() -> list[tuple[str, str]]:
    return [(method.value, str(label)) for method, label in METHODS.items()]


@blueprint.get("/<uuid:receipt_id>")
def show(receipt_id: UUID) -> Response:
    """One record."""
    found = service.get(receipt_id)
    paid = [invoices.get(each) for each in found.parts]
    view = ShowPage(
        receipt=found,
        client=clients.get(found.client_id),
        method=str(METHODS[found.method]),
        numbers={each.id: (each.number, each.currency) for each in paid},
        base=agencies.here().currency,
        timeline=events.timeline(events.ref("receipt", receipt_id)),
        may_record=permissions.may("payments.record"),
    )
    return page("receipts/show.html", **fields(view))


@blueprint.post("/<uuid:receipt_id>/take-back")
def take_back(receipt_id: UUID) -> Response:
    """It was a mistake."""
    service.take_back(receipt_id, _actor())
    flash(_("Taken back: a counter-entry says so, and what it paid is open again."), "ok")
    return go(".show", receipt_id=receipt_id)


@blueprint.get("/credit/<uuid:client>")
def credit(client: UUID) -> Response:
    """What a client paid too much, and what is done with it."""
    return _credit(client, _blank_apply(), _blank_back(client))


def _blank_apply() -> FormState:
    chosen = request.args.get("invoice", type=UUID)
    return FormState.of({"invoice": str(chosen or "")})


def _blank_back(client_id: UUID) -> FormState:
    own = ledger.credit(client_id)
    currency = next(iter(own), agencies.here().currency)
    return FormState.of({"day": agencies.today().isoformat(), "method": "bank", "currency": currency})


@blueprint.post("/credit/<uuid:client>/apply")
def apply(client: UUID) -> Response:
    """Put credit on an invoice."""
    bound = bind(forms.ApplyForm, request.form)
    if not bound.ok:
        return _credit(client, bound.state, _blank_back(client), 422)
    given = bound.data
    try:
        minor = forms.minor(given.amount, invoices.get(given.invoice).currency)
        service.apply_credit(clients.get(client).id, given.invoice, minor, _actor(), given.once)
    except Invalid as error:
        return _credit(client, replace(bound.state, errors=error.errors), _blank_back(client), 422)
    flash(_("The credit is on the invoice."), "ok")
    return go("invoices.show", invoice_id=given.invoice)


@blueprint.post("/credit/<uuid:client>/back")
def give_back(client: UUID) -> Response:
    """Record that credit was given back."""
    bound = bind(forms.MoneyForm, request.form)
    if not bound.ok:
        return _credit(client, _blank_apply(), bound.state, 422)
    typed = bound.data
    try:
        minor = forms.minor(typed.amount, typed.currency)
        given = Returned(client, typed.method, typed.day, typed.currency, minor, typed.reference, typed.note)
        receipt_id = service.give_back(given, _actor(), typed.once)
    except Invalid as error:
        return _credit(client, _blank_apply(), replace(bound.state, errors=error.errors), 422)
    flash(_("Recorded as given back."), "ok")
    return go(".show", receipt_id=receipt_id)


def _credit(client_id: UUID, apply_form: FormState, back: FormState, code: int = 200) -> Response:
    own = ledger.credit(client_id)
    view = CreditPage(
        client=clients.get(client_id),
        credit=own,
        open=[each for each in invoices.payables(client_id) if own.get(each.currency, 0) > 0],
        apply=apply_form,
        back=back,
        methods=_methods(),
        receipts=ledger.page(limit=SHOWN, client_id=client_id),
        may_record=permissions.may("payments.record"),
        may_give_back=permissions.may("payments.give_back"),
    )
    return page("receipts/credit.html", code=code, **fields(view), labels=METHODS)


@blueprint.post("/invoices/<uuid:invoice_id>/release")
def release(invoice_id: UUID) -> Response:
    """Take money off an invoice again."""
    try:
        service.release(invoice_id, request.form.get("source", "")[:64], _actor())
    except Invalid as error:
        raise DomainError(next(iter(error.errors.values()))) from None
    flash(_("Taken off the invoice: it is the client's credit now."), "ok")
    return go("invoices.show", invoice_id=invoice_id)
