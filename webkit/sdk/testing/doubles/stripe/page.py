"""The page on which a person pays: a card, an account to debit, or the way back. Plain forms, no JavaScript."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template_string, request
from werkzeug.wrappers import Response as BaseResponse

from .books import BAD_IBAN, DISPUTED_IBAN, GOOD_CARD, GOOD_IBAN, Books, Object
from .params import Refused
from .plans import Plans
from .saved import Saved

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pay {{ amount }} {{ session.currency|upper }}</title></head><body><main>
<p>Practice checkout, no money moves.</p>
{% if session.mode == "setup" %}<h1>Leave a payment method</h1>{% else %}
<h1>{{ "{:,}".format(amount) }} {{ session.currency|upper }} <small>(minor units)</small></h1>{% endif %}
{% for item in session._items %}
<p>{{ item.quantity }} × {{ item.price or item.price_data.product_data.name }}</p>
{% endfor %}
{% if problem %}<p role="alert"><strong>{{ problem }}</strong></p>{% endif %}
{% if session.status == "open" %}
{% if "card" in session.payment_method_types %}
<form method="post"><h2>Card</h2><input type="hidden" name="method" value="card">
<label>Card number <input name="number" value="{{ card }}" autocomplete="off"></label><button>Pay</button></form>
{% endif %}
{% if "sepa_debit" in session.payment_method_types %}
<form method="post"><h2>SEPA debit</h2><input type="hidden" name="method" value="sepa_debit">
<label>IBAN <input name="iban" value="{{ iban }}" autocomplete="off"></label><button>Pay by debit</button></form>
{% endif %}
{% elif session.status == "complete" %}<p role="status">This checkout is complete.</p>
{% else %}<p role="status">This checkout has expired.</p>{% endif %}
{% if session.cancel_url %}<p><a href="{{ session.cancel_url }}">Back</a></p>{% endif %}
</main></body></html>"""


class Page:
    """`settle_after` tells how a test IBAN ends: by itself at once, or never unless somebody says so."""

    def __init__(self, books: Books, saved: Saved, plans: Plans) -> None:
        self.books, self.saved, self.plans, self.settle_at_once = books, saved, plans, False
        self.blueprint = Blueprint("page", __name__, url_prefix="/c/pay")
        self.blueprint.add_url_rule("/<id>", "show", self.show, methods=["GET"])
        self.blueprint.add_url_rule("/<id>", "pay", self.pay, methods=["POST"])

    def show(self, id: str) -> Response:
        try:
            with self.books.lock:
                return self._page(self.books.session(id)[1])
        except Refused as error:
            return Response(str(error), error.status)

    def pay(self, id: str) -> BaseResponse:
        try:
            with self.books.lock:
                session = self._paid(id)
        except Refused as error:
            with self.books.lock:
                return self._page(self.books.session(id)[1], str(error), error.status)
        return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", id), 303)

    def _paid(self, id: str) -> Object:
        if self.books.session(id)[1]["mode"] == "subscription":
            return self.plans.begin(id, request.form.get("number", GOOD_CARD).replace(" ", ""))
        if self.books.session(id)[1]["mode"] == "setup":
            card = request.form.get("method", "card") == "card"
            given = request.form.get("number", GOOD_CARD) if card else request.form.get("iban", GOOD_IBAN)
            return self.saved.leave(id, given.replace(" ", ""))
        if request.form.get("method", "card") == "card":
            return self.books.pay(id, request.form.get("number", GOOD_CARD).replace(" ", ""))
        iban = request.form.get("iban", GOOD_IBAN).replace(" ", "")
        if iban not in (GOOD_IBAN, BAD_IBAN, DISPUTED_IBAN):
            raise Refused("The IBAN you provided is invalid.", "iban", status=402)
        session = self.books.debit(id)
        if self.settle_at_once:
            self.books.settle(session["payment_intent"], ok=iban != BAD_IBAN)
            if iban == DISPUTED_IBAN:
                self.books.dispute(session["payment_intent"])
        return session

    def _page(self, session: Object, problem: str = "", code: int = 200) -> Response:
        body = render_template_string(
            PAGE, session=session, amount=session["amount_total"], problem=problem, card=GOOD_CARD, iban=GOOD_IBAN
        )
        return Response(body, code, {"Cache-Control": "no-store"}, content_type="text/html; charset=utf-8")
