"""What the pages of statements show."""

from __future__ import annotations

from datetime import date
from typing import Any

from webkit.clients.service import ClientView
from webkit.core.kernel.forms import FormState
from webkit.core.values import dataclass
from webkit.invoices.service import OpenInvoice
from webkit.messaging.service import AddressWarning, MailView
from webkit.statements.account import Account
from webkit.statements.service import StatementView


@dataclass(frozen=True, slots=True)
class ShowPage:
    """A client's account between two days, for staff; `ranges` are (label, first day, last day) to choose from."""

    client: ClientView
    since: date | None
    until: date
    accounts: tuple[Account, ...]
    open: tuple[OpenInvoice, ...]
    form: FormState
    ranges: list[tuple[str, str, str]]
    link: str
    made: list[StatementView]
    warning: AddressWarning | None
    mails: list[MailView]


@dataclass(frozen=True, slots=True)
class PublicPage:
    """What a client sees: what is open with the way to pay it, and the account of a year."""

    client: ClientView
    since: date | None
    until: date
    accounts: tuple[Account, ...]
    open: tuple[OpenInvoice, ...]
    totals: list[tuple[str, int, int]]
    earlier: str
    sender: dict[str, Any]
    lang: str
