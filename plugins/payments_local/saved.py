"""Practice cards that are left at the local checkout, and charged while nobody is there.

A card that was left is the checkout at which it was left; a charge is a checkout that nobody has to visit.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from urllib.parse import urlsplit

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

from . import courier
from .ledger import DECLINES, Ledger, Record, Refused, Unknown

PAGES = "/x/payments_local/checkout/"
_STATES = {"paid": ChargeState.PAID, "failed": ChargeState.DECLINED, "expired": ChargeState.CANCELLED}


class Saved:
    """What the provider does with practice cards."""

    _ledger: Ledger

    def open_payer(self, request: PayerRequest) -> str:
        return self._ledger.name("payer", request.key)

    def begin_setup(self, request: SetupRequest) -> Checkout:
        order = {**asdict(request), "metadata": dict(request.metadata), "amount_minor": 0, "setup": True}
        order |= {"description": "", "customer_email": ""}
        try:
            record = self._ledger.open(order.pop("key"), order)
        except Refused as error:
            raise ProviderRejected(str(error), provider="local") from None
        return Checkout(record.id, page(request.notify_url, record.id), datetime.fromisoformat(record.expires))

    def setup(self, id: str) -> SetupStatus:
        record = self._record(id)
        if record.state == "paid" and record.order.get("payer_id") and not record.gone:
            return SetupStatus(id, SetupState.DONE, _method(record))
        return SetupStatus(id, SetupState.OPEN if record.current_state in ("open", "failed") else SetupState.EXPIRED)

    def method(self, id: str) -> PayerMethod:
        record = self._record(_page_of(id))
        if record.state != "paid" or not record.order.get("payer_id") or record.gone:
            raise NotFoundAtProvider("this card was taken away", provider="local")
        return _method(record)

    def forget_method(self, id: str) -> None:
        try:
            self._ledger.take_away(_page_of(id))
        except Unknown:
            return

    def charge(self, request: ChargeRequest) -> ChargeStatus:
        card = self.method(request.method.id)
        if card.payer_id != request.method.payer_id or request.amount_minor <= 0:
            raise ProviderRejected("this card cannot be charged like that", provider="local")
        order = {
            "reference": request.reference, "amount_minor": request.amount_minor, "currency": request.currency,
            "description": request.description, "notify_url": request.notify_url, "metadata": dict(request.metadata),
            "customer_email": "", "charged": request.method.id, "success_url": "", "cancel_url": "",
        }  # fmt: skip
        try:
            record = self._ledger.charge(request.key, order, card.last4)
        except Refused as error:
            raise ProviderRejected(str(error), provider="local") from None
        courier.start(self._ledger, record.id)
        return _charge(record)

    def get_charge(self, id: str) -> ChargeStatus:
        record = self._record(id)
        if record.undelivered:
            courier.start(self._ledger, id)
        return _charge(record)

    def find_charge(self, payer_id: str, key: str, since: datetime) -> ChargeStatus | None:
        try:
            return _charge(self._ledger.get(self._ledger.name("co", key)))
        except Unknown:
            return None

    def confirm_charge(self, id: str, *, return_url: str, key: str) -> tuple[ChargeStatus, str]:
        record = self._record(id)
        if _charge(record).state is not ChargeState.ACTION:
            return _charge(record), ""
        record = self._ledger.lead_back(id, return_url)
        return _charge(record), page(record.order["notify_url"], id)

    def cancel_charge(self, id: str) -> ChargeStatus:
        try:
            return _charge(self._ledger.close(id))
        except Unknown:
            raise NotFoundAtProvider("there is no such charge", provider="local") from None

    def _record(self, id: str) -> Record:
        try:
            return self._ledger.get(id)
        except Unknown:
            raise NotFoundAtProvider("there is no such checkout", provider="local") from None


def page(told_at: str, id: str) -> str:
    """The checkout is served where its events go to: by this same application, whatever name the payer came by."""
    where = urlsplit(told_at)
    return f"{where.scheme}://{where.netloc}{PAGES}{id}"


def _page_of(method: str) -> str:
    return method.replace("pm_", "co_", 1)


def _method(record: Record) -> PayerMethod:
    name, payer = record.id.replace("co_", "pm_", 1), record.order["payer_id"]
    return PayerMethod(name, payer, MethodKind.CARD, "practice", record.card)


def _charge(record: Record) -> ChargeStatus:
    state = _STATES.get(record.current_state, ChargeState.ACTION)
    decline = Decline.NONE
    if state is ChargeState.DECLINED:
        decline = Decline.FUNDS if record.card == DECLINES else Decline.UNCONFIRMED
    return ChargeStatus(
        id=record.id,
        state=state,
        amount_minor=record.order["amount_minor"],
        currency=record.order["currency"],
        reference=record.order["reference"],
        decline=decline,
        code=str(decline),
    )
