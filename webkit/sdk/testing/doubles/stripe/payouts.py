"""The balance of each account, line by line, and what is paid out of it to the owner's bank."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import params as p
from .books import Account, Books, Object
from .params import Refused, check

PERCENT_OF_TEN_THOUSAND, FIXED, DISPUTE_FEE = 150, 25, 2_000
DAY = 24 * 3600
_KINDS = {"ch": "charge", "re": "refund", "du": "dispute", "po": "payout"}


class Payouts:
    """Hears of everything that moves money, and writes it into the balance."""

    def __init__(self, books: Books) -> None:
        self.books = books
        books.listeners.append(self._hear)

    def routes(self, listed: Callable[..., Callable[..., Object]]) -> list[tuple[str, Callable[..., Object]]]:
        """What the API offers about payouts; `listed` makes the handler of a list."""
        return [
            ("GET /payouts", listed("payout", {"status": p.text(20)})),
            ("GET /payouts/<id>", self.get),
            ("GET /balance_transactions", self._lines(listed("balance_transaction", {"payout": p.text(255)}))),
        ]

    def get(self, account: Account, given: Mapping[str, Any], id: str) -> Object:
        check(given, {"expand": [p.text(255)]})
        return account.get("payout", id, "payout")

    def _lines(self, listed: Callable[..., Object]) -> Callable[..., Object]:
        """The list of lines; what they are about is written out when `data.source` is asked for."""

        def lines(account: Account, given: Mapping[str, Any]) -> Object:
            expand = [name for name in given.get("expand", []) if name != "data.source"]
            plain = {name: value for name, value in given.items() if name != "expand"}
            found = listed(account, {**plain, "expand": expand} if expand else plain)
            if (paid_by := given.get("payout")) and not account.get("payout", paid_by)["automatic"]:
                raise Refused("Balance transaction history can only be filtered on automatic transfers, not manual.")
            if "data.source" not in given.get("expand", []):
                return found
            return {**found, "data": [{**row, "source": _source(account, row["source"])} for row in found["data"]]}

        return lines

    def pay_out(self, name: str, *, instant: bool = False, by_hand: bool = False) -> Object:
        """Pay everything that is there out to the bank: on its way until `settle_payout`, unless at once."""
        account = self.books.accounts[name]
        lines = [line for line in account.all("balance_transaction").values() if line["payout"] is None]
        total = sum(line["net"] for line in lines)
        if total <= 0:
            raise Refused(
                "You have insufficient funds in your Stripe account for this transfer.", code="balance_insufficient"
            )
        made = self.books.add(
            account, "payout", "po",
            amount=total, arrival_date=self.books.now() + 2 * DAY, automatic=not by_hand, currency=lines[0]["currency"],
            failure_code=None, method="standard", status="pending", type="bank_account",
        )  # fmt: skip
        own = self._write(account, "payout", made, -total, 0)
        for line in [*lines, own]:
            line["payout"] = made["id"]
        self.books.tell(account, "payout.created", made)
        return self.settle(name, made["id"]) if instant else made

    def settle(self, name: str, id: str, *, ok: bool = True) -> Object:
        """The bank has it, or sends it back."""
        account = self.books.accounts[name]
        made = account.get("payout", id)
        if made["status"] not in ("pending", "in_transit", "paid"):
            raise Refused(f"This payout is {made['status']}")
        made["status"] = "paid" if ok else "failed"
        if not ok:
            made["failure_code"] = "account_closed"
            self._write(account, "payout_failure", made, made["amount"], 0)
        self.books.tell(account, "payout.paid" if ok else "payout.failed", made)
        return made

    def _hear(self, name: str, event: Object) -> None:
        account, subject = self.books.accounts[name], event["data"]["object"]
        amount = int(subject.get("amount") or 0)
        match event["type"]:
            case "charge.succeeded":
                share = self._share(subject)
                fee = amount * PERCENT_OF_TEN_THOUSAND // 10_000 + FIXED + share
                self._write(account, "charge", subject, amount, fee, share)
            case "refund.created":
                self._write(account, "refund", subject, -amount, 0)
            case "refund.failed":
                self._write(account, "refund_failure", subject, amount, 0)
            case "charge.dispute.funds_withdrawn":
                self._write(account, "adjustment", subject, -amount, DISPUTE_FEE)
            case "charge.dispute.funds_reinstated":
                self._write(account, "adjustment", subject, amount, 0)

    def _share(self, charge: Object) -> int:
        fee = charge.get("application_fee")
        return int(self.books.accounts[""].get("application_fee", fee)["amount"]) if fee else 0

    def _write(self, account: Account, type: str, source: Object, amount: int, fee: int, share: int = 0) -> Object:
        parts = (("stripe_fee", fee - share), ("application_fee", share))
        details = [{"amount": part, "currency": source["currency"], "type": name} for name, part in parts if part]
        return self.books.add(
            account, "balance_transaction", "txn",
            amount=amount, available_on=self.books.now(), currency=source["currency"], fee=fee, fee_details=details,
            net=amount - fee, payout=None, source=source["id"], status="available", type=type,
        )  # fmt: skip


def _source(account: Account, id: str) -> Object:
    found = account.get(_KINDS[id.partition("_")[0]], id)
    return {name: value for name, value in found.items() if not name.startswith("_")}
