"""What the pages of charges show."""

from __future__ import annotations

from datetime import date
from typing import Any

from webkit.charges.charging import ChargeShown
from webkit.charges.collecting import CollectionView
from webkit.charges.models import ChargeWord, CollectionState
from webkit.clients.service import ClientView
from webkit.core.kernel.forms import FormState
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.values import dataclass
from webkit.invoices.service import InvoiceView
from webkit.messaging.service import MailView
from webkit.payments.service import MethodView

WORDS = {
    ChargeWord.ASKED: _l("Being charged"),
    ChargeWord.ACTION: _l("Waits for the client"),
    ChargeWord.PENDING: _l("On its way"),
    ChargeWord.PAID: _l("Paid"),
    ChargeWord.DECLINED: _l("Declined"),
    ChargeWord.CALLED_OFF: _l("Not charged"),
}
LOOKS = {
    ChargeWord.ASKED: "pending",
    ChargeWord.ACTION: "waiting",
    ChargeWord.PENDING: "pending",
    ChargeWord.PAID: "paid",
    ChargeWord.DECLINED: "declined",
    ChargeWord.CALLED_OFF: "withdrawn",
}
"""What the state component calls them."""
COLLECTED = {
    CollectionState.WAITING: _l("It is charged by itself"),
    CollectionState.DONE: _l("Nothing is left to charge"),
    CollectionState.STOPPED: _l("Charging by itself was stopped"),
    CollectionState.GIVEN_UP: _l("Charging by itself was given up"),
}


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """Charging one invoice: what was tried, and what can be."""

    invoice: InvoiceView
    client: ClientView
    charges: list[ChargeShown]
    collection: CollectionView | None
    methods: list[MethodView]
    others: int
    form: FormState
    chargeable: bool
    under_way: bool
    may_charge: bool
    open_here: bool


@dataclass(frozen=True, slots=True)
class ClientPage:
    """What a client has left, for staff."""

    client: ClientView
    methods: list[MethodView]
    link: str
    mails: list[MailView]
    may_charge: bool
    open_here: bool


@dataclass(frozen=True, slots=True)
class IndexPage:
    """Everything that can be charged, and what is charged by itself."""

    methods: list[MethodView]
    names: dict[Any, str]
    waiting: list[tuple[CollectionView, InvoiceView]]
    form: FormState
    may_charge: bool
    open_here: bool


@dataclass(frozen=True, slots=True)
class PublicMethods:
    """What a client sees of their methods."""

    client: ClientView
    methods: list[MethodView]
    words: str
    came_back: bool
    open_here: bool
    form: FormState
    sender: dict[str, Any]
    lang: str


@dataclass(frozen=True, slots=True)
class PublicCharge:
    """What a client sees of a charge that waits for them, or did."""

    charge: ChargeShown
    number: str
    title: str
    paid: bool
    stale: bool
    came_back: bool
    silent: bool
    pay_url: str
    methods_url: str
    day: date
    sender: dict[str, Any]
    lang: str
