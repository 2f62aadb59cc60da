"""Customers, the payment methods they leave, and charges of these while nobody is at a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from . import params as p
from .books import DECLINES, GOOD_CARD, Account, Books, Object
from .params import Refused, check, payable

AUTHENTICATED_CARD, LATER_DECLINED_CARD = "4000002760003184", "4000000000000341"
"""One that its bank wants to see its owner for each time; one that can be left and is declined each time."""
BANK = {
    "4000002760003184": "authentication_required",
    "4000000000000341": "generic_decline",
}
"""What the bank answers to a charge of these, unless `bank_says` has told it otherwise."""
AUTHENTICATE = "authentication_required"
WORDS = {
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
}
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")

ADDRESS = {name: p.text(200) for name in ("city", "country", "line1", "line2", "postal_code", "state")}
CUSTOMER: p.Shape = {
    "name": p.text(256), "email": p.email, "description": p.text(350), "phone": p.text(20), "metadata": p.metadata,
    "preferred_locales": [p.text(10)], "address": ADDRESS, "expand": [p.text(255)],
}  # fmt: skip
INTENT: p.Shape = {
    "amount": p.integer(1),
    "currency": p.currency,
    "customer": p.text(255),
    "payment_method": p.text(255),
    "payment_method_types": [p.one_of("card", "sepa_debit")],
    "confirm": p.boolean,
    "off_session": p.boolean,
    "error_on_requires_action": p.boolean,
    "description": p.text(1000),
    "metadata": p.metadata,
    "receipt_email": p.email,
    "application_fee_amount": p.integer(1),
    "return_url": p.url,
    "expand": [p.text(255)],
}
CONFIRM: p.Shape = {
    "payment_method": p.text(255), "return_url": p.url, "off_session": p.boolean, "expand": [p.text(255)],
}  # fmt: skip
CANCEL: p.Shape = {
    "cancellation_reason": p.one_of("duplicate", "fraudulent", "requested_by_customer", "abandoned"),
    "expand": [p.text(255)],
}
_ASK = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Practice bank</title></head><body><main>
<h1>Is it you who pays {amount} {currency}?</h1><form method="post"><button name="answer" value="yes">Yes</button>
<button name="answer" value="no">No</button></form></main></body></html>"""


class Saved:
    """What a customer's card or account does once it is known to the vendor."""

    def __init__(self, books: Books, url: Callable[[], str]) -> None:
        self.books, self._url = books, url
        books.keeper = self.keep
        self.blueprint = Blueprint("saved", __name__, url_prefix="/3ds")
        self.blueprint.add_url_rule("/<id>", "bank", self._bank, methods=["GET", "POST"])

    def routes(self, listed: Callable[..., Callable[..., Object]]) -> list[tuple[str, Callable[..., Object]]]:
        """What the API offers about all this; `listed` makes the handler of a list."""
        return [
            ("POST /customers", self.create_customer),
            ("GET /customers/<id>", self._get("customer")),
            ("POST /customers/<id>", self.change_customer),
            ("GET /customers/<id>/payment_methods", self.methods),
            ("GET /payment_methods/<id>", self._get("payment_method")),
            ("POST /payment_methods/<id>/detach", self.detach_method),
            ("GET /setup_intents/<id>", self._get("setup_intent")),
            ("POST /payment_intents", self.create_intent),
            ("POST /payment_intents/<id>/confirm", self.confirm_intent),
            ("POST /payment_intents/<id>/cancel", self.cancel_intent),
        ]

    # --- customers and methods -------------------------------------------------------------------------------------

    def create_customer(self, account: Account, given: Mapping[str, Any]) -> Object:
        wanted = check(given, CUSTOMER)
        wanted.pop("expand", None)
        blank: Object = {
            "name": None,
            "email": None,
            "description": None,
            "phone": None,
            "metadata": {},
            "address": None,
        }
        made = self.books.add(account, "customer", "cus", 14, **{**blank, **wanted})
        self.books.tell(account, "customer.created", made)
        return made

    def change_customer(self, account: Account, given: Mapping[str, Any], id: str) -> Object:
        wanted = check(given, CUSTOMER)
        wanted.pop("expand", None)
        customer = account.get("customer", id, "customer")
        customer |= wanted
        self.books.tell(account, "customer.updated", customer)
        return customer

    def methods(self, account: Account, given: Mapping[str, Any], id: str) -> Object:
        shape = {"type": p.text(30), "limit": p.integer(1), "starting_after": p.text(255), "expand": [p.text(255)]}
        wanted = check(given, shape)
        account.get("customer", id, "customer")
        rows = [row for row in account.all("payment_method").values() if row["customer"] == id]
        rows = [row for row in rows if wanted.get("type") in (None, row["type"])]
        url = f"/v1/customers/{id}/payment_methods"
        return {"object": "list", "data": rows[::-1][: wanted.get("limit", 10)], "has_more": False, "url": url}

    def detach_method(self, account: Account, given: Mapping[str, Any], id: str) -> Object:
        check(given, {"expand": [p.text(255)]})
        method = account.get("payment_method", id, "payment_method")
        if method["customer"] is None:
            raise Refused(
                "The payment method you provided is not attached to a customer so detachment is impossible.",
                "payment_method", code="payment_method_not_attached",
            )  # fmt: skip
        return self.detach(account, method)

    def detach(self, account: Account, method: Object) -> Object:
        """The method is nobody's any more, and can never be used again."""
        method["customer"] = None
        self.books.tell(account, "payment_method.detached", method)
        return method

    def keep(self, account: Account, customer: str, number: str) -> Object:
        """A customer leaves a card, or an account to debit."""
        account.get("customer", customer, "customer")
        sepa = number[:2].isalpha()
        shown: Object = {"last4": number[-4:]}
        if not sepa:
            brand = {"4": "visa", "5": "mastercard", "3": "amex"}.get(number[0], "unknown")
            shown |= {"brand": brand, "exp_month": 12, "exp_year": 2031, "country": "IT"}
        kind = "sepa_debit" if sepa else "card"
        bank = BANK.get(number, "")
        made = self.books.add(
            account, "payment_method", "pm", type=kind, customer=customer, metadata={}, billing_details={}, _bank=bank
        )
        made[kind] = shown
        self.books.tell(account, "payment_method.attached", made)
        return made

    def renew(self, account: Account, id: str, **values: Any) -> Object:
        """The bank has sent a new card, with another number or another last day."""
        method = account.get("payment_method", id, "payment_method")
        method[method["type"]] |= values
        self.books.tell(account, "payment_method.automatically_updated", method)
        return method

    def bank_says(self, account: Account, id: str, word: str) -> Object:
        """What the bank answers to charges of this method from now on; "" is yes."""
        method = account.get("payment_method", id, "payment_method")
        method["_bank"] = word
        return method

    def leave(self, id: str, number: str = GOOD_CARD) -> Object:
        """A payer leaves a method at a setup session's page. Raises a 402 for a card that is declined there."""
        account, session = self.books.session(id)
        if session["status"] != "open" or session["mode"] != "setup":
            raise Refused(f"This Checkout Session is {session['status']}.", status=409)
        if (decline := DECLINES.get(number)) is not None:
            raise Refused(decline[2], code=decline[0], kind="card_error", status=402)
        method = self.keep(account, session["customer"], number)
        intent = self.books.add(
            account, "setup_intent", "seti",
            customer=session["customer"], payment_method=method["id"], status="succeeded", usage="off_session",
            metadata=session["_setup"].get("metadata", {}), payment_method_types=[method["type"]],
        )  # fmt: skip
        session |= {"setup_intent": intent["id"], "status": "complete", "url": None}
        session["payment_status"] = "no_payment_required"
        self.books.tell(account, "setup_intent.succeeded", intent)
        self.books.tell(account, "checkout.session.completed", session)
        return session

    # --- charges ---------------------------------------------------------------------------------------------------

    def create_intent(self, account: Account, given: Mapping[str, Any]) -> Object:
        wanted = check(given, INTENT, ("amount", "currency"))
        payable(wanted["amount"], wanted["currency"], "amount")
        if wanted.get("off_session") and not wanted.get("confirm"):
            raise Refused("You can only set `off_session` when `confirm` is true.", "off_session")
        if not wanted.get("confirm"):
            raise Refused("This double only makes intents that are confirmed at once", "confirm")
        if not account.facts["charges_enabled"]:
            raise Refused("Your account cannot currently make charges.", code="account_invalid")
        if wanted.get("application_fee_amount") and not account.facts["type"]:
            raise Refused("Can only apply an application_fee_amount to direct payments.", "application_fee_amount")
        if wanted.get("application_fee_amount", 0) > wanted["amount"]:
            raise Refused("The application fee cannot be greater than the amount.", "application_fee_amount")
        method = self._usable(account, wanted)
        intent = self.books.add(
            account, "payment_intent", "pi",
            amount=wanted["amount"], amount_received=0, currency=wanted["currency"], latest_charge=None,
            capture_method="automatic", description=wanted.get("description"), metadata=wanted.get("metadata", {}),
            last_payment_error=None, payment_method_types=wanted.get("payment_method_types", ["card"]),
            status="requires_confirmation", application_fee_amount=wanted.get("application_fee_amount"),
            customer=wanted.get("customer"), payment_method=method["id"], next_action=None, canceled_at=None,
        )  # fmt: skip
        self.books.tell(account, "payment_intent.created", intent)
        return self._confirm(
            account, intent, method, there=not wanted.get("off_session"), back=wanted.get("return_url")
        )

    def _usable(self, account: Account, wanted: Mapping[str, Any]) -> Object:
        if "payment_method" not in wanted or "customer" not in wanted:
            name = "payment_method" if "payment_method" not in wanted else "customer"
            raise Refused(f"Missing required param: {name}.", name, code="parameter_missing")
        account.get("customer", wanted["customer"], "customer")
        method = account.get("payment_method", wanted["payment_method"], "payment_method")
        if method["customer"] is None:
            raise Refused(
                "The provided PaymentMethod was detached from a Customer, and may not be used again.",
                "payment_method", code="payment_method_unexpected_state",
            )  # fmt: skip
        if method["customer"] != wanted["customer"]:
            raise Refused(
                f"The customer does not have a payment method with the ID {method['id']}.",
                "payment_method", code="payment_method_unexpected_state",
            )  # fmt: skip
        if method["type"] not in wanted.get("payment_method_types", ["card"]):
            raise Refused(f"The payment method type {method['type']} is not among those of this intent.",
                          "payment_method", code="payment_intent_incompatible_payment_method")  # fmt: skip
        if method["type"] == "sepa_debit" and wanted["currency"] != "eur":
            raise Refused(f"The currency provided ({wanted['currency']}) is invalid for sepa_debit.", "currency")
        return method

    def confirm_intent(self, account: Account, given: Mapping[str, Any], id: str) -> Object:
        wanted = check(given, CONFIRM)
        intent = account.get("payment_intent", id, "intent")
        if intent["status"] not in OPEN:
            raise _unexpected("confirm", intent)
        chosen = wanted.get("payment_method", intent.get("payment_method"))
        whole = {**intent, "payment_method": chosen}
        method = self._usable(account, whole)
        intent["payment_method"] = method["id"]
        there = not wanted.get("off_session")
        return self._confirm(account, intent, method, there=there, back=wanted.get("return_url"))

    def _confirm(self, account: Account, intent: Object, method: Object, *, there: bool, back: str | None) -> Object:
        """`there`: the payer is at a page and can be asked by the bank."""
        word = method["_bank"]
        if method["type"] == "sepa_debit":
            intent |= {"status": "processing", "last_payment_error": None}
            self.books.tell(account, "payment_intent.processing", intent)
        elif word == AUTHENTICATE and there:
            url = f"{self._url()}/3ds/{intent['id']}"
            action: Object = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
            if back:
                action = {"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": back}}
            intent |= {"status": "requires_action", "next_action": action, "last_payment_error": None}
            self.books.tell(account, "payment_intent.requires_action", intent)
        elif word:
            self._declined(account, intent, method, word)
        else:
            intent["next_action"] = None
            self.books.succeed(account, intent)
        return intent

    def _declined(self, account: Account, intent: Object, method: Object, word: str) -> None:
        code = word if word in (AUTHENTICATE, "expired_card", "processing_error") else "card_declined"
        shown = {name: value for name, value in method.items() if not name.startswith("_")}
        error = {
            "code": code, "decline_code": word if code == "card_declined" or word == AUTHENTICATE else None,
            "message": WORDS.get(word, "Your card was declined."), "type": "card_error", "payment_method": shown,
        }  # fmt: skip
        self.books.fail(account, intent, error)
        refused = Refused(str(error["message"]), code=code, kind="card_error", status=402)
        refused.body |= {name: value for name, value in error.items() if value and name != "payment_method"}
        refused.body["payment_intent"] = {name: value for name, value in intent.items() if not name.startswith("_")}
        raise refused

    def answer(self, id: str, *, ok: bool) -> Object:
        """The payer's bank has asked the payer."""
        account, intent = self.books.found("payment_intent", id)
        if intent["status"] != "requires_action":
            raise Refused(f"This PaymentIntent is {intent['status']}", status=409)
        intent["_back"] = intent["next_action"].get("redirect_to_url", {}).get("return_url", "")
        intent["next_action"] = None
        if ok:
            self.books.succeed(account, intent)
        else:
            text = "The provided PaymentMethod has failed authentication."
            error = {"code": "payment_intent_authentication_failure", "decline_code": None, "message": text}
            self.books.fail(account, intent, error)
        return intent

    def cancel_intent(self, account: Account, given: Mapping[str, Any], id: str) -> Object:
        wanted = check(given, CANCEL)
        intent = account.get("payment_intent", id, "intent")
        if intent["status"] not in OPEN:
            raise _unexpected("cancel", intent)
        intent |= {"status": "canceled", "canceled_at": self.books.now(), "next_action": None}
        intent["cancellation_reason"] = wanted.get("cancellation_reason")
        self.books.tell(account, "payment_intent.canceled", intent)
        return intent

    def _bank(self, id: str) -> BaseResponse:
        """The page of the payer's bank."""
        try:
            with self.books.lock:
                if request.method == "GET":
                    intent = self.books.found("payment_intent", id)[1]
                    body = _ASK.format(amount=intent["amount"], currency=intent["currency"].upper())
                    return Response(body, content_type="text/html; charset=utf-8")
                intent = self.answer(id, ok=request.form.get("answer") == "yes")
        except Refused as error:
            return Response(str(error), error.status)
        status = "succeeded" if intent["status"] == "succeeded" else "failed"
        mark = "&" if "?" in intent["_back"] else "?"
        return redirect(f"{intent['_back']}{mark}payment_intent={id}&redirect_status={status}", 303)

    def _get(self, kind: str) -> Callable[..., Object]:
        def get(account: Account, given: Mapping[str, Any], id: str) -> Object:
            check(given, {"expand": [p.text(255)]})
            return account.get(kind, id, kind)

        return get


def _unexpected(act: str, intent: Object) -> Refused:
    return Refused(
        f"You cannot {act} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
    )
