"""An account between two days: what was open before, each posting with what was open after it, what is open at the end.

Pure: it adds up what it is given, one account for each currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from webkit.core.extensions import LazyText
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.values import dataclass
from webkit.invoices.service import Posting, PostingKind

LABELS: dict[PostingKind, LazyText] = {
    PostingKind.INVOICE: _l("Invoice"),
    PostingKind.CREDIT_NOTE: _l("Credit note"),
    PostingKind.PAYMENT: _l("Payment, thank you"),
    PostingKind.REFUND: _l("Given back"),
    PostingKind.CHARGEBACK: _l("Taken back by the bank"),
    PostingKind.TAKEN_BACK: _l("Recorded by mistake"),
    PostingKind.WRITE_OFF: _l("Written off"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A posting, and what was open after it; in minor units."""

    day: date
    kind: PostingKind
    number: str
    title: str
    amount: int
    balance: int
    invoice_id: str

    @property
    def label(self) -> LazyText:
        """What it is, in words."""
        return LABELS[self.kind]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, for a snapshot."""
        return {
            "day": self.day.isoformat(),
            "kind": self.kind.value,
            "number": self.number,
            "title": self.title,
            "amount": self.amount,
            "balance": self.balance,
        }


@dataclass(frozen=True, slots=True)
class Account:
    """One currency. A balance below nothing is owed to the client."""

    currency: str
    opening: int
    entries: tuple[Entry, ...]
    closing: int

    @property
    def written_off(self) -> bool:
        """Whether anything was written off in these days."""
        return any(entry.kind is PostingKind.WRITE_OFF for entry in self.entries)

    @property
    def asked(self) -> int:
        """What was asked for and given back in these days."""
        return sum(entry.amount for entry in self.entries if entry.amount > 0)

    @property
    def settled(self) -> int:
        """What was paid, credited or written off in these days."""
        return -sum(entry.amount for entry in self.entries if entry.amount < 0)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, for a snapshot."""
        entries = [entry.to_dict() for entry in self.entries]
        return {"currency": self.currency, "opening": self.opening, "entries": entries, "closing": self.closing}


def accounts(postings: Sequence[Posting], since: date | None, until: date) -> tuple[Account, ...]:
    """The accounts of the days from `since` (None: from the first) to `until`, both included.

    `postings` stand in the order of days. A currency without anything open or posted in these days has no account.
    """
    currencies = sorted({posting.currency for posting in postings if posting.day <= until})
    found = (_account(each, [row for row in postings if row.currency == each], since, until) for each in currencies)
    return tuple(account for account in found if account.opening or account.entries)


def _account(currency: str, postings: Sequence[Posting], since: date | None, until: date) -> Account:
    opening = sum(row.amount for row in postings if since is not None and row.day < since)
    balance, entries = opening, []
    for row in postings:
        if (since is None or row.day >= since) and row.day <= until:
            balance += row.amount
            invoice = str(row.invoice_id or "")
            entries.append(Entry(row.day, row.kind, row.number, row.title, row.amount, balance, invoice))
    return Account(currency, opening, tuple(entries), balance)
