"""Prices, subscriptions, their schedules and invoices, and the portal: as the platform's own account has them."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from . import params as p
from .books import DECLINES, GOOD_CARD, Account, Books, Object
from .params import Refused, check

Handler = Callable[..., Object]
EXPAND = {"expand": [p.text(255)]}
PRICE: p.Shape = {
    "currency": p.currency, "unit_amount": p.integer(), "lookup_key": p.text(200), "metadata": p.metadata,
    "recurring": {"interval": p.one_of("day", "week", "month", "year"), "interval_count": p.integer(1)},
    "product_data": {"name": p.text(250), "metadata": p.metadata}, "nickname": p.text(200), **EXPAND,
}  # fmt: skip
OFFER: p.Shape = {
    "currency": p.currency, "unit_amount": p.integer(), "product_data": {"name": p.text(250)},
    "recurring": {"interval": p.one_of("day", "week", "month", "year")},
}  # fmt: skip
ITEM: p.Shape = {"id": p.text(255), "price": p.text(255), "quantity": p.integer(1)}
SESSION: p.Shape = {
    "mode": p.one_of("subscription"), "customer": p.text(255), "client_reference_id": p.text(200),
    "line_items": [{**ITEM, "price_data": OFFER}],
    "success_url": p.url, "cancel_url": p.url, "allow_promotion_codes": p.boolean, "metadata": p.metadata,
    "subscription_data": {
        "metadata": p.metadata, "trial_end": p.integer(), "application_fee_percent": p.text(8),
    }, "expires_at": p.integer(), **EXPAND,
}  # fmt: skip
CHANGE: p.Shape = {
    "items": [ITEM], "cancel_at_period_end": p.boolean,
    "pause_collection": lambda where, value: _pause(where, value),
    "metadata": p.metadata, "proration_date": p.integer(),
    "proration_behavior": p.one_of("always_invoice", "create_prorations", "none"),
    "payment_behavior": p.one_of(
        "allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"
    ),
    **EXPAND,
}  # fmt: skip
PHASE: p.Shape = {
    "items": [ITEM], "start_date": p.integer(), "end_date": p.integer(), "metadata": p.metadata,
    "duration": {"interval": p.one_of("day", "week", "month", "year"), "interval_count": p.integer(1)},
}  # fmt: skip
SCHEDULE: p.Shape = {
    "phases": [PHASE], "end_behavior": p.one_of("release", "cancel"), "metadata": p.metadata,
    "proration_behavior": p.one_of("always_invoice", "create_prorations", "none"), **EXPAND,
}  # fmt: skip
PORTAL: p.Shape = {"customer": p.text(255), "return_url": p.url, "locale": p.text(10), **EXPAND}
ALIVE = ("trialing", "active", "past_due", "unpaid")
TWO_DAYS = 48 * 3600


class Plans:
    """What is sold again and again, and what becomes of it as time goes by."""

    def __init__(self, books: Books, url: Callable[[], str]) -> None:
        self.books, self._url = books, url

    def routes(self, listed: Callable[..., Handler]) -> list[tuple[str, Handler]]:
        """What the API offers about all this; `listed` makes the handler of a list."""
        return [
            ("POST /prices", self.create_price),
            ("GET /prices", self.prices),
            ("GET /prices/<id>", self._get("price")),
            ("GET /subscriptions", self.subscriptions),
            ("GET /subscriptions/<id>", self._get("subscription")),
            ("POST /subscriptions/<id>", self.change),
            ("DELETE /subscriptions/<id>", self.cancel),
            ("POST /invoices/<id>/void", self.void),
            ("POST /subscription_schedules", self.plan),
            ("POST /subscription_schedules/<id>", self.change_plan),
            ("POST /subscription_schedules/<id>/release", self.release),
            ("GET /invoices", listed("latest_invoice", {"customer": p.text(255), "subscription": p.text(255)})),
            ("POST /billing_portal/sessions", self.portal),
        ]

    @staticmethod
    def _get(kind: str) -> Handler:
        def handler(account: Account, given: Mapping[str, Any], id: str) -> Object:
            check(given, EXPAND)
            return account.get(kind, id, kind)

        return handler

    # --- prices and beginning --------------------------------------------------------------------------------------

    def create_price(self, account: Account, given: Mapping[str, Any]) -> Object:
        wanted = check(given, PRICE, ("currency", "unit_amount", "product_data"))
        key = wanted.get("lookup_key")
        if key and any(row["lookup_key"] == key for row in account.all("price").values()):
            text = f"A price (`{key}`) already uses that lookup key."
            raise Refused(text, "lookup_key")
        recurring = {"interval_count": 1, **wanted["recurring"]} if "recurring" in wanted else None
        return self.books.add(
            account, "price", "price", active=True, currency=wanted["currency"], unit_amount=wanted["unit_amount"],
            lookup_key=key, metadata=wanted.get("metadata", {}), recurring=recurring,
            product=self.books.id("prod", 14), type="recurring" if recurring else "one_time",
        )  # fmt: skip

    def prices(self, account: Account, given: Mapping[str, Any]) -> Object:
        shape = {"lookup_keys": [p.text(200)], "active": p.boolean, "limit": p.integer(1), **EXPAND}
        wanted = check(given, shape)
        keys = wanted.get("lookup_keys")
        rows = [row for row in account.all("price").values() if keys is None or row["lookup_key"] in keys]
        return _list(rows, wanted.get("limit", 10), "/v1/prices")

    def open(self, account: Account, given: Mapping[str, Any]) -> Object:
        """A page at which a subscription begins."""
        wanted = check(given, SESSION, ("mode", "line_items", "success_url"))
        items = wanted["line_items"]
        if "customer" in wanted:
            account.get("customer", wanted["customer"], "customer")
        for nth, item in enumerate(items):
            if "price_data" in item:
                item["price"] = self._priced(account, given["line_items"][nth], f"line_items[{nth}]")
                continue
            check(given["line_items"][nth], ITEM, ("price", "quantity"), f"line_items[{nth}]")
            if account.get("price", item["price"], "price")["recurring"] is None:
                raise Refused("You must provide at least one recurring price in `subscription` mode", "line_items")
        end = wanted.get("subscription_data", {}).get("trial_end")
        if end is not None and end < self.books.now() + TWO_DAYS:
            where = "subscription_data[trial_end]"
            raise Refused("The `trial_end` date has to be at least 2 days in the future.", where)
        price = account.get("price", items[0]["price"])
        total = 0 if end else price["unit_amount"] * items[0]["quantity"]
        made = self.books.open(account, wanted, total, price["currency"])
        made |= {"subscription": None, "_asked": wanted.get("subscription_data", {})}
        return made

    def _priced(self, account: Account, given: Mapping[str, Any], where: str) -> str:
        """The price that was said with the order."""
        offered = check(given["price_data"], OFFER, ("currency", "unit_amount", "product_data", "recurring"), where)
        recurring = {"interval_count": 1, **offered["recurring"]}
        made = self.books.add(
            account, "price", "price", active=True, currency=offered["currency"], unit_amount=offered["unit_amount"],
            lookup_key=None, metadata={}, recurring=recurring, product=self.books.id("prod", 14), type="recurring",
        )  # fmt: skip
        return str(made["id"])

    def begin(self, session_id: str, number: str = GOOD_CARD) -> Object:
        """Somebody subscribes with a card on the page of a session."""
        account, session = self.books.session(session_id)
        if session["status"] != "open":
            raise Refused(f"This Checkout Session is {session['status']}.", status=402)
        _charge(number)
        item, asked = session["_items"][0], session["_asked"]
        price, now, trial = account.get("price", item["price"]), self.books.now(), asked.get("trial_end")
        if session["customer"] is None:
            session["customer"] = self.books.add(account, "customer", "cus", 14, metadata={})["id"]
        end = trial or _after(now, now, price)
        made = self.books.add(
            account, "subscription", "sub", customer=session["customer"], metadata=asked.get("metadata", {}),
            status="trialing" if trial else "active", cancel_at_period_end=False, cancel_at=None, canceled_at=None,
            pause_collection=None, ended_at=None, trial_end=trial, schedule=None, latest_invoice=None, start_date=now,
            items=self._items(price, now, end), _anchor=end if trial else now, _number=number,
        )  # fmt: skip
        session |= {"subscription": made["id"], "status": "complete", "payment_status": "paid", "url": None}
        self._tell(account, made, "created")
        self._invoice(account, made, 0 if trial else price["unit_amount"], "subscription_create", ok=True)
        self.books.tell(account, "checkout.session.completed", session)
        return session

    def _items(self, price: Object, start: int, end: int) -> Object:
        item = {
            "id": self.books.id("si", 14), "object": "subscription_item", "price": price, "quantity": 1,
            "current_period_start": start, "current_period_end": end, "metadata": {},
        }  # fmt: skip
        return {"object": "list", "data": [item], "has_more": False, "url": "/v1/subscription_items"}

    # --- subscriptions ---------------------------------------------------------------------------------------------

    def subscriptions(self, account: Account, given: Mapping[str, Any]) -> Object:
        states = ("active", "all", "canceled", "past_due", "trialing", "unpaid", "incomplete", "ended")
        shape = {"customer": p.text(255), "status": p.one_of(*states), "limit": p.integer(1), **EXPAND}
        wanted = check(given, shape)
        if "customer" in wanted:
            account.get("customer", wanted["customer"], "customer")
        rows = [
            r for r in account.all("subscription").values() if r["customer"] == wanted.get("customer", r["customer"])
        ]
        if wanted.get("status", "") != "all":
            rows = [row for row in rows if row["status"] in (wanted.get("status"), *ALIVE)]
        return _list(rows, wanted.get("limit", 10), "/v1/subscriptions")

    def change(self, account: Account, given: Mapping[str, Any], id: str) -> Object:
        wanted = check(given, CHANGE)
        held = _living(account.get("subscription", id, "subscription"))
        if held["schedule"] is not None:
            raise Refused(
                f"The subscription is managed by the subscription schedule `{held['schedule']}`, and updating any "
                "cancelation behavior directly is not allowed. Please update the schedule instead.",
            )
        if "items" in wanted:
            self._swap(account, held, wanted)
        for name in ("cancel_at_period_end", "metadata", "pause_collection"):
            if name in wanted:
                held[name] = wanted[name]
        held["cancel_at"] = held["items"]["data"][0]["current_period_end"] if held["cancel_at_period_end"] else None
        self._tell(account, held, "updated")
        return held

    def cancel(self, account: Account, given: Mapping[str, Any], id: str) -> Object:
        """It ends at once; an open invoice stays open, and is not tried again."""
        check(given, {"prorate": p.boolean, "invoice_now": p.boolean, **EXPAND})
        held = _living(account.get("subscription", id, "subscription"))
        held |= {"status": "canceled", "ended_at": self.books.now(), "canceled_at": self.books.now()}
        for invoice in account.all("latest_invoice").values():
            if invoice["subscription"] == id:
                invoice["next_payment_attempt"] = None
        self._tell(account, held, "deleted")
        return held

    def void(self, account: Account, given: Mapping[str, Any], id: str) -> Object:
        check(given, EXPAND)
        invoice = account.get("latest_invoice", id, "invoice")
        if invoice["status"] != "open":
            raise Refused(f"This invoice is {invoice['status']} and cannot be voided.")
        invoice |= {"status": "void", "next_payment_attempt": None}
        self.books.tell(account, "invoice.voided", invoice)
        return invoice

    def _keeper(self, id: str) -> Account:
        """The account a subscription is on."""
        found = (each for each in self.books.accounts.values() if id in each.all("subscription"))
        return next(found, self.books.accounts[""])

    def _swap(self, account: Account, held: Object, wanted: Mapping[str, Any]) -> None:
        """Another price: what is left of the old one is set off, in seconds, and the difference is paid at once."""
        item, asked = held["items"]["data"][0], wanted["items"][0]
        if asked.get("id") != item["id"]:
            raise Refused("Only the one item can be changed here", "items")
        old, new = item["price"], account.get("price", asked["price"], "price")
        if new["currency"] != old["currency"]:
            raise Refused("All prices on a subscription must have the same currency", "items[0][price]")
        at, start, end = wanted.get("proration_date", self.books.now()), *_period(item)
        if not start <= at <= end:
            raise Refused("Cannot set proration_date outside of the current subscription period.", "proration_date")
        anew = old["recurring"]["interval"] != new["recurring"]["interval"]
        if held["status"] == "trialing":
            item["price"] = new
            return
        due = 0
        if wanted.get("proration_behavior", "create_prorations") == "always_invoice":
            charge = new["unit_amount"] if anew else _share(new["unit_amount"], end - at, end - start)
            due = charge - _share(old["unit_amount"], end - at, end - start)
        if due > 0 and held["_number"] in DECLINES and wanted.get("payment_behavior") == "error_if_incomplete":
            _charge(held["_number"])
        item["price"] = new
        if anew:
            held["_anchor"] = at
            item |= {"current_period_start": at, "current_period_end": _after(at, at, new)}
        self._invoice(account, held, due, "subscription_update", ok=True)

    # --- what is planned -------------------------------------------------------------------------------------------

    def plan(self, account: Account, given: Mapping[str, Any]) -> Object:
        wanted = check(given, {"from_subscription": p.text(255), **EXPAND}, ("from_subscription",))
        held = _living(account.get("subscription", wanted["from_subscription"], "from_subscription"))
        if held["schedule"] is not None:
            raise Refused(
                "You cannot migrate a subscription that is already attached to a schedule", "from_subscription"
            )
        item = held["items"]["data"][0]
        start, end = _period(item)
        phase = {"start_date": start, "end_date": end, "metadata": {}, "items": [{"price": item["price"]["id"]}]}
        made = self.books.add(
            account, "schedule", "sub_sched", object="subscription_schedule", subscription=held["id"], status="active",
            end_behavior="release", phases=[phase], metadata={}, current_phase={"start_date": start, "end_date": end},
        )  # fmt: skip
        held["schedule"] = made["id"]
        self._tell(account, held, "updated")
        return made

    def change_plan(self, account: Account, given: Mapping[str, Any], id: str) -> Object:
        wanted = check(given, SCHEDULE)
        made = account.get("schedule", id, "schedule")
        if made["status"] != "active":
            raise Refused(f"You cannot update a subscription schedule that is {made['status']}.")
        phases, start = [], 0
        for nth, phase in enumerate(wanted["phases"]):
            start = phase.get("start_date", start)
            if nth == 0 and start != made["phases"][0]["start_date"]:
                raise Refused("You can not modify the start date of the current phase", "phases[0][start_date]")
            if "end_date" in phase and "duration" in phase:
                raise Refused("Only one of end_date and duration may be set", f"phases[{nth}]")
            price = account.get("price", phase["items"][0]["price"], "price")
            end = phase.get("end_date") or _after(start, start, {"recurring": phase["duration"]})
            row = {"start_date": start, "end_date": end, "items": [{"price": price["id"]}]}
            phases.append({**row, "metadata": phase.get("metadata", {})})
            start = end
        made |= {"phases": phases, "end_behavior": wanted.get("end_behavior", made["end_behavior"])}
        self._tell(account, account.get("subscription", made["subscription"]), "updated")
        return made

    def release(self, account: Account, given: Mapping[str, Any], id: str) -> Object:
        check(given, EXPAND)
        made = account.get("schedule", id, "schedule")
        if made["status"] != "active":
            raise Refused(f"You cannot release a subscription schedule that is {made['status']}.")
        held = account.get("subscription", made["subscription"])
        made |= {"status": "released", "released_subscription": held["id"]}
        held["schedule"] = None
        self._tell(account, held, "updated")
        return made

    def portal(self, account: Account, given: Mapping[str, Any]) -> Object:
        wanted = check(given, PORTAL, ("customer",))
        account.get("customer", wanted["customer"], "customer")
        made = self.books.add(
            account, "billing_portal.session", "bps", customer=wanted["customer"], return_url=wanted.get("return_url")
        )
        return made | {"url": f"{self._url()}/p/session/{made['id']}"}

    # --- as time goes by -------------------------------------------------------------------------------------------

    def next_period(self, id: str, *, ok: bool = True) -> Object:
        """The end of what is paid has come."""
        account = self._keeper(id)
        held = _living(account.get("subscription", id))
        item = held["items"]["data"][0]
        end = item["current_period_end"]
        self.books.ahead += max(0, end - self.books.now())
        if held["cancel_at_period_end"]:
            held |= {"status": "canceled", "ended_at": end, "canceled_at": end}
            self._tell(account, held, "deleted")
            return held
        self._turn(account, held, item, end)
        price = item["price"]
        item |= {"current_period_start": end, "current_period_end": _after(held["_anchor"], end, price)}
        paused = held["pause_collection"] is not None
        held["status"] = "active" if ok or paused else "past_due"
        self._invoice(account, held, price["unit_amount"], "subscription_cycle", ok=ok)
        self._tell(account, held, "updated")
        return held

    def _turn(self, account: Account, held: Object, item: Object, end: int) -> None:
        """A phase that was planned begins; after the last one the subscription is on its own again."""
        if held["schedule"] is None:
            return
        plan = account.get("schedule", held["schedule"])
        phase = next((each for each in plan["phases"] if each["start_date"] == end), None)
        if phase is None:
            plan["status"], held["schedule"] = "released", None
            return
        price = account.get("price", phase["items"][0]["price"])
        if price["recurring"]["interval"] != item["price"]["recurring"]["interval"]:
            held["_anchor"] = end
        item["price"] = price
        held["metadata"] = {**held["metadata"], **phase["metadata"]}

    def pay_invoice(self, id: str) -> Object:
        """What was missing is paid."""
        account = self._keeper(id)
        held = _living(account.get("subscription", id))
        invoice = account.get("latest_invoice", held["latest_invoice"])
        invoice |= {"status": "paid", "amount_paid": invoice["amount_due"], "next_payment_attempt": None}
        for each in invoice["payments"]["data"]:
            each["status"] = "paid"
            self.books.succeed(account, account.get("payment_intent", each["payment"]["payment_intent"]))
        held["status"] = "active"
        self._tell(account, held, "updated")
        self.books.tell(account, "invoice.paid", invoice)
        return held

    def fail_again(self, id: str) -> Object:
        """What is missing is tried once more, in vain."""
        account = self._keeper(id)
        held = _living(account.get("subscription", id))
        invoice = account.get("latest_invoice", held["latest_invoice"])
        invoice |= {"attempt_count": invoice["attempt_count"] + 1, "next_payment_attempt": self.books.now() + TWO_DAYS}
        self.books.tell(account, "invoice.payment_failed", invoice)
        return invoice

    def _invoice(self, account: Account, held: Object, amount: int, why: str, *, ok: bool) -> None:
        """An invoice for a subscription; less than nothing is kept for the next one."""
        currency = held["items"]["data"][0]["price"]["currency"]
        told = {"subscription": held["id"], "metadata": dict(held["metadata"])}
        void = held["pause_collection"] is not None
        paid = self._paid_by(account, held, amount, ok=ok) if amount > 0 and not void else []
        made = self.books.add(
            account, "latest_invoice", "in", object="invoice", customer=held["customer"], currency=currency,
            amount_due=max(amount, 0), amount_paid=max(amount, 0) if ok else 0, total=amount, billing_reason=why,
            status="void" if void else "paid" if ok else "open", metadata={}, attempt_count=0 if void else 1,
            next_payment_attempt=None if ok or void else self.books.now() + TWO_DAYS,
            payments={"object": "list", "data": paid, "has_more": False, "url": "/v1/invoice_payments"},
            subscription=held["id"], hosted_invoice_url=f"{self._url()}/i/{held['id']}",
            parent={"type": "subscription_details", "subscription_details": told},
        )  # fmt: skip
        held["latest_invoice"] = made["id"]
        word = "voided" if void else "paid" if ok else "payment_failed"
        self.books.tell(account, f"invoice.{word}", made)

    def _paid_by(self, account: Account, held: Object, amount: int, *, ok: bool) -> list[Object]:
        """What takes the money of an invoice."""
        intent = self.books.add(
            account, "payment_intent", "pi", amount=amount, amount_received=0, latest_charge=None, description=None,
            currency=held["items"]["data"][0]["price"]["currency"], capture_method="automatic", metadata={},
            last_payment_error=None, payment_method_types=["card"], status="requires_payment_method",
            application_fee_amount=None, customer=held["customer"], payment_method=None, setup_future_usage=None,
            next_action=None, _number=held["_number"],
        )  # fmt: skip
        if ok:
            self.books.succeed(account, intent)
        else:
            self.books.fail(account, intent, {"code": "card_declined", "decline_code": "insufficient_funds"})
        row = {"object": "invoice_payment", "status": "paid" if ok else "open"}
        return [row | {"payment": {"type": "payment_intent", "payment_intent": intent["id"]}}]

    def _tell(self, account: Account, held: Object, what: str) -> None:
        self.books.tell(account, f"customer.subscription.{what}", held)


def _pause(where: str, value: Any) -> Object | None:
    """How collection is paused; nothing resumes it."""
    shape = {"behavior": p.one_of("keep_as_draft", "mark_uncollectible", "void"), "resumes_at": p.integer()}
    if value == "":
        return None
    if not isinstance(value, dict):
        raise Refused("Invalid object", where)
    return check(value, shape, ("behavior",), where)


def _list(rows: list[Object], limit: int, url: str) -> Object:
    return {"object": "list", "data": rows[::-1][:limit], "has_more": len(rows) > limit, "url": url}


def _living(held: Object) -> Object:
    if held["status"] not in ALIVE:
        raise Refused(
            "A canceled subscription can only update its cancellation_details and metadata.",
            code="resource_missing", status=404,
        )  # fmt: skip
    return held


def _charge(number: str) -> None:
    if (decline := DECLINES.get(number)) is not None:
        code, reason, words = decline
        refused = Refused(words, code=code, kind="card_error", status=402)
        refused.body["decline_code"] = reason or None
        raise refused


def _period(item: Object) -> tuple[int, int]:
    return item["current_period_start"], item["current_period_end"]


def _share(amount: int, rest: int, whole: int) -> int:
    """The part of a price for the rest of a period, half a cent up."""
    return (2 * amount * rest + whole) // (2 * whole)


def _after(anchor: int, moment: int, price: Mapping[str, Any]) -> int:
    """The first day of payment after a moment: the anchor's day, or the last one of a shorter month."""
    first, nth = datetime.fromtimestamp(anchor, UTC), 0
    step = 12 if price["recurring"]["interval"] == "year" else 1
    while True:
        nth += step
        month = first.month - 1 + nth
        year, month = first.year + month // 12, month % 12 + 1
        day = min(first.day, calendar.monthrange(year, month)[1])
        found = int(first.replace(year=year, month=month, day=day).timestamp())
        if found > moment:
            return found
