"""What came, where it went, and whose it is.

Payment services and people tell of money; the ledger keeps it as entries that come to nothing, source by source. How an
invoice, a client's credit and the agency's places of money stand is read from them alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.core.kernel import locks
from webkit.core.kernel.db import writes
from webkit.ledger import models
from webkit.ledger.exchange import worth as worth
from webkit.ledger.following import Claim as Claim
from webkit.ledger.following import follow as follow
from webkit.ledger.models import Account as Account
from webkit.ledger.models import Kind as Kind
from webkit.ledger.models import Method as Method
from webkit.ledger.models import Slot
from webkit.ledger.payouts import Moved as Moved
from webkit.ledger.payouts import PaidOut as PaidOut
from webkit.ledger.payouts import is_paid_out as is_paid_out
from webkit.ledger.payouts import pay_out as pay_out
from webkit.ledger.receipts import Part as Part
from webkit.ledger.receipts import Received as Received
from webkit.ledger.receipts import Returned as Returned
from webkit.ledger.receipts import apply_credit as apply_credit
from webkit.ledger.receipts import give_back as give_back
from webkit.ledger.receipts import receive as receive
from webkit.ledger.receipts import receive_elsewhere as receive_elsewhere
from webkit.ledger.receipts import release as release
from webkit.ledger.receipts import take_back as take_back
from webkit.ledger.valuing import Unvalued as Unvalued
from webkit.ledger.valuing import give_rate as give_rate
from webkit.ledger.valuing import sources_of as sources_of
from webkit.ledger.valuing import unvalued as unvalued
from webkit.ledger.views import Booked as Booked
from webkit.ledger.views import Movement as Movement
from webkit.ledger.views import PaidPart as PaidPart
from webkit.ledger.views import ReceiptView as ReceiptView
from webkit.ledger.views import movement, receipt_view


@writes
def hold(client_id: UUID) -> None:
    """Let nobody else book a client's money until this write ends. Held after payments, before invoices."""
    locks.hold(f"money:{client_id}")


def movements(since: date, until: date) -> list[Movement]:
    """Everything booked on these days, both included, in the order of days: what reports add up."""
    found = (movement(entry) for entry in models.booked(since, until))
    return [each for each in found if each is not None]


def booked(since: date, until: date) -> list[Booked]:
    """Every entry of these days as a journal has it: those of a source come to nothing on each day."""
    return [Booked(*row) for row in models.booked_columns(Booked._fields, since, until)]


def booked_span(since: date, until: date) -> tuple[int, date | None, date | None]:
    """How many entries these days have, and which are the first and the last of them."""
    return models.booked_span(since, until)


def on_invoices(invoice_ids: Collection[UUID]) -> list[Booked]:
    """Everything that was put on these invoices, or taken off, oldest first."""
    return [Booked(*row) for row in models.on_invoices(Booked._fields, invoice_ids)]


def invoice_rates(invoice_ids: Iterable[UUID]) -> dict[UUID, Decimal]:
    """What the currencies of these invoices were worth in the agency's of today, where that was fixed."""
    sources, base = {f"invoice:{each}": each for each in invoice_ids}, agencies.here().currency
    return {sources[source]: rate for source, rate in models.rates(list(sources), base).items()}


def of_client(client_id: UUID) -> list[Movement]:
    """Everything booked on a client's account, in the order of days."""
    found = (movement(entry) for entry in models.of_client(client_id))
    return [each for each in found if each is not None]


@writes
def value_invoice(invoice_id: UUID, currency: str, day: date) -> None:
    """Fix what an invoice in another currency is worth when it is issued: the last rate that was recorded by then. What
    nobody knows is fixed when it is first paid."""
    base = agencies.here().currency
    if currency != base and (last := models.last_rate(currency, base, day)):
        models.fix_rate(f"invoice:{invoice_id}", currency, base, last[0], day)


def settled(invoice_id: UUID) -> int:
    """What was paid of an invoice, in its currency."""
    return models.settled([invoice_id]).get(invoice_id, (0, 0))[0]


def settled_of(invoice_ids: Iterable[UUID]) -> dict[UUID, int]:
    """The same of many; those of which nothing was paid are left out."""
    return {invoice: minor for invoice, (minor, _base) in models.settled(invoice_ids).items()}


def credit(client_id: UUID) -> dict[str, int]:
    """What a client has paid too much, by currency; below nothing what was taken back of money that was used."""
    sums: dict[str, int] = {}
    for lot in models.lots(client_id=client_id):
        sums[lot.currency] = sums.get(lot.currency, 0) + lot.amount
    return {currency: amount for currency, amount in sorted(sums.items()) if amount}


def credits() -> dict[UUID, dict[str, int]]:
    """The same of every client who has some."""
    sums: dict[UUID, dict[str, int]] = {}
    for lot in models.lots():
        own = sums.setdefault(lot.client_id, {})
        own[lot.currency] = own.get(lot.currency, 0) + lot.amount
    return {client: {c: a for c, a in own.items() if a} for client, own in sums.items() if any(own.values())}


def paid_by(invoice_id: UUID) -> list[PaidPart]:
    """What paid an invoice, source by source, the oldest first."""
    found = models.of_invoice(invoice_id)
    ids = [UUID(slot.source.removeprefix("receipt:")) for slot in found if slot.source.startswith("receipt:")]
    receipts = {view.source: view for view in views(ids)}
    parts = [PaidPart(slot.source, value.settled, receipts.get(slot.source)) for slot, value in found.items()]
    return sorted((each for each in parts if each.amount_minor), key=lambda each: each.source.partition(":")[2])


def views(receipt_ids: list[UUID]) -> list[ReceiptView]:
    """These receipts with what became of them."""
    return _views(models.receipts(receipt_ids))


def receipt(receipt_id: UUID) -> ReceiptView | None:
    """One receipt."""
    return next(iter(views([receipt_id])), None)


def page(*, limit: int, before: UUID | None = None, client_id: UUID | None = None) -> list[ReceiptView]:
    """Receipts, newest first."""
    return _views(models.receipts_page(limit=limit, before=before, client_id=client_id))


def _views(rows: list[models.Receipt]) -> list[ReceiptView]:
    back = models.countered([row.id for row in rows])
    sources = [f"receipt:{row.id}" for row in rows]
    stand, rates = models.of_sources(sources), models.rates(sources)
    parts: dict[str, dict[UUID, int]] = {}
    credit: dict[str, int] = {}
    for slot, value in stand.items():
        if slot.account is Account.INVOICE and slot.invoice_id and value.settled:
            parts.setdefault(slot.source, {})[slot.invoice_id] = value.settled
        elif slot.account is Account.CREDIT:
            credit[slot.source] = credit.get(slot.source, 0) - value.amount
    return [
        receipt_view(
            row,
            taken_back=row.id in back,
            parts=parts.get(source, {}),
            credit=credit.get(source, 0),
            rate=rates.get(source),
        )
        for row, source in zip(rows, sources, strict=True)
    ]


def places() -> dict[tuple[str, str], int]:
    """What lies where, by place and currency: what has come in there and not gone out."""
    return models.places()


def fees() -> dict[tuple[str, str], int]:
    """What was kept of what came, by who kept it and currency."""
    return models.fees()


def balanced() -> list[models.Imbalance]:
    """Sources of any agency whose entries do not come to nothing; asked by the platform."""
    return models.imbalances()


def slots(source: str) -> dict[Slot, models.Value]:
    """How the accounts of a source stand."""
    return models.of_sources([source])
