"""Reads what Stripe reports: the signature first, then plain JSON: Stripe's own objects cost twenty times more."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from webkit.sdk import PaymentEvent, PaymentEventKind, ProviderRejected, SignatureInvalid

from . import billing, declines, retained
from .amounts import from_stripe

SIGNATURE = "Stripe-Signature"
TOLERANCE_SECONDS = 300
KEY = "webkit_key"
"""Where a refund's metadata holds the key of our request."""
REFERENCE = "webkit_reference"
CHARGE = "webkit_charge"
"""Marks the intent of a charge of a saved method, with the key of our request."""

Kind = PaymentEventKind
_TIME = re.compile(r"(?:^|,)t=(\d{1,12})(?:,|$)")
_COMPLETED = {"paid": Kind.PAID, "unpaid": Kind.PENDING}
_REFUNDS = {
    "pending": Kind.REFUND_PENDING,
    "requires_action": Kind.REFUND_PENDING,
    "succeeded": Kind.REFUNDED,
    "failed": Kind.REFUND_FAILED,
    "canceled": Kind.REFUND_FAILED,
}
_DISPUTES = {
    "needs_response": Kind.DISPUTED,
    "under_review": Kind.DISPUTED,
    "won": Kind.DISPUTE_WON,
    "lost": Kind.DISPUTE_LOST,
}
"""A mere inquiry (`warning_…`) takes no money and is no dispute yet."""


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> None:
    """Return if these bytes were signed with a secret of ours in the last five minutes; else raise SignatureInvalid."""
    from stripe import SignatureVerificationError, WebhookSignature

    given = next((value for name, value in headers.items() if name.lower() == SIGNATURE.lower()), "")
    at = _TIME.search(given)
    if at is None or int(at[1]) > time.time() + TOLERANCE_SECONDS:
        raise SignatureInvalid("there is no signature of our time", provider="stripe")
    for secret in secrets:
        try:
            WebhookSignature.verify_header(body, given, secret, TOLERANCE_SECONDS)
        except (SignatureVerificationError, ValueError, TypeError):
            continue
        return
    raise SignatureInvalid("the signature does not fit the message, or is too old", provider="stripe")


def events(body: bytes, *, live: bool, connect: bool = False) -> tuple[PaymentEvent, ...]:
    """What a body reports. Events of the other mode are genuine, but not about our money.

    So are those of connected accounts, unless agencies connect theirs here.
    """
    try:
        event: dict[str, Any] = json.loads(body)
        kinds = _READERS.get(event["type"], _nothing)
        subject = event["data"]["object"]
        if event["livemode"] is not live or (event.get("account") and not connect):
            kinds = _nothing
        elif event["type"] in billing.READ:
            kinds = retained.read if event.get("account") else _subscribed
        elif event["type"] in retained.READ:
            kinds = retained.read
        elif event["type"] in ABOUT_ACCOUNTS and not event.get("account"):
            kinds = _nothing  # about the platform's own account
        return tuple(_event(event, *found) for found in kinds(subject)) or (_event(event, Kind.IGNORED, {}),)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ProviderRejected("this is not an event of Stripe", provider="stripe") from None


Found = tuple[Kind, Mapping[str, Any]]
Reader = Callable[[Mapping[str, Any]], Iterator[Found]]


def _nothing(_subject: Mapping[str, Any]) -> Iterator[Found]:
    return iter(())


def _completed(session: Mapping[str, Any]) -> Iterator[Found]:
    """Paid, or complete with a method that takes days; or a method was left."""
    if session["mode"] == "setup":
        yield Kind.METHOD, session
    elif session["mode"] == "subscription":
        yield from retained.read(session)
    elif (kind := _COMPLETED.get(session["payment_status"])) is not None and session["mode"] == "payment":
        yield kind, session


def _subscribed(subject: Mapping[str, Any]) -> Iterator[Found]:
    """On the platform's own account: of its own subscriptions, or of a client's where the agency is paid through it."""
    yield from billing.read(subject)
    yield from retained.read(subject)


def _session(kind: Kind) -> Reader:
    def read(session: Mapping[str, Any]) -> Iterator[Found]:
        if session["mode"] == "payment":
            yield kind, session

    return read


def _declined(intent: Mapping[str, Any]) -> Iterator[Found]:
    """An attempt inside a checkout of ours, or a charge. Money that bounces is told by the checkout itself."""
    if CHARGE in intent["metadata"]:
        yield _charge_failed(intent), intent
    elif REFERENCE in intent["metadata"]:
        yield Kind.FAILED, intent


def _charge_failed(intent: Mapping[str, Any]) -> Kind:
    if declines.wants_payer(decline_code(intent)):
        return Kind.ACTION
    return Kind.FAILED if intent["payment_method_types"] == ["card"] else Kind.BOUNCED


def decline_code(intent: Mapping[str, Any]) -> str:
    """Stripe's word, or the bank's, for why it was declined."""
    error = intent.get("last_payment_error") or {}
    return str(error.get("decline_code") or error.get("code") or "")


def named(metadata: Any, name: str) -> str:
    """An entry of metadata, which the SDK hands out as an object."""
    return str(metadata[name]) if metadata and name in metadata else ""


def _charge(kind: Kind) -> Reader:
    """What became of a charge; a checkout tells of its own payment itself."""

    def read(intent: Mapping[str, Any]) -> Iterator[Found]:
        if CHARGE in intent["metadata"]:
            yield kind, intent

    return read


def _method(method: Mapping[str, Any]) -> Iterator[Found]:
    yield Kind.METHOD, method


def _refund(refund: Mapping[str, Any]) -> Iterator[Found]:
    if (kind := _REFUNDS.get(refund["status"])) is not None:
        yield kind, refund


def _refunded(charge: Mapping[str, Any]) -> Iterator[Found]:
    """Older API versions list the refunds here; newer ones tell of each by itself."""
    for refund in (charge.get("refunds") or {}).get("data", []):
        yield from _refund(refund)


def _dispute(dispute: Mapping[str, Any]) -> Iterator[Found]:
    if (kind := _DISPUTES.get(dispute["status"])) is not None:
        yield kind, dispute


def _of_account(kind: Kind) -> Reader:
    return lambda _subject: iter([(kind, {})])


def _payout(payout: Mapping[str, Any]) -> Iterator[Found]:
    yield Kind.PAYOUT, payout


_READERS: dict[str, Reader] = {
    "checkout.session.completed": _completed,
    "checkout.session.async_payment_succeeded": _session(Kind.PAID),
    "checkout.session.async_payment_failed": _session(Kind.BOUNCED),
    "checkout.session.expired": _session(Kind.EXPIRED),
    "payment_intent.payment_failed": _declined,
    "payment_intent.succeeded": _charge(Kind.PAID),
    "payment_intent.processing": _charge(Kind.PENDING),
    "payment_intent.requires_action": _charge(Kind.ACTION),
    "payment_intent.canceled": _charge(Kind.EXPIRED),
    "payment_method.detached": _method,
    "payment_method.updated": _method,
    "payment_method.automatically_updated": _method,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.refunded": _refunded,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
    "payout.created": _payout,
    "payout.updated": _payout,
    "payout.paid": _payout,
    "payout.failed": _payout,
    "payout.canceled": _payout,
    "account.updated": _of_account(Kind.ACCOUNT_CHANGED),
    "account.application.deauthorized": _of_account(Kind.ACCOUNT_LEFT),
}
ABOUT_ACCOUNTS = frozenset({"account.updated", "account.application.deauthorized"})
TYPES = tuple(type for type in _READERS if type not in ABOUT_ACCOUNTS)
"""What the endpoint should subscribe to, and what the pull asks for."""


_DECLINED = (Kind.FAILED, Kind.BOUNCED)
PARTS = ("refund", "dispute", "payout", "payment_method")


def _event(event: Mapping[str, Any], kind: Kind, subject: Mapping[str, Any]) -> PaymentEvent:
    """The event in the words of the contract. A charge may hold several refunds: each has its own id then."""
    part = str(subject["id"]) if subject.get("object") in PARTS else ""
    several = event["type"] == "charge.refunded" and part
    metadata = {str(name): str(value) for name, value in (subject.get("metadata") or {}).items()}
    session = subject.get("object") == "checkout.session"
    currency = str(subject.get("currency") or "").upper()
    amount = int(subject.get("amount_total" if session else "amount") or 0)
    intent = subject.get("id") if subject.get("object") == "payment_intent" else subject.get("payment_intent")
    return PaymentEvent(
        id=f"{_text(event['id'])}:{part}" if several else _text(event["id"]),
        kind=kind,
        checkout_id=str(subject["id"]) if session else "",
        payment_id=intent_id(intent),
        reference=str(subject.get("client_reference_id") or metadata.get(REFERENCE, "")),
        amount_minor=from_stripe(amount, currency),
        currency=currency,
        occurred_at=datetime.fromtimestamp(event["created"], UTC),
        part_id=part,
        key=metadata.get(KEY, "") if part else "",
        metadata=metadata,
        account=str(event.get("account") or ""),
        reason=declines.reason(code) if (code := decline_code(subject)) and kind in _DECLINED else "",
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def intent_id(value: Any) -> str:
    """The id of a payment intent, which may be written out or missing."""
    if isinstance(value, Mapping):
        return str(value["id"])
    return str(value or "")
