"""Plays the vendor on this machine: takes what it takes, refuses what it refuses.

python tests/vendor.py --port 0     # as a process
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused, serve
from webkit.sdk.testing.doubles.webhooks import Event, Timestamped
from webkit.sdk.testing.payments import Webhook

API_KEY, SECRET = "acme-test-key", "acme-test-secret"
ASKED = {
    *("amount", "currency", "reference", "description", "success_url", "cancel_url", "notify_url", "email", "metadata"),
}


@dataclass(slots=True)
class Sale:
    """A checkout and what became of it."""

    id: str
    asked: dict[str, Any]
    state: str = "open"
    payment: str = ""
    given_back: int = 0


class Vendor(HttpDouble):
    """Keeps checkouts, each key once; a test pays, fails and disputes them as a payer would."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.sales: dict[str, Sale] = {}
        self.told: list[bytes] = []
        self._answers: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        self._sign = Timestamped(SECRET, "Acme-Signature")

    # --- what a payer does ----------------------------------------------------------------------------------------

    def pay(self, checkout_id: str) -> None:
        sale = self.sales[checkout_id]
        if sale.state != "paid":
            sale.state, sale.payment = "paid", f"pay_{checkout_id}"
            self._tell("checkout.paid", sale, sale.asked["amount"])

    def fail_payment(self, checkout_id: str) -> None:
        self.sales[checkout_id].state = "failed"
        self._tell("checkout.failed", self.sales[checkout_id], self.sales[checkout_id].asked["amount"])

    def dispute(self, checkout_id: str) -> None:
        sale = self.sales[checkout_id]
        self._tell("payment.disputed", sale, sale.asked["amount"], part=f"dp_{checkout_id}")

    # --- its webhooks ---------------------------------------------------------------------------------------------

    def webhooks(self) -> Sequence[Webhook]:
        return [self.signed(body) for body in self.told]

    def unknown_webhook(self) -> Webhook:
        told = {"id": "ev_unknown", "type": "weather.changed", "at": datetime.now(UTC).isoformat()}
        return self.signed(json.dumps(told).encode())

    def aged(self, webhook: Webhook, by: timedelta) -> Webhook:
        return self.signed(webhook.body, by)

    def signed(self, body: bytes, age: timedelta = timedelta()) -> Webhook:
        return Webhook(self._sign(Event("", body), datetime.now(UTC) - age), body)

    def _tell(self, kind: str, sale: Sale, amount: int, **more: str) -> None:
        about = {
            "checkout": sale.id, "payment": sale.payment, "reference": sale.asked["reference"], "amount": amount,
            "currency": sale.asked["currency"], **more,
        }  # fmt: skip
        told = {"id": f"ev_{len(self.told)}", "type": kind, "at": datetime.now(UTC).isoformat(), "about": about}
        self.told.append(json.dumps(told).encode())

    # --- its API --------------------------------------------------------------------------------------------------

    def answer(self, call: Call) -> Answer:
        if call.headers.get("authorization") != f"Bearer {API_KEY}":
            raise Refused(401, {"error": "unknown key"})
        if (call.method, call.path) == ("GET", "/account"):
            return Answer(200, {"name": "test"})
        if found := re.fullmatch(r"/checkouts/([a-z0-9_]+)", call.path):
            return self._status(found[1])
        if call.method == "POST" and call.path in ("/checkouts", "/refunds"):
            return self._once(call.path, call.headers.get("idempotency-key", ""), call.json())
        raise Refused(404, {"error": "no such address"})

    def _status(self, id: str) -> Answer:
        if id not in self.sales:
            raise Refused(404, {"error": "no such checkout"})
        sale = self.sales[id]
        names = ("amount", "currency", "reference")
        shown = {name: sale.asked[name] for name in names}
        return Answer(200, {"id": id, "state": sale.state, "payment_id": sale.payment, **shown})

    def _once(self, path: str, key: str, asked: dict[str, Any]) -> Answer:
        if not key:
            raise Refused(400, {"error": "a key is needed"})
        if key in self._answers:
            before, answer = self._answers[key]
            if before != asked:
                raise Refused(409, {"error": "the key was used for something else"})
            return Answer(200, answer)
        answer = self._sell(asked) if path == "/checkouts" else self._give_back(asked, key)
        self._answers[key] = (asked, answer)
        return Answer(201, answer)

    def _sell(self, asked: dict[str, Any]) -> dict[str, Any]:
        if set(asked) != ASKED or type(asked["amount"]) is not int or asked["amount"] <= 0:
            raise Refused(422, {"error": "not a checkout"})
        if not re.fullmatch("[A-Z]{3}", asked["currency"]):
            raise Refused(422, {"error": "no such currency"})
        id = f"co_{len(self.sales)}"
        self.sales[id] = Sale(id, asked)
        until = datetime.now(UTC) + timedelta(hours=1)
        return {"id": id, "url": f"https://pay.acme.example/{id}", "expires_at": until.isoformat()}

    def _give_back(self, asked: dict[str, Any], key: str) -> dict[str, Any]:
        sale = next((sale for sale in self.sales.values() if sale.payment and sale.payment == asked["payment"]), None)
        if sale is None or asked["currency"] != sale.asked["currency"]:
            raise Refused(422, {"error": "no such payment"})
        if not 0 < asked["amount"] <= sale.asked["amount"] - sale.given_back:
            raise Refused(422, {"error": "more than there is"})
        sale.given_back += asked["amount"]
        part = f"re_{sale.id}_{sale.given_back}"
        self._tell("payment.refunded", sale, asked["amount"], part=part, key=key)
        return {"id": part, "state": "succeeded", **asked}


if __name__ == "__main__":
    serve(Vendor)
