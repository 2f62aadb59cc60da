"""Payment methods that customers leave with Stripe, and charges of these while nobody is at a page."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from webkit.sdk import (
    ChargeRequest,
    ChargeState,
    ChargeStatus,
    Checkout,
    Decline,
    MethodKind,
    NotFoundAtProvider,
    PayerMethod,
    PayerRequest,
    ProviderRejected,
    SetupRequest,
    SetupState,
    SetupStatus,
)

from . import declines, webhooks
from .amounts import from_stripe, share_to_stripe, to_stripe
from .errors import answered, in_turn, translated
from .settings import StripeSettings

_METHOD, _INTENT = re.compile(r"pm_\w{1,120}"), re.compile(r"pi_\w{1,120}")
_SESSION = re.compile(r"cs_\w{1,120}")
_STATES = {
    "succeeded": ChargeState.PAID,
    "processing": ChargeState.PENDING,
    "requires_action": ChargeState.ACTION,
    "canceled": ChargeState.CANCELLED,
}
_KINDS = {"card": MethodKind.CARD, "sepa_debit": MethodKind.SEPA_DEBIT}
PAGE, MOST = 100, 1_000


class Saved:
    """What the provider does with methods that were left."""

    _settings: StripeSettings
    _account: str

    if TYPE_CHECKING:

        @property
        def _client(self) -> Any: ...

        def _options(self, key: str = "") -> Any: ...

    def open_payer(self, request: PayerRequest) -> str:
        order = {
            "name": request.name[:256],
            "email": request.email,
            "metadata": {webhooks.REFERENCE: request.reference},
        }
        order = {name: value for name, value in order.items() if value}
        made = in_turn(lambda: self._client.v1.customers.create(order, self._options(request.key)))
        return str(made.id)

    def begin_setup(self, request: SetupRequest) -> Checkout:
        metadata = {**request.metadata, webhooks.REFERENCE: request.reference}
        order: Any = {
            "mode": "setup",
            "customer": request.payer_id,
            "currency": request.currency.lower(),
            "client_reference_id": request.reference,
            "success_url": request.success_url,
            "cancel_url": request.cancel_url,
            "metadata": metadata,
            "setup_intent_data": {"metadata": metadata},
        }
        session = in_turn(lambda: self._client.v1.checkout.sessions.create(order, self._options(request.key)))
        return Checkout(session.id, session.url or "", datetime.fromtimestamp(session.expires_at, UTC))

    def setup(self, id: str) -> SetupStatus:
        if not _SESSION.fullmatch(id):
            raise NotFoundAtProvider("this is not the id of a checkout", provider="stripe")
        asked: Any = {"expand": ["setup_intent.payment_method", "payment_intent.payment_method"]}
        with translated():
            session = self._client.v1.checkout.sessions.retrieve(id, asked, self._options())
        intent = session.setup_intent or session.payment_intent
        method = getattr(intent, "payment_method", None)
        if session.status == "complete" and getattr(method, "customer", None):
            return SetupStatus(id, SetupState.DONE, _method(method))
        return SetupStatus(id, SetupState.OPEN if session.status == "open" else SetupState.EXPIRED)

    def method(self, id: str) -> PayerMethod:
        if not _METHOD.fullmatch(id):
            raise NotFoundAtProvider("this is not the id of a payment method", provider="stripe")
        with translated():
            found = self._client.v1.payment_methods.retrieve(id, None, self._options())
        if not found.customer:
            raise NotFoundAtProvider("this payment method was taken away", provider="stripe", code="detached")
        return _method(found)

    def forget_method(self, id: str) -> None:
        try:
            self.method(id)
            with translated():
                self._client.v1.payment_methods.detach(id, None, self._options())
        except NotFoundAtProvider:
            return

    # --- charges ---------------------------------------------------------------------------------------------------

    def charge(self, request: ChargeRequest) -> ChargeStatus:
        name = request.description[:1000] or request.reference
        order: Any = {
            "amount": to_stripe(request.amount_minor, request.currency),
            "currency": request.currency.lower(),
            "customer": request.method.payer_id,
            "payment_method": request.method.id,
            "payment_method_types": [str(request.method.kind)],
            "off_session": True,
            "confirm": True,
            "description": name,
            "metadata": {
                **request.metadata,
                webhooks.REFERENCE: request.reference,
                webhooks.CHARGE: request.key,
            },
        }
        share = self._settings.fee(request.amount_minor, request.currency) if self._account else 0
        if share := share_to_stripe(share, request.currency):
            order["application_fee_amount"] = share
        made = in_turn(
            lambda: answered(lambda: self._client.v1.payment_intents.create(order, self._options(request.key)))
        )
        return _charge(made)

    def get_charge(self, id: str) -> ChargeStatus:
        return _charge(self._intent(id))

    def _intent(self, id: str) -> Any:
        if not _INTENT.fullmatch(id):
            raise NotFoundAtProvider("this is not the id of a charge", provider="stripe")
        with translated():
            return self._client.v1.payment_intents.retrieve(id, None, self._options())

    def find_charge(self, payer_id: str, key: str, since: datetime) -> ChargeStatus | None:
        asked = {"customer": payer_id, "created": {"gte": int(since.timestamp())}, "limit": PAGE}
        with translated():
            listed = self._client.v1.payment_intents.list(asked, self._options())
            rows = (row for row, _each in zip(listed.auto_paging_iter(), range(MOST), strict=False))
            found = next((row for row in rows if webhooks.named(row.metadata, webhooks.CHARGE) == key), None)
        return _charge(found) if found is not None else None

    def confirm_charge(self, id: str, *, return_url: str, key: str) -> tuple[ChargeStatus, str]:
        intent = self._intent(id)
        if _charge(intent).state is not ChargeState.ACTION:
            return _charge(intent), ""
        if intent.status != "requires_action" or not _address(intent):
            failed = intent.last_payment_error
            method = intent.payment_method or getattr(getattr(failed, "payment_method", None), "id", "")
            order: Any = {"payment_method": method, "return_url": return_url}
            intent = in_turn(
                lambda: answered(lambda: self._client.v1.payment_intents.confirm(id, order, self._options(key)))
            )
        return _charge(intent), _address(intent)

    def cancel_charge(self, id: str) -> ChargeStatus:
        before = self.get_charge(id)
        if before.state in (ChargeState.PAID, ChargeState.PENDING, ChargeState.CANCELLED):
            return before
        try:
            with translated():
                return _charge(self._client.v1.payment_intents.cancel(id, None, self._options()))
        except ProviderRejected:
            now = self.get_charge(id)
            if now.state in (ChargeState.ACTION, ChargeState.DECLINED):
                raise
            return now


def _method(found: Any) -> PayerMethod:
    shown = getattr(found, found.type, None)
    year, month = getattr(shown, "exp_year", None), getattr(shown, "exp_month", None)
    customer = found.customer
    return PayerMethod(
        id=found.id,
        payer_id=str(getattr(customer, "id", customer) or ""),
        kind=_KINDS.get(found.type, MethodKind.OTHER),
        brand=str(getattr(shown, "brand", None) or getattr(shown, "bank_code", None) or ""),
        last4=str(getattr(shown, "last4", None) or ""),
        expires=(int(year), int(month)) if year and month else None,
    )


def _charge(intent: Any) -> ChargeStatus:
    currency = str(intent.currency).upper()
    error = getattr(intent, "last_payment_error", None)
    code = str(getattr(error, "decline_code", None) or getattr(error, "code", None) or "")
    state = _STATES.get(intent.status, ChargeState.DECLINED)
    if state is ChargeState.DECLINED and declines.wants_payer(code):
        state = ChargeState.ACTION
    return ChargeStatus(
        id=intent.id,
        state=state,
        amount_minor=from_stripe(intent.amount, currency),
        currency=currency,
        reference=webhooks.named(intent.metadata, webhooks.REFERENCE),
        decline=declines.reason(code) if state is ChargeState.DECLINED else Decline.NONE,
        code=code if state is ChargeState.DECLINED else "",
    )


def _address(intent: Any) -> str:
    """Where the payer's bank asks, where it asks on a page of its own."""
    redirect = getattr(getattr(intent, "next_action", None), "redirect_to_url", None)
    return str(getattr(redirect, "url", None) or "")
