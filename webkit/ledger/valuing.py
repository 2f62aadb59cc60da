"""Money in a currency of which nobody knew what it was worth: a person says it, once, and gain and loss are fixed then.

Until then it counts nothing in the agency's currency, and reports say that they leave it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.core.kernel import clock, signals
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import MAX_MINOR
from webkit.core.values import dataclass
from webkit.ledger import models
from webkit.ledger.booking import Act, Money, Share, stand
from webkit.ledger.events import RateGiven
from webkit.ledger.exchange import LEAST, MOST, worth
from webkit.ledger.models import Account, Kind, Slot, Value


@dataclass(frozen=True, slots=True)
class Unvalued:
    """Money without a rate: what of it came, since when, from whom and for which invoices."""

    source: str
    currency: str
    client_id: UUID | None
    day: date
    amount_minor: int
    invoice_ids: tuple[UUID, ...]


def unvalued(limit: int, source: str = "") -> list[Unvalued]:
    """What waits for a rate, the oldest first; only this source if it is given."""
    found = models.unvalued(agencies.here().currency, limit=limit, source=source)
    stands = models.of_sources([each.source for each in found])
    return [
        _shown(each, {slot: value for slot, value in stands.items() if slot.source == each.source}) for each in found
    ]


def _shown(each: models.Unvalued, stands: dict[Slot, Value]) -> Unvalued:
    went = (Account.INVOICE, Account.CREDIT, Account.CONVERTED, Account.ELSEWHERE)
    amount = -sum(value.amount for slot, value in stands.items() if slot.account in went)
    if each.source.startswith("payout:"):
        amount = sum(value.amount for value in stands.values() if value.amount > 0)
    invoices = tuple(slot.invoice_id for slot in stands if slot.account is Account.INVOICE and slot.invoice_id)
    return Unvalued(each.source, each.currency, each.client_id, each.day, amount, invoices)


@writes
def give_rate(source: str, rate: Decimal, actor: str) -> Unvalued:
    """Fix what one unit of a source's currency was worth, and book what that makes of it. Inside a write that holds the
    client's money. Raises Invalid (`rate`), and Conflict where it is fixed."""
    found = next(iter(unvalued(1, source)), None)
    base = agencies.here().currency
    if found is None:
        raise Conflict(_("What this was worth is fixed already."))
    if not LEAST <= rate <= MOST:
        raise Invalid({"rate": _("A rate between %(least)s and %(most)s, please.", least="0.00000001", most="1000000")})
    if worth(abs(found.amount_minor), found.currency, rate, base) > MAX_MINOR:
        raise Invalid({"rate": _("This amount is too large to be true.")})
    models.fix_rate(source, found.currency, base, rate, found.day)
    if source.startswith(("payment:", "receipt:")):
        _value(found, actor)
    signals.publish(RateGiven(source))
    return found


def _value(found: Unvalued, actor: str) -> None:
    entries = models.entries([found.source])
    money = Money(found.source, found.currency, found.client_id)
    currencies = {each.invoice_id: each.settled_currency for each in entries if each.settled_currency}
    stands = models.of_sources([found.source])
    shares = {
        slot: Share(value.amount, value.settled, currencies[slot.invoice_id])
        for slot, value in stands.items()
        if slot.account is Account.INVOICE
    }
    stand(money, shares, Act(Kind.VALUED, agencies.today(), clock.now(), actor))


def sources_of(found: Sequence[Unvalued]) -> list[UUID]:
    """The invoices that they pay."""
    return sorted({invoice for each in found for invoice in each.invoice_ids})
