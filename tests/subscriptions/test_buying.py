"""Subscribing, changing, ending, not paying: through the double of the vendor, whatever is lost on the way."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.payments import stripe
from tests.threads import at_once
from webkit.core.capabilities.errors import ProviderMisconfigured, ProviderUnavailable
from webkit.core.capabilities.payments import Checkout
from webkit.core.capabilities.subscriptions import Interval, SubscriptionState
from webkit.core.kernel import clock, db, outbox, tenancy
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.db import release, session, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.messaging.models import PlatformMail
from webkit.sdk.testing.doubles.stripe import StripeDouble
from webkit.subscriptions import buying, jobs, models, pages, service

WAY = {"email": "ada@northwind.example", "success_url": "http://localhost/back", "cancel_url": "http://localhost/no"}
DECLINED = "4000000000000002"


def tier() -> str:
    release()
    return service.own().tier


def held() -> service.SubscriptionView:
    release()
    found = service.own().subscription
    assert found is not None
    return found


def begin(double: StripeDouble, tier: str = "starter", interval: str = "month") -> str:
    """Subscribe, come back, and hear the vendor's id of the subscription."""
    release()
    url = buying.subscribe(tier, interval, **WAY)
    session = double.begin_subscription(url.rpartition("/")[2])
    buying.sync()
    return str(session["subscription"])


def later(double: StripeDouble) -> Any:
    """Our clock where the vendor's is."""
    return clock.frozen(datetime.fromtimestamp(double.books.now(), UTC))


def paid(double: StripeDouble) -> list[int]:
    return [row["amount_paid"] for row in double.all("latest_invoice")]


def test_from_the_button_to_the_tier(agency: AgencyView, double: StripeDouble) -> None:
    assert tier() == "free"
    begin(double)
    found = held()
    assert (found.tier, found.state, found.interval) == ("starter", SubscriptionState.ACTIVE, Interval.MONTH)
    assert (found.amount_minor, found.currency, tier()) == (2_900, "AUD", "starter")
    assert paid(double) == [2_900]
    customer = double.all("customer")[0]
    assert customer["metadata"] == {"webkit_reference": f"agency:{agency.id}"}
    with pytest.raises(Conflict, match="already"):
        buying.subscribe("growth", "month", **WAY)


def test_two_clicks_and_two_tabs_lead_to_one_payment(
    app: Flask, agency: AgencyView, double: StripeDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    release()
    both, keep = Barrier(2), buying._keep_checkout

    def kept_once_both_asked(provider: str, checkout: Checkout) -> str:
        both.wait(20)
        return keep(provider, checkout)

    def press() -> str:
        with tenancy.tenant(agency.id):
            return buying.subscribe("starter", "month", **WAY)

    with monkeypatch.context() as patched:
        patched.setattr(buying, "_keep_checkout", kept_once_both_asked)
        urls = at_once(app, press, press)
    assert len(set(urls)) == 1
    other = buying.subscribe("growth", "year", **WAY)
    states = sorted(session["status"] for session in double.all("checkout.session"))
    assert (states, other in urls) == (["expired", "open"], False)
    assert len(double.all("customer")) == 1


def test_a_click_just_after_another_closes_the_page_of_the_first(agency: AgencyView, double: StripeDouble) -> None:
    release()
    urls = [buying.subscribe("starter", "month", **WAY) for _ in range(2)]
    pages = {session["status"]: session["url"] for session in double.all("checkout.session")}
    assert pages == {"expired": None, "open": urls[1]}
    assert urls[0] != urls[1]
    assert len(double.all("customer")) == 1


def test_who_has_just_paid_does_not_pay_again(agency: AgencyView, double: StripeDouble) -> None:
    release()
    double.begin_subscription(buying.subscribe("starter", "month", **WAY).rpartition("/")[2])
    with pytest.raises(Conflict, match="already"):  # although nobody has told us of the payment
        buying.subscribe("starter", "month", **WAY)
    assert tier() == "starter"


def test_keys_of_another_account_begin_anew(agency: AgencyView, double: StripeDouble) -> None:
    begin(double)
    double.forget()
    buying.sync()
    assert (held().state, tier()) == (SubscriptionState.ENDED, "free")
    begin(double, "growth", "year")
    assert tier() == "growth"


def test_a_page_nobody_paid_at_is_not_asked_about_for_ever(
    agency: AgencyView, double: StripeDouble, run_jobs: Callable[[], int]
) -> None:
    release()
    buying.subscribe("starter", "month", **WAY)
    with tenancy.platform("a test"):
        assert buying.due_for_sync(clock.now(), 9) == [agency.id]
        assert buying.due_for_sync(clock.now() + timedelta(days=2), 9) == []


def test_more_at_once_less_at_the_end(agency: AgencyView, double: StripeDouble) -> None:
    begin(double)
    double.advance(10 * 86_400)
    with later(double):
        wanted = buying.offer("growth", "month")
        assert wanted.now and wanted.proration is not None
        buying.change("growth", "month", wanted.at)
        assert tier() == "growth"
        assert paid(double)[-1] == wanted.proration.due_minor > 0
        less = buying.offer("starter", "month")
        assert not less.now
        buying.change("starter", "month", less.at)
        assert (tier(), held().next_tier, held().next_interval) == ("growth", "starter", Interval.MONTH)
        assert len(paid(double)) == 2, "nothing is paid or given back for what comes later"
        buying.go_on()
        assert (tier(), held().next_tier) == ("growth", "")
        buying.change("starter", "month", buying.offer("starter", "month").at)
    double.next_period(double.all("subscription")[0]["id"])
    with later(double):
        buying.sync()
        assert (tier(), held().next_tier, held().amount_minor) == ("starter", "", 2_900)
    assert paid(double)[-1] == 2_900


def test_a_year_for_a_month_sets_off_what_is_left(agency: AgencyView, double: StripeDouble) -> None:
    begin(double, "growth", "month")
    double.advance(15 * 86_400)
    with later(double):
        wanted = buying.offer("growth", "year")
        assert wanted.now and wanted.proration is not None
        assert wanted.proration.charge_minor == 79_000
        buying.change("growth", "year", wanted.at)
        assert paid(double)[-1] == wanted.proration.due_minor
        assert held().period_end == wanted.next_at
        assert not buying.offer("growth", "month").now
        with pytest.raises(Conflict, match="you have"):
            buying.offer("growth", "year")


def test_what_ends_can_be_taken_back_until_then(agency: AgencyView, double: StripeDouble) -> None:
    subscription = begin(double)
    buying.end()
    buying.end()
    assert (held().ends, tier()) == (True, "starter")
    buying.go_on()
    assert not held().ends
    buying.change("growth", "month", buying.offer("growth", "month").at)
    buying.change("starter", "month", buying.offer("starter", "month").at)
    buying.end()  # instead of the change that was planned
    assert (held().ends, held().next_tier) == (True, "")
    double.next_period(subscription)
    with later(double):
        buying.sync()
        assert (held().state, tier()) == (SubscriptionState.ENDED, "free")
        with pytest.raises(Conflict, match="no subscription in order"):
            buying.end()
        begin(double, "growth", "year")
        assert tier() == "growth"
    assert len(double.all("customer")) == 1


def _letters(template: str) -> list[str]:
    """Whom the platform has written such a mail."""
    release()
    with tenancy.platform("test"):
        query = sa.select(PlatformMail.to_email).where(PlatformMail.template == template)
        return list(session().scalars(query))


def test_a_trial_that_ends_is_told_once(app: Flask, agency: AgencyView, billing: None) -> None:
    runtime = runtimes.of(app)
    runtime.settings = runtime.settings.model_copy(update={"trial_days": 14})
    release()
    for days in (0, 12, 12, 13, 20):
        with clock.frozen(clock.now() + timedelta(days=days)), tenancy.platform("test"):
            jobs.remind(None)  # type: ignore[arg-type]
            release()
        assert len(_letters("trial_ending")) == int(days > 0)


def test_not_paid_is_borne_for_a_while(app: Flask, agency: AgencyView, double: StripeDouble) -> None:
    subscription = begin(double)
    double.next_period(subscription, ok=False)
    with later(double):
        for _twice in (1, 2):
            buying.sync()
        assert (held().state, tier()) == (SubscriptionState.PAST_DUE, "starter")
        assert _letters("subscription_unpaid") == ["ada@northwind.example"]
        assert service.own().standing.why == service.Why.GRACE
        with pytest.raises(Conflict):
            buying.offer("growth", "month")
        late = clock.now() + timedelta(days=runtimes.of(app).settings.grace_days)
    with clock.frozen(late - timedelta(minutes=1)):
        assert tier() == "starter"
    with clock.frozen(late):
        assert tier() == "free"
        double.pay_invoice(subscription)
        buying.sync()
        assert (held().state, tier()) == (SubscriptionState.ACTIVE, "starter")


def test_a_declined_card_changes_nothing(agency: AgencyView, double: StripeDouble) -> None:
    begin(double)
    double.books.accounts[""].all("subscription")[held_id(double)]["_number"] = DECLINED
    with pytest.raises(Conflict, match="nothing has changed"):
        buying.change("growth", "month", buying.offer("growth", "month").at)
    buying.sync()
    assert (tier(), paid(double)) == ("starter", [2_900])


def held_id(double: StripeDouble) -> str:
    return str(double.all("subscription")[0]["id"])


def test_a_trial_is_kept_when_somebody_subscribes_early(app: Flask, agency: AgencyView, double: StripeDouble) -> None:
    runtime = runtimes.of(app)
    runtime.settings = runtime.settings.model_copy(update={"trial_days": 14})
    assert tier() == "growth"
    begin(double, "starter", "month")
    assert (held().state, paid(double), tier()) == (SubscriptionState.TRIALING, [0], "growth")
    double.next_period(held_id(double))
    double.advance(1)  # the vendor counts whole seconds
    with later(double):
        buying.sync()
        assert (tier(), paid(double)[-1]) == ("starter", 2_900)


def test_events_in_any_order_and_twice_come_to_the_same(
    app: Flask, agency: AgencyView, double: StripeDouble, run_jobs: Callable[[], int]
) -> None:
    begin(double)
    buying.change("growth", "month", buying.offer("growth", "month").at)
    double.next_period(held_id(double), ok=False)
    double.pay_invoice(held_id(double))
    events = [event for event in double.all("event") if event["type"].startswith(("customer.subs", "invoice"))]
    assert len(events) > 6
    random.Random(7).shuffle(events)
    for event in [*events, *events]:
        assert stripe.post(app, event).status_code == 200
    run_jobs()
    with later(double):
        assert (held().tier, held().state, tier()) == ("growth", SubscriptionState.ACTIVE, "growth")


def test_events_of_others_are_kept_and_change_nothing(
    app: Flask, agency: AgencyView, double: StripeDouble, run_jobs: Callable[[], int]
) -> None:
    begin(double)
    event = next(event for event in double.all("event") if event["type"] == "customer.subscription.created")
    for nth, reference in enumerate(("agency:x", "invoice:1", f"agency:{'0' * 8}-0000-7000-8000-{'0' * 12}", "")):
        changed = {**event, "id": f"evt_{nth}", "data": {"object": {**event["data"]["object"]}}}
        changed["data"]["object"]["metadata"] = {"webkit_reference": reference} if reference else {}
        assert stripe.post(app, changed).status_code == 200
    calls = len(double.api.calls)
    run_jobs()
    assert len(double.api.calls) == calls


def test_the_pull_repairs_what_nobody_told(
    agency: AgencyView, double: StripeDouble, run_jobs: Callable[[], int]
) -> None:
    release()
    url = buying.subscribe("growth", "month", **WAY)
    double.begin_subscription(url.rpartition("/")[2])
    assert tier() == "free"
    with writing():
        outbox.add(jobs.PULL)
    run_jobs()
    assert tier() == "growth"
    asked = len(double.api.calls)
    with writing():
        outbox.add(jobs.PULL)
    run_jobs()
    assert len(double.api.calls) == asked, "who was asked within the hour is left in peace"


def test_an_old_answer_that_comes_late_is_ignored(agency: AgencyView, double: StripeDouble) -> None:
    begin(double)
    shop = buying._shop()
    customer = models.own().customer_id  # type: ignore[union-attr]
    early = buying._ask()
    release()
    before = shop.subscriptions(customer)
    buying.change("growth", "month", buying.offer("growth", "month").at)
    buying._take("stripe", early.number, before)
    assert held().tier == "growth"


def test_an_unknown_price_and_a_second_subscription_are_told(agency: AgencyView, double: StripeDouble) -> None:
    subscription = begin(double)
    with double.books.lock:
        row = double.books.accounts[""].all("subscription")[subscription]
        price = row["items"]["data"][0]["price"]
        row["items"]["data"][0]["price"] = {**price, "id": "price_other", "metadata": {}, "lookup_key": None}
    buying.sync()
    assert held().tier == "starter", "an unknown price takes nobody's tier away"
    assert "none of ours" in held().strange
    with double.books.lock:
        books = double.books.accounts[""]
        books.all("subscription")["sub_2"] = {**row, "id": "sub_2", "created": row["created"] + 1}
    buying.sync()
    assert "2 subscriptions" in held().strange
    with tenancy.platform("a test"):
        assert models.strange()[0][0] == agency.id


def test_a_vendor_that_is_down_changes_nothing(agency: AgencyView, double: StripeDouble) -> None:
    begin(double)
    release()
    double.trouble(on="/v1/subscriptions", status=500)
    assert not buying.try_sync()
    double.trouble(on="/v1/subscriptions", status=500)
    with pytest.raises(ProviderUnavailable):
        buying.sync()
    buying.sync()
    assert tier() == "starter"


def test_a_configured_price_has_to_be_the_one_that_is_shown(
    app: Flask, agency: AgencyView, served: StripeDouble, billing: None
) -> None:
    served.forget()
    price = {
        "currency": "aud",
        "unit_amount": "2900",
        "recurring": {"interval": "month"},
        "product_data": {"name": "S"},
    }
    with served.books.lock:
        right = served.plans.create_price(served.books.accounts[""], price)["id"]
        wrong = served.plans.create_price(served.books.accounts[""], {**price, "unit_amount": "2800"})["id"]
    with (
        stripe.chosen(app, served, STRIPE_PRICE_STARTER_MONTHLY=wrong),
        pytest.raises(ProviderMisconfigured, match="not"),
    ):
        buying.subscribe("starter", "month", **WAY)
    with stripe.chosen(app, served, STRIPE_PRICE_STARTER_MONTHLY=right):
        begin(served)
        assert tier() == "starter"


def test_without_a_seller_prices_are_shown_and_nothing_is_sold(agency: AgencyView, billing: None) -> None:
    assert buying.seller() is None
    with pytest.raises(Conflict, match="Whoever runs"):
        buying.subscribe("starter", "month", **WAY)
    with pytest.raises(NotFound):
        buying.price_of("free", "month")
    buying.sync()


def test_the_portal_is_the_vendors_own(agency: AgencyView, double: StripeDouble) -> None:
    with pytest.raises(NotFound):
        buying.portal_url("http://localhost/back")
    begin(double)
    db.release()
    assert buying.portal_url("http://localhost/back").startswith(f"{double.url}/p/session/")


def test_nobody_is_asked_again_while_a_question_waits(agency: AgencyView, double: StripeDouble) -> None:
    """As while the vendor is down: the pull comes every quarter of an hour."""
    begin(double)
    release()
    with tenancy.platform("test"), clock.frozen(clock.now() + timedelta(hours=2)):
        for _time in range(3):
            jobs.pull(None)  # type: ignore[arg-type]
            release()
        waiting = sa.select(sa.func.count()).where(outbox.OutboxJob.kind == buying.SYNC)
        asked = session().scalar(waiting.where(outbox.OutboxJob.state == outbox.State.WAITING))
    assert asked == 1


def test_one_whose_first_payment_never_came_is_begun_anew(agency: AgencyView, double: StripeDouble) -> None:
    begin(double)
    with writing():
        row = models.own()
        assert row is not None
        row.state = SubscriptionState.INCOMPLETE
    shown = pages.change("growth", "month")
    assert shown.change is None and shown.price.plan == "growth"
