"""The vendor's books: sessions, intents, charges, refunds, disputes, and the events that everything writes.

Ids, shapes and the order of events are the vendor's. One lock guards all of it; nothing outside changes an object.
"""

from __future__ import annotations

import copy
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from .params import Refused, missing

API_VERSION = "2026-10-28.endive"
Object = dict[str, Any]
Listener = Callable[[str, Object], None]

DECLINES = {
    "4000000000000002": ("card_declined", "generic_decline", "Your card was declined."),
    "4000000000009995": ("card_declined", "insufficient_funds", "Your card has insufficient funds."),
    "4000000000000069": ("expired_card", "", "Your card has expired."),
    "4000000000000127": ("incorrect_cvc", "", "Your card's security code is incorrect."),
}
GOOD_CARD, DISPUTED_CARD = "4242424242424242", "4000000000000259"
PENDING_REFUND_CARD, FAILING_REFUND_CARD = "4000000000007726", "4000000000005126"
GOOD_IBAN, BAD_IBAN, DISPUTED_IBAN = "DE89370400440532013000", "DE62370400440532013001", "DE35370400440532013002"


_FACTS: Object = {
    "object": "account", "type": "", "country": "IT", "default_currency": "eur", "email": None, "business_profile": {},
    "charges_enabled": True, "payouts_enabled": True, "details_submitted": True,
    "requirements": {"currently_due": [], "past_due": [], "eventually_due": [], "disabled_reason": None},
}  # fmt: skip


class Account:
    """All objects of one account, newest last; `facts` is the account as the vendor shows it, its type empty for the
    platform's own. `access`: whether the platform may act for it.
    """

    def __init__(self, id: str, facts: Object | None = None) -> None:
        self.id = id
        self.facts: Object = {**_FACTS, **(facts or {}), "id": id}
        self.access = True
        self.objects: dict[str, dict[str, Object]] = {}

    def all(self, kind: str) -> dict[str, Object]:
        return self.objects.setdefault(kind, {})

    def get(self, kind: str, id: str, param: str = "id") -> Object:
        found = self.all(kind).get(id)
        if found is None:
            raise missing(kind.replace(".", " ").replace("_", " "), id, param)
        return found


def _held(wanted: Sequence[str], blocked: str, *, submitted: bool) -> Object:
    free = not wanted and not blocked
    asked = {"currently_due": list(wanted), "past_due": list(wanted), "eventually_due": list(wanted)}
    return {
        "charges_enabled": free, "payouts_enabled": free, "details_submitted": submitted,
        "requirements": {**asked, "disabled_reason": blocked or None},
    }  # fmt: skip


class Books:
    """Accounts by id; "" is the platform's own. `now()` can be moved on, so that sessions expire."""

    def __init__(self, url: Callable[[], str]) -> None:
        self.lock = threading.RLock()
        self.accounts = {"": Account("acct_1Platform")}
        self.ahead = 0
        self.listeners: list[Listener] = []
        self.keeper: Callable[[Account, str, str], Object] | None = None
        """Keeps what a customer pays with, for later."""
        self._url, self._request = url, threading.local()

    def now(self) -> int:
        return int(time.time()) + self.ahead

    def account(self, id: str) -> Account:
        """Raises 403 for one that is not connected."""
        if id not in self.accounts or not self.accounts[id].access:
            text = f"The provided key does not have access to account '{id}' (or that account does not exist)."
            raise Refused(text, code="account_invalid", status=403)
        return self.accounts[id]

    def connect(self) -> str:
        """A new connected account that may do everything."""
        return self.join("standard", "IT", "owner@example.org", ()).id

    def join(
        self, type: str, country: str, email: str | None, wanted: Sequence[str], profile: Object | None = None
    ) -> Account:
        """A new account of somebody else's; while things are `wanted` it may do nothing."""
        id = self.id("acct", 16)
        facts = {"type": type, "country": country, "email": email, "business_profile": profile or {}}
        with self.lock:
            made = self.accounts[id] = Account(id, facts)
            if wanted:
                made.facts |= _held(wanted, "requirements.past_due", submitted=False)
        return made

    def allow(self, id: str, wanted: Sequence[str] = (), blocked: str = "", *, charge: bool | None = None) -> Object:
        """The vendor has looked at what the owner handed in: it may do everything, or still wants something."""
        account = self.accounts[id]
        account.facts |= _held(wanted, blocked, submitted=True)
        if charge is not None:
            account.facts["charges_enabled"] = charge
        self.tell(account, "account.updated", account.facts)
        return account.facts

    def leave(self, id: str) -> None:
        """The owner, or the platform, ends its access."""
        account = self.accounts[id]
        self.tell(account, "account.application.deauthorized", {"id": "ca_double", "object": "application"})
        account.access = False

    def id(self, prefix: str, size: int = 24) -> str:
        return f"{prefix}_{secrets.token_hex(size)[:size]}"

    @contextmanager
    def request(self, id: str, key: str | None) -> Iterator[None]:
        """Events of the block say which request they come from."""
        self._request.current = {"id": id, "idempotency_key": key}
        try:
            yield
        finally:
            self._request.current = None

    def add(self, account: Account, kind: str, prefix: str, size: int = 24, **values: Any) -> Object:
        """Write a new object."""
        head = {"id": self.id(prefix, size), "object": kind, "created": self.now(), "livemode": False}
        made: Object = {**head, **values}
        account.all(kind)[made["id"]] = made
        return made

    def tell(self, account: Account, type: str, subject: Object) -> Object:
        """Write an event with the object as it is now."""
        asked = getattr(self._request, "current", None) or {"id": None, "idempotency_key": None}
        shown = {name: copy.deepcopy(value) for name, value in subject.items() if not name.startswith("_")}
        event: Object = {
            "id": self.id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(),
            "data": {"object": shown},
            "livemode": False,
            "pending_webhooks": 0,
            "request": asked,
            "type": type,
        }
        name = next(name for name, known in self.accounts.items() if known is account)
        if name:
            event["account"] = name
        account.all("event")[event["id"]] = event
        for listener in self.listeners:
            listener(name, event)
        return event

    # --- sessions --------------------------------------------------------------------------------------------------

    def open(self, account: Account, given: Mapping[str, Any], total: int, currency: str) -> Object:
        """A checkout session, ready for its page."""
        session = self.add(
            account, "checkout.session", "cs_test", 48,
            amount_subtotal=total, amount_total=total, currency=currency,
            cancel_url=given.get("cancel_url"), success_url=given["success_url"],
            client_reference_id=given.get("client_reference_id"), metadata=given.get("metadata", {}),
            customer=given.get("customer"), customer_email=given.get("customer_email"), customer_details=None,
            expires_at=given.get("expires_at", self.now() + 24 * 3600), mode=given["mode"], payment_intent=None,
            setup_intent=None,
            payment_method_types=given.get("payment_method_types", ["card", "sepa_debit"]),
            payment_status="unpaid", status="open", ui_mode="hosted",
            _intent=given.get("payment_intent_data", {}), _items=given.get("line_items", []),
            _setup=given.get("setup_intent_data", {}),
        )  # fmt: skip
        session["url"] = f"{self._url()}/c/pay/{session['id']}"
        return session

    def session(self, id: str) -> tuple[Account, Object]:
        """A session of any account, looked at with the clock: what nobody paid expires."""
        for account in self.accounts.values():
            if id in account.all("checkout.session"):
                return account, self.looked_at(account, account.all("checkout.session")[id])
        raise missing("checkout.session", id)

    def looked_at(self, account: Account, session: Object) -> Object:
        if session["status"] == "open" and self.now() >= session["expires_at"]:
            self._expired(account, session)
        return session

    def expire(self, id: str) -> Object:
        """Close an open session."""
        account, session = self.session(id)
        if session["status"] != "open":
            raise Refused(
                f'Only Checkout Sessions with a status in ["open"] can be expired. This session has a status of '
                f"{session['status']}."
            )
        self._expired(account, session)
        return session

    def _expired(self, account: Account, session: Object) -> None:
        session |= {"status": "expired", "url": None}
        self.tell(account, "checkout.session.expired", session)

    # --- paying ----------------------------------------------------------------------------------------------------

    def pay(self, id: str, number: str = GOOD_CARD) -> Object:
        """The payer gives a card. Raises a 402 for one that is declined; the session stays open."""
        account, session = self._payable(id)
        intent = self._intent(account, session, "card")
        if (decline := DECLINES.get(number)) is not None:
            self._decline(account, intent, *decline)
        intent["_number"] = number
        self._keep(account, session, intent, number)
        session |= {"payment_intent": intent["id"], "payment_status": "paid", "status": "complete", "url": None}
        self.succeed(account, intent)
        self.tell(account, "checkout.session.completed", session)
        if number == DISPUTED_CARD:
            self.dispute(intent["id"])
        return session

    def debit(self, id: str) -> Object:
        """The payer gives an account to debit: complete, not paid, until `settle` says how it ends."""
        account, session = self._payable(id)
        if "sepa_debit" not in session["payment_method_types"]:
            raise Refused("The payment method sepa_debit is not offered by this session", "payment_method")
        intent = self._intent(account, session, "sepa_debit")
        intent["status"] = "processing"
        self._keep(account, session, intent, GOOD_IBAN)
        session |= {"payment_intent": intent["id"], "payment_status": "unpaid", "status": "complete", "url": None}
        self.tell(account, "payment_intent.processing", intent)
        self.tell(account, "checkout.session.completed", session)
        return session

    def settle(self, intent_id: str, *, ok: bool) -> Object:
        """The bank's answer to a debit, days later."""
        account, intent = self.found("payment_intent", intent_id)
        if intent["status"] != "processing":
            raise Refused(f"This PaymentIntent is {intent['status']}, not processing")
        sessions = account.all("checkout.session").values()
        session = next((s for s in sessions if s["payment_intent"] == intent_id), None)
        if ok:
            if session is not None:
                session["payment_status"] = "paid"
            self.succeed(account, intent)
        else:
            intent |= {
                "status": "requires_payment_method",
                "last_payment_error": {"code": "payment_intent_payment_attempt_failed"},
            }
            self.tell(account, "payment_intent.payment_failed", intent)
        if session is None:
            return intent
        self.tell(account, f"checkout.session.async_payment_{'succeeded' if ok else 'failed'}", session)
        return session

    def _keep(self, account: Account, session: Object, intent: Object, number: str) -> None:
        if self.keeper is not None and session["_intent"].get("setup_future_usage"):
            intent["payment_method"] = self.keeper(account, session["customer"], number)["id"]

    def _payable(self, id: str) -> tuple[Account, Object]:
        account, session = self.session(id)
        if session["status"] != "open":
            raise Refused(f"This Checkout Session is {session['status']}.", status=409)
        if session["mode"] == "setup":
            raise Refused("Nothing is paid at this Checkout Session.", status=409)
        return account, session

    def _intent(self, account: Account, session: Object, method: str) -> Object:
        """The session's intent, made with the first attempt."""
        known = session.get("_attempt")
        if known:
            return account.get("payment_intent", known)
        asked = session["_intent"]
        intent = self.add(
            account, "payment_intent", "pi",
            amount=session["amount_total"], amount_received=0, currency=session["currency"], latest_charge=None,
            capture_method="automatic_async", description=asked.get("description"), metadata=asked.get("metadata", {}),
            last_payment_error=None, payment_method_types=[method], status="requires_payment_method",
            application_fee_amount=asked.get("application_fee_amount"), customer=session["customer"],
            payment_method=None, setup_future_usage=asked.get("setup_future_usage"), next_action=None,
        )  # fmt: skip
        session["_attempt"] = intent["id"]
        self.tell(account, "payment_intent.created", intent)
        return intent

    def _decline(self, account: Account, intent: Object, code: str, reason: str, message: str) -> None:
        error = {"code": code, "decline_code": reason or None, "message": message, "type": "card_error"}
        self.fail(account, intent, error)
        refused = Refused(message, code=code, kind="card_error", status=402)
        if reason:
            refused.body["decline_code"] = reason
        raise refused

    def fail(self, account: Account, intent: Object, error: Object) -> None:
        """The payer's bank says no."""
        charge = self._charge(account, intent, "failed")
        intent |= {"last_payment_error": error, "latest_charge": charge["id"], "status": "requires_payment_method"}
        self.tell(account, "charge.failed", charge)
        self.tell(account, "payment_intent.payment_failed", intent)

    def succeed(self, account: Account, intent: Object) -> None:
        charge = self._charge(account, intent, "succeeded")
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge["id"]}
        intent["last_payment_error"] = None
        if intent.get("application_fee_amount"):
            charge["application_fee"] = self._keep_fee(account, charge, intent["application_fee_amount"])["id"]
        self.tell(account, "charge.succeeded", charge)
        self.tell(account, "payment_intent.succeeded", intent)

    def _charge(self, account: Account, intent: Object, status: str) -> Object:
        paid = status == "succeeded"
        return self.add(
            account, "charge", "ch",
            amount=intent["amount"], amount_captured=intent["amount"] if paid else 0, amount_refunded=0,
            captured=paid, currency=intent["currency"], disputed=False, metadata=dict(intent["metadata"]), paid=paid,
            payment_intent=intent["id"], refunded=False, status=status,
        )  # fmt: skip

    def _keep_fee(self, account: Account, charge: Object, amount: int) -> Object:
        """The platform's share, in the platform's own books."""
        fee = self.add(
            self.accounts[""], "application_fee", "fee",
            amount=amount, amount_refunded=0, charge=charge["id"], currency=charge["currency"],
            refunded=False,
        )  # fmt: skip
        fee["account"] = account.id
        self.tell(self.accounts[""], "application_fee.created", fee)
        return fee

    # --- giving back -----------------------------------------------------------------------------------------------

    def refund(
        self, intent_id: str, amount: int | None = None, *, refund_application_fee: bool = False, **values: Any
    ) -> Object:
        """Give a payment back, or a part of it. Asked for through the API or clicked in the vendor's own pages."""
        account, intent = self.found("payment_intent", intent_id, "payment_intent")
        if intent["status"] != "succeeded":
            text = f"This PaymentIntent ({intent_id}) does not have a successful charge to refund."
            raise Refused(text, "payment_intent", code="payment_intent_unexpected_state")
        charge = account.get("charge", intent["latest_charge"])
        left = charge["amount"] - charge["amount_refunded"]
        amount = left if amount is None else amount
        if left == 0:
            raise Refused(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
        if any(d["charge"] == charge["id"] and d["status"] != "won" for d in account.all("dispute").values()):
            raise Refused(
                f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
            )
        if amount > left:
            text = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            raise Refused(text, "amount", code="amount_too_large")
        if refund_application_fee and "application_fee" not in charge:
            raise Refused(f"Charge {charge['id']} has no application fee to refund.", "refund_application_fee")
        slow = intent["payment_method_types"] == ["sepa_debit"] or intent.get("_number") == PENDING_REFUND_CARD
        refund = self.add(
            account, "refund", "re",
            amount=amount, charge=charge["id"], currency=charge["currency"], payment_intent=intent_id,
            metadata=values.get("metadata", {}), reason=values.get("reason"), status="pending" if slow else "succeeded",
            failure_reason=None,
        )  # fmt: skip
        self._give_back(charge, amount)
        if refund_application_fee:
            self._give_fee_back(charge)
        self.tell(account, "refund.created", refund)
        self.tell(account, "charge.refunded", charge)
        if intent.get("_number") == FAILING_REFUND_CARD:
            self.settle_refund(refund["id"], ok=False)
        return refund

    def settle_refund(self, id: str, *, ok: bool) -> Object:
        """How a refund ends: also one that had succeeded may come back from the payer's bank."""
        account, refund = self.found("refund", id)
        if refund["status"] == "failed" or (ok and refund["status"] != "pending"):
            raise Refused(f"This refund is {refund['status']}")
        if ok:
            refund["status"] = "succeeded"
            self.tell(account, "refund.updated", refund)
        else:
            refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
            self._give_back(account.get("charge", refund["charge"]), -refund["amount"])
            self.tell(account, "refund.failed", refund)
        return refund

    def _give_fee_back(self, charge: Object) -> None:
        """As much of the platform's share as of the charge, with all refunds so far together."""
        fee = self.accounts[""].get("application_fee", charge["application_fee"])
        fee["amount_refunded"] = fee["amount"] * charge["amount_refunded"] // charge["amount"]
        fee["refunded"] = fee["amount_refunded"] == fee["amount"]
        self.tell(self.accounts[""], "application_fee.refunded", fee)

    def _give_back(self, charge: Object, amount: int) -> None:
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]

    # --- disputes --------------------------------------------------------------------------------------------------

    def dispute(self, intent_id: str, amount: int | None = None, reason: str = "fraudulent") -> Object:
        """The payer's bank takes the money back and asks why it should not."""
        account, intent = self.found("payment_intent", intent_id)
        if intent["status"] != "succeeded":
            raise Refused("Nothing was paid")
        charge = account.get("charge", intent["latest_charge"])
        if charge["disputed"]:
            raise Refused("This charge is disputed already")
        charge["disputed"] = True
        dispute = self.add(
            account, "dispute", "du",
            amount=amount or charge["amount"] - charge["amount_refunded"], charge=charge["id"],
            currency=charge["currency"], metadata={}, payment_intent=intent_id, reason=reason, status="needs_response",
            is_charge_refundable=False,
        )  # fmt: skip
        self.tell(account, "charge.dispute.created", dispute)
        self.tell(account, "charge.dispute.funds_withdrawn", dispute)
        return dispute

    def close_dispute(self, id: str, *, won: bool) -> Object:
        """The bank decides."""
        account, dispute = self.found("dispute", id)
        if dispute["status"] in ("won", "lost"):
            raise Refused("This dispute is already closed")
        dispute["status"] = "won" if won else "lost"
        if won:
            self.tell(account, "charge.dispute.funds_reinstated", dispute)
        self.tell(account, "charge.dispute.closed", dispute)
        return dispute

    def found(self, kind: str, id: str, param: str = "id") -> tuple[Account, Object]:
        for account in self.accounts.values():
            if id in account.all(kind):
                return account, account.all(kind)[id]
        raise missing(kind, id, param)
