"""Invoices that are charged by themselves: at their moments, again where that fails, and given up in the end.

Whatever pays the invoice ends it. What was missed while nobody worked is made up for by one try. When nothing is left
to try, reminders go on as for every other invoice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from webkit.agencies import service as agencies
from webkit.charges import charging, mails, models
from webkit.charges import schedule as plan
from webkit.charges.charging import ChargeFollowed, ChargeShown
from webkit.charges.events import CollectionEnded
from webkit.charges.models import ChargeSettings, ChargeWord, Collection, CollectionState
from webkit.charges.schedule import Schedule
from webkit.core.capabilities.charging import Decline
from webkit.core.kernel import audit, clock, events, signals
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, DomainError
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.invoices import service as invoices
from webkit.invoices.events import InvoicePaid
from webkit.invoices.service import InvoiceView
from webkit.ledger import service as ledger
from webkit.payments.events import MethodLeft
from webkit.payments.service import MethodView, methods

SOON, A_DAY = timedelta(minutes=10), timedelta(days=1)
SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class CollectionView:
    """An invoice that is charged by itself, as pages and the forecast see it."""

    invoice_id: UUID
    client_id: UUID
    planned: tuple[datetime, ...]
    look_at: datetime | None
    state: CollectionState


def schedule() -> Schedule:
    """That of the agency whose door is open."""
    row = models.settings()
    return Schedule(row.lead, tuple(row.after), row.hour) if row else Schedule()


@writes
def save(wanted: Schedule) -> None:
    """Keep how the agency charges; what is being collected keeps its days."""
    row = models.settings()
    if row is None:
        models.add(ChargeSettings(lead=wanted.lead, after=list(wanted.after), hour=wanted.hour))
    else:
        row.lead, row.after, row.hour = wanted.lead, list(wanted.after), wanted.hour
    audit.log("charges.saved", detail={"lead": wanted.lead, "after": list(wanted.after), "hour": wanted.hour})


def zone() -> ZoneInfo:
    return ZoneInfo(agencies.here().timezone)


@writes
def collect(invoice_id: UUID, actor: str = SYSTEM) -> None:
    """Charge an issued invoice by itself from now on, and tell the client when. Asked again it changes nothing."""
    invoice = invoices.get(invoice_id)
    known = models.collection_of(invoice_id)
    if known is not None and known.state is CollectionState.WAITING:
        return
    if not charging.chargeable(invoice):
        raise Conflict(_("There is nothing to charge of this invoice."))
    dues = [part.due for part in invoice.instalments] or ([invoice.due_date] if invoice.due_date else [])
    moments = plan.tries(agencies.today(), dues, schedule(), zone())
    row = known or Collection(invoice_id=invoice_id, client_id=invoice.client_id)
    row.planned, row.look_at = [each.isoformat() for each in moments], moments[0]
    row.state, row.told_missing = CollectionState.WAITING, False
    if known is None:
        models.add(row)
    method = _choice(invoice)
    first = moments[0].astimezone(zone()).date()
    facts = {"actor": actor, "on": first.isoformat()}
    events.record("collection.begun", _subject(invoice_id), facts, about=_about(row))
    if method is not None:
        mails.announce(invoice, method.name, first)
    else:
        row.told_missing = True
        mails.missing(invoice, first)


@writes
def stop(invoice_id: UUID, actor: str) -> None:
    """Charge an invoice by itself no more; stopped twice it is stopped once."""
    row = models.collection_of(invoice_id)
    if row is None or row.state is not CollectionState.WAITING:
        return
    _end(row, CollectionState.STOPPED)
    signals.publish(CollectionEnded(invoice_id))
    events.record("collection.stopped", _subject(invoice_id), {"actor": actor}, about=_about(row))


def of_invoice(invoice_id: UUID) -> CollectionView | None:
    row = models.collection_of(invoice_id)
    return _view(row) if row is not None else None


def of_several(invoice_ids: Iterable[UUID]) -> dict[UUID, CollectionView]:
    """Those among these invoices that are still to be charged by themselves."""
    return {key: _view(row) for key, row in models.collecting(invoice_ids).items()}


def waiting(limit: int) -> list[CollectionView]:
    """What is still to be charged by itself, the next one first."""
    return [_view(row) for row in models.waiting(limit)]


def _view(row: Collection) -> CollectionView:
    return CollectionView(row.invoice_id, row.client_id, row.moments, row.look_at, row.state)


# --- when a moment has come ----------------------------------------------------------------------------------------


def look(invoice_id: UUID) -> None:
    """Make the try of an invoice whose moment has come. What stands in its way is looked at again later."""
    try:
        superseded = _look(invoice_id)
    except DomainError as error:
        _later(invoice_id, error.message)
        return
    if superseded is not None:
        charging.call_off(superseded, SYSTEM, Decline.UNCONFIRMED)  # by itself: a payment is held before its invoice


@writes
def _look(invoice_id: UUID) -> UUID | None:
    """The try that is due; or the charge that waited for the client until now, to be called off first."""
    ledger.hold(invoices.get(invoice_id).client_id)
    owed = _owed(invoice_id)
    row, now = models.collection_of(invoice_id), clock.now()
    if row is None or row.state is not CollectionState.WAITING or row.look_at is None or row.look_at > now:
        return None
    invoice = invoices.get(invoice_id)
    if invoice.pending_at is not None:
        row.look_at = now + A_DAY  # money on its way may fail to arrive
        return None
    if not owed or invoice.due <= 0:
        _end(row, CollectionState.DONE)
        return None
    charges = charging.of_invoice(invoice_id)
    if charges and charges[-1].open:
        row.look_at = now + SOON
        return charges[-1].id
    if _exhausted(row, charges):
        _give_up(row, invoice)
    elif invoice.due_date is not None and invoice.due_date > agencies.today():
        row.look_at = plan.following(row.moments, now) or now + A_DAY  # what was due is paid, the next part is not due
    else:
        _try(row, invoice, len(charges) + 1)
    return None


def _exhausted(row: Collection, charges: Sequence[ChargeShown]) -> bool:
    """Whether the last try was made."""
    return any(each.at >= row.moments[-1] for each in charges)


def _owed(invoice_id: UUID) -> bool:
    """Whether money is waited for; nobody else changes the invoice until this write ends."""
    try:
        invoices.payable(invoice_id)
    except Conflict:
        return False
    return True


def _try(row: Collection, invoice: InvoiceView, attempt: int) -> None:
    now, method = clock.now(), _choice(invoice)
    if method is None and now >= row.moments[-1]:
        _give_up(row, invoice)
        return
    row.look_at = plan.following(row.moments, now) or now + plan.WAIT
    if method is not None:
        charging.ask(invoice.id, method.id, attempt, SYSTEM)
    elif not row.told_missing:
        row.told_missing = True
        mails.missing(invoice, row.look_at.astimezone(zone()).date())


@writes
def _later(invoice_id: UUID, why: str) -> None:
    row = models.collection_of(invoice_id)
    if row is not None and row.state is CollectionState.WAITING:
        row.look_at = clock.now() + A_DAY
        audit.log("collection.held", subject=_subject(invoice_id), detail={"why": why})


def _choice(invoice: InvoiceView) -> MethodView | None:
    """The newest method that can be charged, and did not fail for good with this invoice."""
    failed = {each.method_id for each in charging.of_invoice(invoice.id) if each.reason in charging.FINAL}
    usable = methods.usable(invoice.client_id, invoice.currency)
    return next((each for each in usable if each.id not in failed), None)


def _give_up(row: Collection, invoice: InvoiceView) -> None:
    """Nothing is left to try: the agency is told, and reminders go on."""
    _end(row, CollectionState.GIVEN_UP)
    events.record("collection.given_up", _subject(row.invoice_id), {"actor": SYSTEM}, about=_about(row))
    mails.given_up(invoice)
    signals.publish(CollectionEnded(row.invoice_id))


def _end(row: Collection, state: CollectionState) -> None:
    row.state, row.look_at = state, None


# --- what is heard -------------------------------------------------------------------------------------------------


@writes
def on_paid(event: InvoicePaid) -> None:
    """An invoice is paid, by whatever: nothing of it is charged any more."""
    row = models.collection_of(event.invoice_id)
    if row is not None and row.state is CollectionState.WAITING:
        _end(row, CollectionState.DONE)


@writes
def on_charge(told: ChargeFollowed) -> None:
    """A try has failed: the next one comes at its moment, and after the last one nothing does."""
    row = models.collection_of(told.invoice_id)
    if row is None or row.state is not CollectionState.WAITING:
        return
    now = clock.now()
    if told.word is ChargeWord.CALLED_OFF and told.reason != charging.CALLED:
        row.look_at = min(row.look_at or now + SOON, now + SOON)  # something has changed: look what is open now
    elif told.word is ChargeWord.DECLINED and _exhausted(row, charging.of_invoice(told.invoice_id)):
        _give_up(row, invoices.get(told.invoice_id))


@writes
def on_method(event: MethodLeft) -> None:
    """A client has left a method: what waited for one is tried today, or at its moment."""
    for invoice_id in models.waiting_of_client(event.client_id):
        row = models.collection_of(invoice_id)
        if row is not None and row.told_missing and row.moments[0] <= clock.now():
            row.look_at, row.told_missing = clock.now(), False


def _subject(invoice_id: UUID) -> str:
    return events.ref("invoice", invoice_id)


def _about(row: Collection) -> tuple[str, ...]:
    return (events.ref("client", row.client_id),)
