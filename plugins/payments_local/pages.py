"""The vendor's checkout page: plain forms, no JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, cast
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for

from webkit.sdk import PAYMENTS
from webkit.sdk.i18n import current_locale
from webkit.sdk.web import format_money, settings_if_chosen

from . import courier
from .ledger import ASKS, DECLINES, GOOD, Ledger, Record, Refused, Unknown
from .settings import LocalPaymentsSettings

pages = Blueprint("payments_local", __name__, template_folder="templates", static_folder="static")


@pages.get("/checkout/<id>")
def show(id: str) -> Response:
    """What is to be paid, and the buttons the state allows."""
    return _page(_record(id))


@pages.post("/checkout/<id>/<any(pay, fail, dispute):act>")
def do(id: str, act: Literal["pay", "fail", "dispute"]) -> Response:
    """The payer, or the payer's bank, does something; the merchant hears of it by webhook."""
    _record(id)
    ledger = _ledger()
    card = request.form.get("card", GOOD)
    acts: dict[str, Callable[[str], Record]] = {
        "pay": lambda id: ledger.pay(id, card if card in (GOOD, DECLINES, ASKS) else GOOD),
        "fail": ledger.fail,
        "dispute": ledger.dispute,
    }
    try:
        record = acts[act](id)
    except Refused:
        return _page(ledger.get(id), code=409)
    courier.start(ledger, id)
    back = record.order["success_url"] if act == "pay" else ""
    # A form of ours may not lead to another name; from there a link leads on.
    ours = {request.host, urlsplit(record.order["notify_url"]).netloc}
    target = back if urlsplit(back).netloc in ours else url_for(".show", id=id)
    return cast("Response", redirect(target, code=303))


def _page(record: Record, code: int = 200) -> Response:
    order = record.order
    response = make_response(
        render_template(
            "payments_local/checkout.html",
            id=record.id,
            lang=current_locale().replace("_", "-"),
            state=record.current_state,
            disputed=record.disputed,
            setup=bool(record.order.get("setup")),
            cards=(GOOD, DECLINES, ASKS),
            amount=format_money(order["amount_minor"], order["currency"]),
            description=order["description"],
            reference=order["reference"],
            email=order["customer_email"],
            back=order["success_url"] if record.state == "paid" else order["cancel_url"],
        ),
        code,
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _record(id: str) -> Record:
    try:
        return _ledger().get(id)
    except Unknown:
        abort(404)


def _ledger() -> Ledger:
    settings = settings_if_chosen(PAYMENTS, "local")
    if not isinstance(settings, LocalPaymentsSettings):
        abort(404)
    return Ledger(settings.place)
