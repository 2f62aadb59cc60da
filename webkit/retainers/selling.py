"""Retainers: offered by staff, accepted and paid by clients at the vendor, and how they stand there.

Whatever we hear makes us ask the vendor, and what it answers is taken, unless a later question was answered before. So
webhook, return page and the periodic look end in the same state.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.capabilities.errors import CredentialsRejected, NotFoundAtProvider, ProviderError, ProviderRejected
from webkit.core.capabilities.payments import PAYMENTS, Checkout, ClosesCheckouts, PaymentFeature, Payments
from webkit.core.capabilities.retainers import (
    BillState,
    RetainerRequest,
    RetainerState,
    RetainerStatus,
    SellsRetainers,
)
from webkit.core.capabilities.subscriptions import Interval
from webkit.core.kernel import clock, events, ids, links, once, outbox, tenancy, vendors
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import Conflict, DomainError, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.vendors import Vendor
from webkit.core.values import dataclass
from webkit.invoices import service as invoices
from webkit.invoices.service import Figures, LineInput
from webkit.messaging import service as messaging
from webkit.payments.events import RetainerTold
from webkit.payments.service import methods, tills
from webkit.retainers import billing, models
from webkit.retainers.billing import KIND as KIND
from webkit.retainers.mails import LINK as LINK
from webkit.retainers.models import LIVING, Retainer, RetainerBillRow, Word

log = structlog.get_logger(__name__)

SYNC = "retainers.sync"
AHEAD = timedelta(days=3)
"""A later beginning is at least so far away: vendors do not wait for less than two days."""
LONGEST = timedelta(days=730)
NEEDED = frozenset({PaymentFeature.RETAINERS, PaymentFeature.SAVED_METHODS})


@dataclass(frozen=True, slots=True)
class RetainerInput:
    """What staff offer; `total` is what the lines come to with tax."""

    client_id: UUID
    title: str
    lines: tuple[LineInput, ...]
    figures: Figures
    total: int
    interval: Interval
    start: date | None = None
    note: str = ""


def seller() -> Vendor[Payments] | None:
    """Who keeps retainers of the current agency's clients now."""
    vendor = tills.till()
    return vendor if vendor is not None and vendor.features >= NEEDED else None


@writes
def offer(given: RetainerInput, actor: str, once_key: str = "") -> UUID:
    """Offer a client a retainer and mail the link. Raises DomainError at the field that is wrong."""
    if known := once.result(once_key):
        return UUID(known)
    client = clients.get(given.client_id)
    if not client.active:
        raise DomainError(_("%(client)s is archived. Bring the client back first.", client=client.name), "client_id")
    if not client.email:
        raise DomainError(_("%(client)s has no e-mail address to send the offer to.", client=client.name), "client_id")
    if given.total <= 0:
        raise DomainError(_("A retainer needs an amount greater than zero."), "title")
    today = agencies.today()
    if given.start is not None and not today + AHEAD <= given.start <= today + LONGEST:
        raise DomainError(_("It begins at once, or at least three days and at most two years from now."), "start")
    if seller() is None:
        raise DomainError(_("Connect a payment service that keeps retainers first."), "title")
    row = Retainer(
        client_id=client.id, title=given.title, note=given.note, figures=given.figures.to_dict(),
        lines=[invoices.stored_line(line) for line in given.lines], total_minor=given.total,
        currency=agencies.here().currency, interval=given.interval, start=given.start,
    )  # fmt: skip
    retainer_id = models.add(row)
    once.keep(once_key, str(retainer_id))
    url = links.url(LINK, links.create(LINK, retainer_id, token=ids.token()))
    context = {
        "client": {"name": client.name}, "title": row.title, "amount": row.total_minor, "currency": row.currency,
        "yearly": row.interval is Interval.YEAR, "url": url,
    }  # fmt: skip
    record("retainer.offered", row, actor)
    messaging.send(
        "retainer_offer", client.contact_name or client.name, client.email, context=context,
        subject=events.ref(KIND, retainer_id), about=(events.ref("client", client.id),),
        locale=client.locale or agencies.here().locale,
    )  # fmt: skip
    return retainer_id


def record(kind: str, row: Retainer, actor: str, **facts: str) -> None:
    about, title = (events.ref("client", row.client_id),), {"title": row.title}
    events.record(kind, events.ref(KIND, row.id), {"actor": actor, **facts}, personal=title, about=about)


def get(retainer_id: UUID) -> Retainer:
    """One retainer of the agency. Raises NotFound."""
    row = models.get(retainer_id)
    if row is None:
        raise NotFound(_("There is no such retainer."))
    return row


def of_client(client_id: UUID) -> list[Retainer]:
    """A client's, newest first."""
    return models.page(100, client_id=client_id)


def page(limit: int, before: UUID | None = None) -> list[Retainer]:
    """The agency's, newest first."""
    return models.page(limit, before=before)


def bills(retainer_id: UUID) -> list[RetainerBillRow]:
    return models.bills(retainer_id)


def pay_url(retainer_id: UUID) -> str:
    """Where the client pays what was tried and did not come; nothing where there is no such page."""
    waiting = [bill for bill in models.bills(retainer_id) if bill.state is BillState.OPEN and bill.tries]
    return waiting[-1].pay_url if waiting else ""


# --- the client accepts --------------------------------------------------------------------------------------------


def accept(retainer_id: UUID, page: str) -> str:
    """Open the vendor's page and return its address, the same one for who presses twice. Raises Conflict."""
    row, vendor = get(retainer_id), seller()
    if vendor is None:
        raise Conflict(_("This cannot be paid online now. Please ask us how."))
    if row.attempt:
        try_sync(retainer_id)
        row = get(retainer_id)
    _demand_offered(row)
    payer_id = methods.payer(vendor, clients.get(row.client_id))
    row = _begin(retainer_id, vendor, payer_id)
    if row.checkout_url:
        return row.checkout_url
    request = RetainerRequest(
        key=f"retainer-{row.id}-{row.attempt}", payer_id=row.payer_id, reference=_reference(row.id),
        description=row.title, amount_minor=row.total_minor, currency=row.currency, interval=row.interval,
        success_url=f"{page}?back=1", cancel_url=page, start=_start(row),
    )  # fmt: skip
    attempt = row.attempt
    release()
    checkout = _shop(vendor).begin_retainer(request)
    if not _opened(retainer_id, attempt, checkout):
        _close(vendor, checkout.id)
        raise Conflict(_("This offer was just withdrawn."))
    return checkout.url


def _demand_offered(row: Retainer) -> None:
    if row.state is not Word.OFFERED:
        raise Conflict(_("This offer is not open any more."))


@writes
def _begin(retainer_id: UUID, vendor: Vendor[Payments], payer_id: str) -> Retainer:
    row = models.locked(retainer_id) or get(retainer_id)
    _demand_offered(row)
    tills.demand_open(vendor)
    here = (row.provider, row.account_id, row.payer_id) == (vendor.name, vendor.account_id, payer_id)
    over = row.checkout_until is not None and row.checkout_until <= clock.now()
    if not row.attempt or not here or over:
        row.attempt += 1
        row.checkout_id, row.checkout_url, row.checkout_until = "", "", None
    row.provider, row.account_id, row.payer_id = vendor.name, vendor.account_id, payer_id
    return row


@writes
def _opened(retainer_id: UUID, attempt: int, checkout: Checkout) -> bool:
    row = models.locked(retainer_id) or get(retainer_id)
    if row.state is Word.ENDED:
        return False
    if row.attempt == attempt:
        row.checkout_id, row.checkout_url, row.checkout_until = checkout.id, checkout.url, checkout.expires_at
    return True


def _start(row: Retainer) -> datetime | None:
    """When the first money is due; None for at once, also where the day is too near or over."""
    if row.start is None:
        return None
    moment = datetime.combine(row.start, time(9), ZoneInfo(agencies.here().timezone))
    return moment if moment > clock.now() + timedelta(hours=49) else None


def _reference(retainer_id: UUID) -> str:
    return f"{events.ref('agency', tenancy.agency_id())}/{events.ref(KIND, retainer_id)}"


def _shop(vendor: Vendor[Payments]) -> SellsRetainers:
    provider: object = vendor.connect()
    if not isinstance(provider, SellsRetainers):
        raise ProviderError("this provider keeps no retainers")
    return provider


def _close(vendor: Vendor[Payments], checkout_id: str) -> None:
    release()
    provider: object = vendor.connect()
    if isinstance(provider, ClosesCheckouts) and checkout_id:
        try:
            provider.close_checkout(checkout_id)
        except NotFoundAtProvider:
            log.warning("the vendor does not know a page of ours", checkout=checkout_id)


# --- how it stands -------------------------------------------------------------------------------------------------


def told(event: RetainerTold) -> None:
    """There is something to ask. Inside the write that takes the event."""
    kind, _colon, name = event.reference.partition(":")
    try:
        row = models.get(UUID(name)) if kind == KIND else None
    except ValueError:
        return
    if row is not None and row.provider == event.provider and row.account_id in event.accounts:
        outbox.add(SYNC, retainer=str(row.id))


def try_sync(retainer_id: UUID) -> bool:
    """The same where somebody waits: whether the vendor answered."""
    try:
        sync(retainer_id)
    except ProviderError as error:
        log.warning("the vendor of retainers did not answer", error=str(error))
        return False
    return True


def sync(retainer_id: UUID) -> None:
    """Ask the vendor how a retainer stands and what it asked for, and take the answer. Raises ProviderError."""
    row = models.get(retainer_id)
    if row is None or not row.payer_id or not row.attempt:
        return
    vendor = vendors.find_keeper(PAYMENTS, row.account_id, row.provider)
    number = _ask(retainer_id)
    payer_id = get(retainer_id).payer_id
    release()
    try:
        if vendor is None:
            raise NotFoundAtProvider("nobody has access to this account")
        shop = _shop(vendor)
        found = shop.retainers(payer_id, _reference(retainer_id))
        asked = [(each, shop.retainer_bills(each.id)) for each in found]
    except (NotFoundAtProvider, CredentialsRejected) as error:
        log.warning("a retainer is out of reach", retainer=str(retainer_id), error=str(error))
        _out_of_reach(retainer_id, number)
        return
    if not _take(retainer_id, number, found):
        return
    for each, listed in asked:
        for bill in listed:
            if each.state is RetainerState.ENDED and bill.state is BillState.OPEN:
                bill = _void(shop, each.id, bill.id) or bill
            billing.take(retainer_id, bill, number)


def _void(shop: SellsRetainers, id: str, bill_id: str) -> Any:
    """What is still asked for after the end is asked for no more; how the bill stands then."""
    try:
        shop.void_bill(bill_id, key=f"void-{bill_id}")
    except ProviderRejected:
        log.info("a bill was settled before it could be called off", bill=bill_id)
    return next((each for each in shop.retainer_bills(id) if each.id == bill_id), None)


@writes
def _ask(retainer_id: UUID) -> int:
    row = models.locked(retainer_id) or get(retainer_id)
    row.asked += 1
    return row.asked


@writes
def _take(retainer_id: UUID, number: int, found: tuple[RetainerStatus, ...]) -> bool:
    """Write down what the vendor says, unless a later question has been answered already."""
    row = models.locked(retainer_id) or get(retainer_id)
    if number <= row.taken:
        return False
    row.taken, row.looked_at = number, clock.now()
    begun = [each for each in found if each.state is not RetainerState.INCOMPLETE]
    living = [each for each in begun if each.state is not RetainerState.ENDED]
    row.problem = _("Two subscriptions are being paid: end one at the payment service.") if len(living) > 1 else ""
    chosen = next(iter([*living, *begun]), None)
    if chosen is None:
        return True
    word = stands(chosen)
    row.vendor_id, row.period_end = chosen.id, chosen.period_end
    row.checkout_id, row.checkout_url, row.checkout_until = "", "", None
    if word is not row.state:
        row.state = word
        record(f"retainer.{word.value}", row, "vendor")
    return True


def stands(found: RetainerStatus) -> Word:
    """A function of the vendor's facts alone."""
    if found.state is RetainerState.ENDED:
        return Word.ENDED
    if found.state is RetainerState.PAST_DUE:
        return Word.PAST_DUE
    if found.state is RetainerState.PAUSED:
        return Word.PAUSED
    return Word.ENDING if found.ends else Word.ACTIVE


@writes
def _out_of_reach(retainer_id: UUID, number: int) -> None:
    row = models.locked(retainer_id) or get(retainer_id)
    if number <= row.taken:
        return
    row.taken, row.looked_at = number, clock.now()
    problem = _("The account with the payment service is out of reach: what happens there is not known here.")
    if row.problem != problem:
        row.problem = problem
        record("retainer.out_of_reach", row, "system")


# --- staff ---------------------------------------------------------------------------------------------------------


def pause(retainer_id: UUID, actor: str) -> None:
    """Have nothing asked for until it goes on."""
    _act(retainer_id, actor, "pause", lambda shop, id, key: shop.pause_retainer(id, key=key), LIVING)


def resume(retainer_id: UUID, actor: str) -> None:
    """Go on, from a pause or from what was to be its end."""
    _act(retainer_id, actor, "resume", lambda shop, id, key: shop.resume_retainer(id, key=key), LIVING)


def end(retainer_id: UUID, actor: str, *, now: bool) -> None:
    """End it with the period that is paid, or at once."""
    word = "end now" if now else "end"
    _act(retainer_id, actor, word, lambda shop, id, key: shop.end_retainer(id, now=now, key=key), LIVING)


def _act(
    retainer_id: UUID, actor: str, what: str, act: Callable[[SellsRetainers, str, str], None], states: tuple[Word, ...]
) -> None:
    row = get(retainer_id)
    if row.state not in states or not row.vendor_id:
        raise Conflict(_("This retainer is not running."))
    vendor = vendors.find_keeper(PAYMENTS, row.account_id, row.provider)
    if vendor is None:
        raise Conflict(_("The account with the payment service is out of reach. Do it there, or connect it again."))
    vendor_id, number = row.vendor_id, _wish(retainer_id, actor, what)
    release()
    try:
        act(_shop(vendor), vendor_id, f"{what}:{retainer_id}:{number}")
    except (NotFoundAtProvider, ProviderRejected, CredentialsRejected) as error:
        log.warning("the vendor did not change a retainer", error=str(error))
        raise Conflict(_("The payment service did not do it. Look how it stands there, then try again.")) from None
    finally:
        try_sync(retainer_id)


@writes
def _wish(retainer_id: UUID, actor: str, what: str) -> int:
    row = models.locked(retainer_id) or get(retainer_id)
    row.asked += 1
    record("retainer.asked", row, actor, what=what)
    return row.asked


def withdraw(retainer_id: UUID, actor: str) -> None:
    """Take back an offer that nobody has accepted; who was faster has accepted it."""
    if get(retainer_id).attempt:
        try_sync(retainer_id)
    account, provider, checkout_id = _withdrawn(retainer_id, actor)
    vendor = vendors.find_keeper(PAYMENTS, account, provider) if checkout_id else None
    if vendor is not None:
        _close(vendor, checkout_id)
        try_sync(retainer_id)


@writes
def _withdrawn(retainer_id: UUID, actor: str) -> tuple[UUID | None, str, str]:
    row = models.locked(retainer_id) or get(retainer_id)
    _demand_offered(row)
    row.state = Word.ENDED
    links.revoke(LINK, retainer_id)
    record("retainer.withdrawn", row, actor)
    return row.account_id, row.provider, row.checkout_id
