"""The vendor's API over HTTP: keys, accounts, versions, idempotency, and each call's strictness."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, request

from . import params as p
from .books import API_VERSION, Account, Books, Object
from .params import Refused, check, missing, nested, payable
from .post import Endpoint, PostOffice
from .trouble import Cut, Garbage, Troubles, hang_up

Handler = Callable[..., Object]
Routes = Sequence[tuple[str, Handler]]
VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")
MOMENT = {"gt": p.integer(), "gte": p.integer(), "lt": p.integer(), "lte": p.integer()}
PAGE = {"limit": p.integer(1), "starting_after": p.text(255), "ending_before": p.text(255), "expand": [p.text(255)]}
ITEM: p.Shape = {
    "quantity": p.integer(1),
    "price_data": {
        "currency": p.currency,
        "unit_amount": p.integer(),
        "product_data": {
            "name": p.text(250), "description": p.text(5000), "images": [p.url], "metadata": p.metadata,
            "tax_code": p.text(50),
        },
        "tax_behavior": p.one_of("exclusive", "inclusive", "unspecified"),
    },
}  # fmt: skip
SESSION: p.Shape = {
    "mode": p.one_of("payment", "setup", "subscription"),
    "line_items": [ITEM],
    "success_url": p.url,
    "cancel_url": p.url,
    "client_reference_id": p.text(200),
    "customer": p.text(255),
    "customer_email": p.email,
    "currency": p.currency,
    "setup_intent_data": {"description": p.text(1000), "metadata": p.metadata},
    "expires_at": p.integer(),
    "metadata": p.metadata,
    "locale": p.text(10),
    "payment_method_types": [p.one_of("card", "sepa_debit")],
    "payment_intent_data": {
        "description": p.text(1000), "metadata": p.metadata, "receipt_email": p.email,
        "statement_descriptor_suffix": p.text(22), "application_fee_amount": p.integer(1),
        "setup_future_usage": p.one_of("off_session", "on_session"),
    },
    "submit_type": p.one_of("auto", "book", "donate", "pay"),
    "ui_mode": p.one_of("hosted"),
    "expand": [p.text(255)],
}  # fmt: skip
REFUND: p.Shape = {
    "payment_intent": p.text(255),
    "charge": p.text(255),
    "amount": p.integer(1),
    "metadata": p.metadata,
    "reason": p.one_of("duplicate", "fraudulent", "requested_by_customer"),
    "refund_application_fee": p.boolean,
    "expand": [p.text(255)],
}
ENDPOINT: p.Shape = {"url": p.url, "enabled_events": [p.text(100)], "connect": p.boolean, "description": p.text(5000)}


@dataclass(slots=True)
class _Kept:
    """What the first call with an idempotency key asked for, and its answer once there is one."""

    asked: str
    status: int = 0
    body: bytes = b""


class Api:
    """The routes under /v1. Each answers as the vendor does, errors included."""

    def __init__(self, books: Books, post: PostOffice, troubles: Troubles, key: str, more: Routes = ()) -> None:
        self.books, self.post, self.troubles, self.key = books, post, troubles, key
        self.calls: list[str] = []
        self.open_subscription: Handler = _unknown
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._lock = threading.Lock()
        self.blueprint = Blueprint("api", __name__, url_prefix="/v1")
        for rule, handler in [*self._routes(), *more]:
            verb, _, path = rule.partition(" ")
            view = functools.partial(self._answer, handler)
            self.blueprint.add_url_rule(path, rule.replace(".", "_"), view, methods=[verb])
        self.blueprint.add_url_rule("/<path:path>", "unknown", functools.partial(self._answer, _unknown),
                                    methods=["GET", "POST", "DELETE"])  # fmt: skip

    def _routes(self) -> list[tuple[str, Handler]]:
        return [
            ("POST /checkout/sessions", self.create_session),
            ("GET /checkout/sessions", self.listed("checkout.session", {"payment_intent": p.text(255)})),
            ("GET /checkout/sessions/<id>", self.get_session),
            ("POST /checkout/sessions/<id>/expire", self.expire_session),
            ("GET /payment_intents", self.listed("payment_intent", {"customer": p.text(255)})),
            ("GET /payment_intents/<id>", self._get("payment_intent", "intent")),
            ("GET /charges/<id>", self._get("charge")),
            ("POST /refunds", self.create_refund),
            ("GET /refunds", self.listed("refund", {"payment_intent": p.text(255), "charge": p.text(255)})),
            ("GET /refunds/<id>", self._get("refund")),
            ("GET /disputes", self.listed("dispute", {"payment_intent": p.text(255), "charge": p.text(255)})),
            ("GET /disputes/<id>", self._get("dispute")),
            ("POST /disputes/<id>/close", self.close_dispute),
            ("GET /events", self.events),
            ("GET /events/<id>", self._get("event")),
            ("POST /webhook_endpoints", self.create_endpoint),
            ("GET /webhook_endpoints", self.endpoints),
            ("POST /webhook_endpoints/<id>", self.change_endpoint),
            ("DELETE /webhook_endpoints/<id>", self.delete_endpoint),
            ("GET /balance", self.balance),
            ("GET /account", self.own_account),
        ]

    def forget(self) -> None:
        """No call was ever made."""
        with self._lock:
            self._kept.clear()
            self.calls.clear()

    # --- how every call is answered --------------------------------------------------------------------------------

    def _answer(self, handler: Handler, **path: str) -> Response:
        call, request_id = f"{request.method} {request.path}", f"req_{secrets.token_hex(7)}"
        self.calls.append(call)
        headers = {"Request-Id": request_id, "Stripe-Version": request.headers.get("Stripe-Version", API_VERSION)}
        try:
            status, body, again = self._done(handler, call, request_id, path)
            if again:
                headers["Idempotent-Replayed"] = "true"
            if (trouble := self.troubles.take(call, "after")) is not None:
                trouble.happen()
        except Refused as error:
            status, body = error.status, json.dumps({"error": error.body}, indent=2).encode()
            if error.retry_after:
                headers["Retry-After"] = str(error.retry_after)
        except Garbage:
            return Response("<html>Bad gateway</html>", 502)
        except Cut:
            hang_up(request.environ)
            return Response(status=500)
        return Response(body, status, headers, content_type="application/json")

    def _done(self, handler: Handler, call: str, request_id: str, path: dict[str, str]) -> tuple[int, bytes, bool]:
        self._authenticate()
        version = request.headers.get("Stripe-Version", API_VERSION)
        if not VERSION.fullmatch(version):
            raise Refused(f"Invalid Stripe API version: {version}")
        account = self.books.account(request.headers.get("Stripe-Account", ""))
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        if key is None:
            return 200, self._run(handler, account, call, request_id, None, path), False
        kept, first = self._keep((account.id, key), call)
        if not first:
            return kept.status, kept.body, True
        try:
            kept.body = self._run(handler, account, call, request_id, key, path)
            kept.status = 200
        except Refused as error:
            if "payment_intent" not in error.body:
                self._drop((account.id, key))
                raise
            # A decline is an outcome, and remembered like every other.
            kept.body, kept.status = json.dumps({"error": error.body}, indent=2).encode(), error.status
        except BaseException:
            self._drop((account.id, key))
            raise
        return kept.status, kept.body, False

    def _drop(self, name: tuple[str, str]) -> None:
        """What was refused before anything began is not remembered under the key."""
        with self._lock:
            del self._kept[name]

    def _keep(self, name: tuple[str, str], call: str) -> tuple[_Kept, bool]:
        if len(name[1]) > 255:
            raise Refused("Idempotency keys must be at most 255 characters", kind="idempotency_error")
        asked = hashlib.sha256(call.encode() + request.get_data()).hexdigest()
        with self._lock:
            kept = self._kept.get(name)
            if kept is None:
                kept = self._kept[name] = _Kept(asked)
                return kept, True
        if kept.asked != asked:
            raise Refused(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{name[1]}' if you meant to execute a different request.",
                kind="idempotency_error",
            )
        if not kept.status:
            raise Refused(
                "There is currently another in-progress request using this Idempotent Key.",
                code="idempotency_key_in_use", kind="idempotency_error", status=409,
            )  # fmt: skip
        return kept, False

    def _run(
        self, handler: Handler, account: Account, call: str, request_id: str, key: str | None, path: dict[str, str]
    ) -> bytes:
        if (trouble := self.troubles.take(call, "before")) is not None:
            trouble.happen()
        given = nested(parse_qsl(request.get_data(as_text=True) or request.query_string.decode(), True))
        with self.books.lock, self.books.request(request_id, key):
            found = handler(account, given, **path)
            shown = _shown(account, found, given.get("expand", []))
        return json.dumps(shown, indent=2).encode()

    def _authenticate(self) -> None:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            value = base64.b64decode(value).decode().partition(":")[0]
        if not value:
            raise Refused("You did not provide an API key.", status=401)
        if value != self.key:
            raise Refused(f"Invalid API Key provided: {value[:8]}****{value[-4:]}", status=401)

    # --- sessions and refunds --------------------------------------------------------------------------------------

    def create_session(self, account: Account, given: Mapping[str, Any]) -> Object:
        if given.get("mode") == "subscription":
            return self.open_subscription(account, given)
        wanted = check(given, SESSION, ("mode", "success_url"))
        _one_customer(account, wanted)
        if wanted["mode"] == "setup":
            return self._setup_session(account, wanted)
        check(given, SESSION, ("line_items",))
        if wanted["mode"] != "payment":
            raise Refused("This double only takes payments", "mode")
        for index, item in enumerate(wanted["line_items"]):
            where = f"line_items[{index}]"
            check(given["line_items"][index], ITEM, ("price_data", "quantity"), where)
            check(given["line_items"][index]["price_data"], ITEM["price_data"],
                  ("currency", "unit_amount", "product_data"), f"{where}[price_data]")  # fmt: skip
            if not item["price_data"]["product_data"].get("name"):
                raise Refused(f"Missing required param: {where}[price_data][product_data][name].",
                              f"{where}[price_data][product_data][name]", code="parameter_missing")  # fmt: skip
        currencies = {item["price_data"]["currency"] for item in wanted["line_items"]}
        if len(currencies) != 1:
            raise Refused("All line items must have the same currency", "line_items")
        total = sum(item["price_data"]["unit_amount"] * item["quantity"] for item in wanted["line_items"])
        payable(total, min(currencies), "line_items")
        _chargeable(account, wanted.get("payment_intent_data", {}).get("application_fee_amount"), total)
        ahead = wanted.get("expires_at", self.books.now() + 3600) - self.books.now()
        if not 1799 <= ahead <= 24 * 3600 + 5:
            raise Refused("The `expires_at` timestamp must be between 30 minutes and 24 hours from now.", "expires_at")
        return self.books.open(account, wanted, total, min(currencies))

    def _setup_session(self, account: Account, wanted: Mapping[str, Any]) -> Object:
        for name in ("line_items", "payment_intent_data", "submit_type"):
            if name in wanted:
                raise Refused(f"You can not pass `{name}` in `setup` mode.", name)
        for name in ("customer", "currency"):
            if name not in wanted:
                raise Refused(f"Missing required param: {name}.", name, code="parameter_missing")
        return self.books.open(account, wanted, 0, wanted["currency"])

    def get_session(self, account: Account, given: Mapping[str, Any], id: str) -> Object:
        check(given, {"expand": [p.text(255)]})
        return self.books.looked_at(account, account.get("checkout.session", id, "session"))

    def expire_session(self, account: Account, given: Mapping[str, Any], id: str) -> Object:
        check(given, {"expand": [p.text(255)]})
        return self.books.expire(account.get("checkout.session", id, "session")["id"])

    def create_refund(self, account: Account, given: Mapping[str, Any]) -> Object:
        wanted = check(given, REFUND)
        wanted.pop("expand", None)
        charge = wanted.pop("charge", None)
        if charge is not None:
            wanted["payment_intent"] = account.get("charge", charge, "charge")["payment_intent"]
        if "payment_intent" not in wanted:
            raise Refused("One of the following params should be provided for this request: payment_intent or charge.")
        intent = account.get("payment_intent", wanted.pop("payment_intent"), "payment_intent")
        return self.books.refund(intent["id"], wanted.pop("amount", None), **wanted)

    def close_dispute(self, account: Account, given: Mapping[str, Any], id: str) -> Object:
        check(given, {})
        return self.books.close_dispute(account.get("dispute", id, "dispute")["id"], won=False)

    # --- events and endpoints --------------------------------------------------------------------------------------

    def events(self, account: Account, given: Mapping[str, Any]) -> Object:
        shape = {"type": p.text(100), "types": [p.text(100)], "created": MOMENT, "delivery_success": p.boolean}
        wanted = check(given, {**PAGE, **shape})
        if len(wanted.get("types", [])) > 20:
            raise Refused("You may pass up to 20 types", "types")
        types = wanted.get("types") or ([wanted["type"]] if "type" in wanted else None)
        rows = [row for row in account.all("event").values() if types is None or row["type"] in types]
        rows = [row for row in rows if _within(row, wanted.get("created", {}))]
        # Who asks for an account's own events knows whose they are.
        own = [{name: value for name, value in row.items() if name != "account"} for row in rows]
        return _page(own, wanted, "/v1/events")

    def create_endpoint(self, account: Account, given: Mapping[str, Any]) -> Object:
        wanted = check(given, ENDPOINT, ("url", "enabled_events"))
        made = self.post.subscribe(wanted["url"], wanted["enabled_events"], connect=wanted.get("connect", False))
        return {**_endpoint(made), "secret": made.secret}

    def endpoints(self, account: Account, given: Mapping[str, Any]) -> Object:
        rows = [_endpoint(endpoint) for endpoint in self.post.endpoints.values()]
        return _page(rows, check(given, PAGE), "/v1/webhook_endpoints")

    def change_endpoint(self, account: Account, given: Mapping[str, Any], id: str) -> Object:
        wanted = check(given, {**ENDPOINT, "disabled": p.boolean})
        endpoint = self._endpoint(id)
        endpoint.url = wanted.get("url", endpoint.url)
        endpoint.events = tuple(wanted.get("enabled_events", endpoint.events))
        endpoint.enabled = not wanted.get("disabled", not endpoint.enabled)
        return _endpoint(endpoint)

    def delete_endpoint(self, account: Account, given: Mapping[str, Any], id: str) -> Object:
        del self.post.endpoints[self._endpoint(id).id]
        return {"id": id, "object": "webhook_endpoint", "deleted": True}

    def _endpoint(self, id: str) -> Endpoint:
        if id not in self.post.endpoints:
            raise missing("webhook endpoint", id)
        return self.post.endpoints[id]

    def balance(self, account: Account, given: Mapping[str, Any]) -> Object:
        check(given, {})
        return {"object": "balance", "available": [], "pending": [], "livemode": False}

    def own_account(self, account: Account, given: Mapping[str, Any]) -> Object:
        return account.facts

    # --- reading ---------------------------------------------------------------------------------------------------

    def _get(self, kind: str, param: str = "") -> Handler:
        def get(account: Account, given: Mapping[str, Any], id: str) -> Object:
            check(given, {"expand": [p.text(255)]})
            return account.get(kind, id, param or kind)

        return get

    @staticmethod
    def listed(kind: str, filters: Mapping[str, Any] | None = None) -> Handler:
        def handler(account: Account, given: Mapping[str, Any]) -> Object:
            wanted = check(given, {**PAGE, "created": MOMENT, **(filters or {})})
            rows = [
                row
                for row in account.all(kind).values()
                if all(row.get(name) == wanted[name] for name in filters or {} if name in wanted)
                and _within(row, wanted.get("created", {}))
            ]
            return _page(rows, wanted, f"/v1/{kind.replace('.', '/')}s")

        return handler


def _one_customer(account: Account, wanted: Mapping[str, Any]) -> None:
    """Who pays is named once, and is there; only a customer can leave a method."""
    if "customer" in wanted and "customer_email" in wanted:
        raise Refused("You may only specify one of these parameters: customer, customer_email.", "customer")
    if "customer" in wanted:
        account.get("customer", wanted["customer"], "customer")
    elif wanted.get("payment_intent_data", {}).get("setup_future_usage"):
        raise Refused("Only a `customer` can leave a payment method.", "payment_intent_data[setup_future_usage]")


def _chargeable(account: Account, fee: int | None, total: int) -> None:
    if not account.facts["charges_enabled"]:
        raise Refused("Your account cannot currently make charges.", code="account_invalid")
    if fee is None:
        return
    where = "payment_intent_data[application_fee_amount]"
    if not account.facts["type"]:
        text = "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment"
        raise Refused(f"{text} (using the Stripe-Account header) or destination payment.", where)
    if fee > total:
        raise Refused("The application fee cannot be greater than the total amount charged.", where)


def _unknown(account: Account, given: Mapping[str, Any], path: str) -> Object:
    text = f"Unrecognized request URL ({request.method}: /v1/{path})."
    raise Refused(text, status=404)


def _within(row: Object, created: Mapping[str, int]) -> bool:
    at, far = int(row["created"]), 2**62
    after, before = created.get("gt", -1) < at, at < created.get("lt", far)
    return after and before and created.get("gte", 0) <= at <= created.get("lte", far)


def _page(rows: list[Object], wanted: Mapping[str, Any], url: str) -> Object:
    """Newest first, from a cursor on."""
    limit = wanted.get("limit", 10)
    if limit > 100:
        raise Refused("Invalid integer: limit must be at most 100", "limit", code="parameter_invalid_integer")
    rows = rows[::-1]
    ids = [row["id"] for row in rows]
    for name in ("starting_after", "ending_before"):
        if name in wanted and wanted[name] not in ids:
            raise missing("object", wanted[name], name)
    if "ending_before" in wanted:
        newer = rows[: ids.index(wanted["ending_before"])]
        found, more = newer[-limit:], len(newer) > limit
    else:
        start = ids.index(wanted["starting_after"]) + 1 if "starting_after" in wanted else 0
        found, more = rows[start : start + limit], len(rows) > start + limit
    return {"object": "list", "data": found, "has_more": more, "url": url}


def _shown(account: Account, found: Object, expand: list[str]) -> Object:
    """Without what the vendor keeps to itself, and with what was asked to be written out."""
    if found.get("object") == "list":
        inner = [name.removeprefix("data.") for name in expand]
        return {**found, "data": [_shown(account, row, inner) for row in found["data"]]}
    shown = {name: value for name, value in found.items() if not name.startswith("_")}
    for path in expand:
        head, _, rest = path.partition(".")
        if head not in shown:
            raise Refused(f"This property cannot be expanded ({head}).", "expand")
        if isinstance(shown[head], str):
            kind = "charge" if head in ("latest_charge", "charge") else head
            shown[head] = account.get(kind, shown[head])
        if isinstance(shown[head], dict):
            shown[head] = _shown(account, shown[head], [rest] if rest else [])
    return shown


def _endpoint(endpoint: Endpoint) -> Object:
    return {
        "id": endpoint.id,
        "object": "webhook_endpoint",
        "enabled_events": list(endpoint.events),
        "livemode": False,
        "status": "enabled" if endpoint.enabled else "disabled",
        "url": endpoint.url,
    }
