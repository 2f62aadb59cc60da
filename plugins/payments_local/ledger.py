"""The vendor's books: a JSON file for each checkout, changed under one lock, replaced whole.

This is the other side of the counter. `provider.py` talks to it as it would to a company's API.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from webkit.sdk.files import replace, write_once

LIFETIME = timedelta(hours=24)
GOOD, DECLINES, ASKS = "4242", "0002", "3184"
"""Practice cards by their last digits: charged, declined, and one whose bank asks its owner each time."""
_CHECKOUT = re.compile(r"co_[0-9a-f]{32}")


class Unknown(LookupError):
    """There is no such checkout or payment."""


class Refused(Exception):
    """The books do not allow this; the message says why."""


@dataclass
class Event:
    """Something the merchant is told, once and again until it listens."""

    id: str
    type: str
    created: str
    amount: int
    delivered: bool = False
    part: str = ""
    key: str = ""


@dataclass
class Repayment:
    id: str
    amount: int


@dataclass
class Record:
    """A checkout in the books."""

    id: str
    order: dict[str, Any]
    created: str
    expires: str
    state: str = "open"
    disputed: bool = False
    card: str = ""
    gone: bool = False
    refunds: list[Repayment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def payment_id(self) -> str:
        return self.id.replace("co_", "pay_", 1) if self.state == "paid" else ""

    @property
    def current_state(self) -> str:
        """The state, looking at the clock."""
        gone = datetime.now(UTC) >= datetime.fromisoformat(self.expires)
        return "expired" if gone and self.state != "paid" else self.state

    @property
    def undelivered(self) -> list[Event]:
        return [event for event in self.events if not event.delivered]

    def report(self, type: str, amount: int | None = None, *, part: str = "", key: str = "") -> None:
        """Add an event for the merchant; `part` is the refund or dispute it is about."""
        amount = int(self.order["amount_minor"]) if amount is None else amount
        id, now = f"evt_{secrets.token_hex(16)}", datetime.now(UTC).isoformat()
        self.events.append(Event(id, type, now, amount, part=part, key=key))


class Ledger:
    """All checkouts of one folder. Safe for any number of threads and processes of one machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def secret(self) -> bytes:
        """Signs webhooks. Made by whoever needs it first, then the same for everybody."""
        path = self.folder / "secret"
        if not path.exists():
            write_once(path, secrets.token_hex(32).encode())
        return path.read_bytes()

    def open(self, key: str, order: dict[str, Any]) -> Record:
        """A new checkout, or the one this key already opened. Raises Refused if that one was for something else."""
        id = self.name("co", key)
        with self._locked():
            if self._path(id).exists():
                record = self.get(id)
                if record.order != {**order, **_places(record)}:
                    raise Refused("this key was used for another checkout")
                return record
            now = datetime.now(UTC)
            record = Record(id, order, now.isoformat(), (now + LIFETIME).isoformat())
            self._write(record)
            return record

    def get(self, id: str) -> Record:
        """Raises Unknown."""
        if not _CHECKOUT.fullmatch(id):
            raise Unknown(id)
        try:
            return _record(json.loads(self._path(id).read_text("utf-8")))
        except FileNotFoundError:
            raise Unknown(id) from None

    def pay(self, id: str, card: str = GOOD) -> Record:
        """The payer pays, or leaves a card. Paying what is paid changes nothing."""
        with self.changing(id) as record:
            if record.current_state == "expired":
                raise Refused("this checkout has expired")
            if record.state != "paid":
                record.state, record.card = "paid", record.card or card
                record.report("method.left" if record.order.get("setup") else "checkout.paid")
        return record

    def charge(self, key: str, order: dict[str, Any], card: str) -> Record:
        """Charge a card that was left, once for each key: paid, declined, or open until its owner confirms it."""
        record = self.open(key, order)
        with self.changing(record.id) as charged:
            if charged.card:
                return charged
            charged.card = card
            if card != ASKS:
                charged.state = "failed" if card == DECLINES else "paid"
                charged.report(f"checkout.{charged.state}")
        return charged

    def lead_back(self, id: str, url: str) -> Record:
        """Where the payer goes from the page of a charge."""
        with self.changing(id) as record:
            record.order |= {"success_url": url, "cancel_url": url}
        return record

    def take_away(self, id: str) -> None:
        """A card that was left is charged no more."""
        with self.changing(id) as record:
            record.gone = True

    def fail(self, id: str) -> Record:
        """The payer's bank says no. The payer may try again."""
        with self.changing(id) as record:
            if record.current_state in ("paid", "expired"):
                raise Refused("this checkout is closed")
            record.state = "failed"
            record.report("checkout.failed")
        return record

    def close(self, id: str) -> Record:
        """Nobody can pay here any more. What was paid stays paid."""
        with self.changing(id) as record:
            if record.current_state not in ("paid", "expired"):
                record.expires = datetime.now(UTC).isoformat()
        return record

    def dispute(self, id: str) -> Record:
        """The payer asks the bank to take the money back."""
        with self.changing(id) as record:
            if record.state != "paid":
                raise Refused("nothing was paid")
            if not record.disputed:
                record.disputed = True
                record.report("payment.disputed", part=record.id.replace("co_", "dp_", 1))
        return record

    def refund(self, payment_id: str, key: str, amount: int, currency: str) -> tuple[Repayment, Record]:
        """Give money back, once for each key. Raises Unknown, Refused."""
        id = self.name("re", key)
        with self.changing(payment_id.replace("pay_", "co_", 1)) as record:
            known = next((repayment for repayment in record.refunds if repayment.id == id), None)
            if known is not None:
                if known.amount != amount:
                    raise Refused("this key was used for another refund")
                return known, record
            left = int(record.order["amount_minor"]) - sum(repayment.amount for repayment in record.refunds)
            if record.state != "paid" or currency != record.order["currency"] or not 0 < amount <= left:
                raise Refused(f"{amount} {currency} cannot be given back, {left} {record.order['currency']} can")
            repayment = Repayment(id, amount)
            record.refunds.append(repayment)
            record.report("refund.succeeded", amount, part=id, key=key)
        return repayment, record

    @contextmanager
    def changing(self, id: str) -> Iterator[Record]:
        """The checkout under the lock; what the block changed is written when it ends without an error."""
        with self._locked():
            record = self.get(id)
            yield record
            self._write(record)

    def name(self, kind: str, key: str) -> str:
        """An id that a repeated call finds again and nobody else can guess."""
        return f"{kind}_{hmac.new(self.secret(), f'{kind}:{key}'.encode(), hashlib.sha256).hexdigest()[:32]}"

    def _path(self, id: str) -> Path:
        return self.folder / f"{id}.json"

    def _write(self, record: Record) -> None:
        replace(self._path(record.id), json.dumps(asdict(record), ensure_ascii=False).encode())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _places(record: Record) -> dict[str, Any]:
    """Where a payer is led from a charge is known only once somebody comes to confirm it."""
    led = record.order.get("charged")
    return {name: record.order[name] for name in ("success_url", "cancel_url")} if led else {}


def _record(stored: dict[str, Any]) -> Record:
    refunds = [Repayment(**repayment) for repayment in stored.pop("refunds")]
    events = [Event(**event) for event in stored.pop("events")]
    return Record(**stored, refunds=refunds, events=events)
