"""Subscribing, changing and ending, at the vendor of the platform; and asking how things stand there.

What a click, an event, the way back and the periodic pull do is the same: ask the vendor, and take its answer for the
truth. Answers are numbered by when they were asked for, so an old one that comes late changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from webkit.agencies import service as agencies
from webkit.core.capabilities.errors import (
    NotFoundAtProvider,
    ProviderError,
    ProviderRejected,
)
from webkit.core.capabilities.payments import PAYMENTS, Checkout, ClosesCheckouts, PaymentFeature, Payments
from webkit.core.capabilities.subscriptions import (
    Interval,
    PlanPrice,
    SellsSubscriptions,
    SubscriberRequest,
    SubscriptionRequest,
    SubscriptionState,
    SubscriptionStatus,
)
from webkit.core.kernel import clock, events, outbox, tenancy, vendors
from webkit.core.kernel.crypto import digest
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.kernel.vendors import Vendor
from webkit.core.values import dataclass
from webkit.payments.events import SubscriptionTold
from webkit.subscriptions import mails, models, selling
from webkit.subscriptions.models import LIVING, Subscription
from webkit.subscriptions.proration import Period, Proration, period_after, prorate
from webkit.subscriptions.standing import trial_end
from webkit.subscriptions.tiers import RANKS, TIERS, prices

log = structlog.get_logger(__name__)

SYNC = "subscriptions.sync"
OFFERED = timedelta(minutes=30)
"""How long a price that was shown for a change is kept to."""
FIRST_FREE = timedelta(hours=49)
"""Vendors cannot wait for the first payment for less than two days."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a change comes to. One for now costs `proration.due_minor` and is paid again at `next_at`."""

    price: PlanPrice
    now: bool
    at: datetime
    proration: Proration | None
    next_at: datetime


@dataclass(frozen=True, slots=True)
class _Held:
    """What is known of a subscription while the vendor is asked: no row is at hand then."""

    customer_id: str
    vendor_id: str
    number: int
    checkout_id: str = ""


def seller() -> Vendor[Payments] | None:
    """Who sells for the platform: its own payment provider, where that can."""
    if not current().settings.billing:
        return None
    found = vendors.find_keeper(PAYMENTS, None)
    return found if found is not None and PaymentFeature.SUBSCRIPTIONS in found.features else None


def all_prices() -> list[PlanPrice]:
    return list(prices(current().settings.tier_prices).values())


def price_of(tier: str, interval: str) -> PlanPrice:
    """What a tier costs. Raises NotFound."""
    found = next((each for each in all_prices() if (each.plan, each.interval.value) == (tier, interval)), None)
    if found is None:
        raise NotFound(_("There is no such tier."))
    return found


# --- subscribing ----------------------------------------------------------------------------------------------------


def subscribe(tier: str, interval: str, *, email: str, success_url: str, cancel_url: str) -> str:
    """The vendor's page at which the subscription begins. Raises Conflict while there is one.

    A page for another choice, in another tab, is closed first: nobody pays twice.
    """
    price, vendor, shop = price_of(tier, interval), _vendor(), _shop()
    sync()  # whoever has paid a moment ago does not pay again
    agency, until = agencies.profile(), free_until()
    held = _begin(vendor.name)
    _close(vendor, held.checkout_id)
    reference = _reference()
    customer = held.customer_id
    if not customer:
        who = SubscriberRequest("", reference, agency.legal_name or agency.name, email)
        key = f"subscriber:{reference}:{digest(repr(who).encode())[:16]}"
        release()
        customer = _keep_customer(vendor.name, shop.open_subscriber(replace(who, key=key)))
    wanted = f"{tier}:{interval}:{price.amount_minor}:{price.currency}:{until or ''}"
    request = SubscriptionRequest(
        key=f"subscribe:{reference}:{held.number}:{digest(wanted.encode())[:16]}",
        customer_id=customer,
        reference=reference,
        price=price,
        success_url=success_url,
        cancel_url=cancel_url,
        free_until=until,
    )
    release()
    checkout = shop.subscribe(request)
    _close(vendor, _keep_checkout(vendor.name, checkout))
    return checkout.url


def free_until() -> datetime | None:
    """Who subscribes during the trial pays when it is over, unless that is too soon to be waited for."""
    until = trial_end(selling.known())
    return until if until > clock.now() + FIRST_FREE else None


@writes
def _begin(provider: str) -> _Held:
    row = models.held(provider, tenancy.agency_id())
    if row.state in LIVING and row.state is not SubscriptionState.INCOMPLETE:
        raise Conflict(_("There is a subscription already. Change it instead."))
    if row.provider != provider:
        row.provider, row.customer_id, row.vendor_id = provider, "", ""
    before, row.checkout_id = row.checkout_id, ""
    row.attempt += bool(before)  # two clicks at once, or one after a lost answer, lead to one page
    return _Held(row.customer_id, "", row.attempt, before)


def _close(vendor: Vendor[Payments], checkout_id: str) -> None:
    release()
    provider: object = vendor.connect()
    if not checkout_id or not isinstance(provider, ClosesCheckouts):
        return
    try:
        provider.close_checkout(checkout_id)
    except NotFoundAtProvider:
        return


@writes
def _keep_customer(provider: str, customer_id: str) -> str:
    """The one that was kept first: what somebody else has begun meanwhile is begun for the same customer."""
    row = models.held(provider, tenancy.agency_id())
    row.customer_id = row.customer_id or customer_id
    return row.customer_id


@writes
def _keep_checkout(provider: str, checkout: Checkout) -> str:
    """Keep the page that is open now; the one somebody else has opened meanwhile for another choice, "" if none."""
    row = models.held(provider, tenancy.agency_id())
    other, row.checkout_id, row.checkout_until = row.checkout_id, checkout.id, checkout.expires_at
    return other if other != checkout.id else ""


# --- changing -------------------------------------------------------------------------------------------------------


def offer(tier: str, interval: str, at: datetime | None = None) -> Change:
    """What a change comes to at a moment: to more at once, to less at the end of the period.

    Raises Conflict without a subscription that is in order.
    """
    row, price, moment = _in_order(), price_of(tier, interval), at or clock.now()
    if moment < clock.now() - OFFERED or moment > clock.now():
        raise Conflict(_("This price was shown too long ago. Please look at it once more."))
    assert row.interval is not None and row.period_start is not None and row.period_end is not None
    if (row.tier, row.interval) == (price.plan, price.interval):
        raise Conflict(_("This is the tier you have."))
    if price.currency != row.currency:
        raise Conflict(_("The subscription is in another currency. End it first, then subscribe anew."))
    moment = moment.replace(microsecond=0)
    if not _is_more(row, price):
        return Change(price, False, moment, None, row.period_end)
    anew = price.interval is not row.interval
    period = Period(row.period_start, row.period_end)
    free = row.state is SubscriptionState.TRIALING
    charged = Proration(0, 0) if free else prorate(period, row.amount_minor, price.amount_minor, moment, anew=anew)
    next_at = period_after(moment, price.interval, 1) if anew and not free else row.period_end
    return Change(price, True, moment, charged, next_at)


def _is_more(row: Subscription, price: PlanPrice) -> bool:
    """A higher tier, or the same one for a longer time."""
    longer = row.interval is Interval.MONTH and price.interval is Interval.YEAR
    ranks = RANKS.get(row.tier, -1), RANKS[price.plan]
    return ranks[0] < ranks[1] or (ranks[0] == ranks[1] and longer)


def change(tier: str, interval: str, at: datetime) -> Change:
    """Change to a tier, for the price that was shown at `at`. Raises Conflict, also where the payment fails."""
    wanted, held = offer(tier, interval, at), _ask()
    shop, key = _shop(), f"change:{_reference()}:{held.number}"
    release()
    try:
        if wanted.now:
            shop.change_now(held.vendor_id, wanted.price, at=wanted.at, key=key)
        else:
            shop.change_at_end(held.vendor_id, wanted.price, key=key)
    except ProviderRejected as error:
        log.warning("a change of a subscription was refused", error=str(error))
        raise Conflict(
            _("The payment service refused the payment, so nothing has changed. Look at your payment method there.")
        ) from None
    sync()
    return wanted


def end() -> None:
    """Let the subscription end with the period that is paid. Twice is once."""
    _plan("end")


def go_on() -> None:
    """Take back that it ends, or changes, with the period. Twice is once."""
    _plan("go on")


def _plan(what: str) -> None:
    _in_order(also=(SubscriptionState.PAST_DUE, SubscriptionState.UNPAID))
    held, shop = _ask(), _shop()
    key = f"{what}:{_reference()}:{held.number}"
    release()
    if what == "end":
        shop.end_at_period_end(held.vendor_id, key=key)
    else:
        shop.go_on(held.vendor_id, key=key)
    sync()


def portal_url(return_url: str) -> str:
    """The vendor's own page for methods and invoices; "" where it has none. Raises NotFound before the first visit."""
    row, shop = models.own(), _shop()
    if row is None or not row.customer_id:
        raise NotFound(_("There is nothing to show yet."))
    customer = row.customer_id
    release()
    return shop.portal_url(customer, return_url=return_url)


def _in_order(also: tuple[SubscriptionState, ...] = ()) -> Subscription:
    row = models.own()
    if row is None or row.state not in (SubscriptionState.ACTIVE, SubscriptionState.TRIALING, *also):
        raise Conflict(_("There is no subscription in order that could be changed."))
    return row


def _vendor() -> Vendor[Payments]:
    vendor = seller()
    if vendor is None:
        raise Conflict(_("Nothing can be bought here. Whoever runs this platform sets the tier."))
    return vendor


def _shop() -> SellsSubscriptions:
    provider: object = _vendor().connect()
    assert isinstance(provider, SellsSubscriptions)
    return provider


def _reference() -> str:
    return events.ref("agency", tenancy.agency_id())


# --- how it stands at the vendor ------------------------------------------------------------------------------------


def told(event: SubscriptionTold) -> None:
    """An event says that there is something to ask. Inside the write that takes it."""
    if events.ref("agency", tenancy.agency_id()) == event.reference and models.own() is not None:
        outbox.add(SYNC)


def sync() -> None:
    """Ask the vendor how the current agency's subscription stands, and take its answer."""
    vendor, row = seller(), models.own()
    if vendor is None or row is None or not row.customer_id or row.provider != vendor.name:
        return
    held, shop = _ask(), _shop()
    release()
    try:
        found = shop.subscriptions(held.customer_id)
    except NotFoundAtProvider:
        _forget(vendor.name, held.number)
        return
    _take(vendor.name, held.number, found)


def try_sync() -> bool:
    """The same where somebody waits: whether the vendor answered."""
    try:
        sync()
    except ProviderError as error:
        log.warning("the vendor of subscriptions did not answer", error=str(error))
        return False
    return True


@writes
def _ask() -> _Held:
    row = models.held(_vendor().name, tenancy.agency_id())
    row.asked += 1
    return _Held(row.customer_id, row.vendor_id, row.asked)


@writes
def _take(provider: str, number: int, found: tuple[SubscriptionStatus, ...]) -> None:
    """Write down what the vendor says, unless a later question has been answered already."""
    row = models.held(provider, tenancy.agency_id())
    if number <= row.taken:
        return
    row.taken, row.synced_at = number, clock.now()
    living = [each for each in found if each.state in LIVING and each.state is not SubscriptionState.INCOMPLETE]
    chosen = next(iter([*living, *found]), None)
    before = _facts(row)
    if chosen is None:
        return
    row.strange = _strange(chosen, len(living))
    was_owed = row.state in OWED
    _write(row, chosen)
    if row.state in OWED and not was_owed:
        mails.unpaid(row.tier)
    if living:
        row.checkout_id, row.checkout_until = "", None
    if (after := _facts(row)) != before:
        facts = {name: value for name, value in after.items() if value is not None}
        events.record("subscription.changed", _reference(), {"actor": "system", **facts})


OWED = (SubscriptionState.PAST_DUE, SubscriptionState.UNPAID)
"""A payment is missing."""


@writes
def _forget(provider: str, number: int) -> None:
    """The vendor knows no such customer, as with the keys of another account: what was subscribed to there is over."""
    row = models.held(provider, tenancy.agency_id())
    if number <= row.taken:
        return
    row.taken, row.synced_at = number, clock.now()
    row.customer_id = row.vendor_id = row.checkout_id = row.next_tier = row.strange = ""
    row.checkout_until = row.next_interval = None
    if row.state in LIVING:
        row.state = SubscriptionState.ENDED
        events.record("subscription.changed", _reference(), {"actor": "system", "tier": row.tier, "state": "ended"})


def _write(row: Subscription, found: SubscriptionStatus) -> None:
    """A price that is none of ours changes no tier: an operator is told instead."""
    known = found.plan in TIERS
    row.vendor_id, row.state = found.id, found.state
    row.tier = found.plan if known else row.tier
    row.interval, row.amount_minor, row.currency = found.interval, found.amount_minor, found.currency
    row.period_start, row.period_end = found.period_start, found.period_end
    row.ends, row.unpaid_since = found.ends, found.unpaid_since
    row.next_tier, row.next_interval = found.next_plan, found.next_interval


def _strange(found: SubscriptionStatus, living: int) -> str:
    if living > 1:
        return f"{living} subscriptions are being paid at once: end the older ones at the vendor"
    if found.state in LIVING and found.plan not in TIERS:
        return f"the subscription {found.id} has a price that is none of ours"
    return ""


def _facts(row: Subscription) -> dict[str, str | int | bool | None]:
    return {
        "tier": row.tier,
        "state": row.state.value if row.state else "",
        "interval": row.interval.value if row.interval else "",
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "period_end": row.period_end.isoformat() if row.period_end else None,
        "ends": row.ends,
        "next_tier": row.next_tier,
    }


def due_for_sync(before: datetime, limit: int) -> list[UUID]:
    """Agencies to ask about; through the platform's door."""
    vendor = seller()
    return models.to_ask(vendor.name, before, limit) if vendor is not None else []
