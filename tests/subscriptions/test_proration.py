"""What a change comes to: no cent is lost or made, whatever the month, the year and the moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webkit.core.capabilities.subscriptions import Interval, SubscriptionState
from webkit.core.settings import Settings, SettingsError
from webkit.sdk.testing.doubles.stripe.plans import _after, _share
from webkit.subscriptions.proration import Period, period_after, prorate
from webkit.subscriptions.standing import Known, Paid, Standing, Why, standing
from webkit.subscriptions.tiers import RANKS, TIERS, prices

MOMENTS = st.integers(1_672_531_200, 1_988_064_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
PRICES = st.integers(0, 10**9)
INTERVALS = st.sampled_from(Interval)


@given(MOMENTS, INTERVALS, PRICES, PRICES, st.floats(0, 1))
def test_what_was_used_and_what_is_left_is_the_price(
    start: datetime, interval: Interval, old: int, new: int, share: float
) -> None:
    period = Period(start, period_after(start, interval, 1))
    at = start + timedelta(seconds=int((period.end - start).total_seconds() * share))
    found = prorate(period, old, new, at)
    used = old - found.credit_minor
    assert 0 <= used <= old and 0 <= found.charge_minor <= new
    # Everything paid until the end: the old price, and the difference.
    assert old + found.due_minor == used + found.charge_minor
    assert prorate(period, new, old, at).due_minor == -found.due_minor, "there and back again costs nothing"
    assert prorate(period, old, old, at).due_minor == 0
    assert prorate(period, old, new, period.start).due_minor == new - old
    assert prorate(period, old, new, period.end).due_minor == 0
    assert prorate(period, old, new, at, anew=True).due_minor == new - found.credit_minor


@given(MOMENTS, INTERVALS, PRICES, st.lists(st.floats(0, 1), max_size=6))
def test_less_is_left_the_later_it_is(start: datetime, interval: Interval, price: int, shares: list[float]) -> None:
    period = Period(start, period_after(start, interval, 1))
    whole = (period.end - start).total_seconds()
    left = [period.left(price, start + timedelta(seconds=int(whole * share))) for share in sorted(shares)]
    assert left == sorted(left, reverse=True)
    assert period.left(price, start - timedelta(days=1)) == price
    assert period.left(price, period.end + timedelta(days=1)) == 0


@given(MOMENTS, INTERVALS, PRICES, st.floats(0, 1))
def test_the_vendor_counts_the_same(start: datetime, interval: Interval, price: int, share: float) -> None:
    end = period_after(start, interval, 1)
    first = int(start.timestamp())
    assert _after(first, first, {"recurring": {"interval": interval.value}}) == int(end.timestamp())
    rest = int((end - start).total_seconds() * share)
    left = Period(start, end).left(price, end - timedelta(seconds=rest))
    assert left == _share(price, rest, int((end - start).total_seconds()))


@given(MOMENTS, INTERVALS, st.integers(0, 60))
def test_periods_follow_each_other_and_keep_their_day(start: datetime, interval: Interval, number: int) -> None:
    this, following = period_after(start, interval, number), period_after(start, interval, number + 1)
    assert this < following
    assert this.day == start.day or (this + timedelta(days=1)).day == 1
    assert (this.hour, this.minute, this.second) == (start.hour, start.minute, start.second)


def test_short_months_and_leap_years() -> None:
    last = datetime(2024, 1, 31, 9, tzinfo=UTC)
    days = [period_after(last, Interval.MONTH, nth).strftime("%d.%m.%y") for nth in range(4)]
    assert days == ["31.01.24", "29.02.24", "31.03.24", "30.04.24"]
    leap = datetime(2024, 2, 29, tzinfo=UTC)
    assert [period_after(leap, Interval.YEAR, nth).day for nth in (1, 4)] == [28, 29]


TIERS_ = st.sampled_from(list(TIERS))
STATES = st.sampled_from(SubscriptionState)
PAID = st.builds(Paid, TIERS_, STATES, MOMENTS, st.booleans(), st.none() | MOMENTS)
DAYS = st.integers(0, 400).map(lambda days: timedelta(days=days))
KNOWN = st.builds(
    Known, TIERS_, MOMENTS, DAYS, DAYS, st.lists(st.tuples(TIERS_, MOMENTS), max_size=3).map(tuple), st.none() | PAID
)


@given(KNOWN, MOMENTS)
def test_a_tier_never_falls_below_its_base_and_holds_until_it_says(known: Known, now: datetime) -> None:
    found = standing(known, now)
    assert RANKS[found.tier] >= RANKS[known.base]
    if found.until is None:
        assert found == Standing(known.base, Why.BASE)
        return
    assert found.until > now
    before, then = standing(known, found.until - timedelta(seconds=1)), standing(known, found.until)
    assert before.tier == found.tier or before.until == found.until or now > found.until - timedelta(seconds=1)
    assert RANKS[then.tier] < RANKS[found.tier] or then.until is None or then.until > found.until or then != found
    for tier, until in known.lent:
        assert until <= now or RANKS[found.tier] >= RANKS[tier]


def test_prices_are_read_from_the_setting() -> None:
    default = prices(Settings.model_fields["tier_prices"].default)
    found = {key: (price.amount_minor, price.currency) for key, price in default.items()}
    assert found["growth", Interval.MONTH] == (7_900, "AUD")
    assert found["enterprise", Interval.YEAR] == (199_000, "AUD")
    yen = Settings.load({"WEBKIT_TIER_PRICES": "JPY starter 2900/29000,  growth 1/2, enterprise 1/2"}).tier_prices
    assert prices(yen)["starter", Interval.MONTH].amount_minor == 2_900
    euro = Settings.load({"WEBKIT_TIER_PRICES": "EUR starter 9.90/99.5, growth 1/2, enterprise 3/4"}).tier_prices
    assert prices(euro)["starter", Interval.YEAR].amount_minor == 9_950


@pytest.mark.parametrize(
    "text",
    [
        "starter 1/2, growth 1/2, enterprise 1/2",
        "XXZ starter 1/2, growth 1/2, enterprise 1/2",
        "JPY starter 1.5/2, growth 1/2, enterprise 1/2",
        "EUR starter 1/2, growth 1/2, growth 1/2",
        "EUR starter 1/2, growth 1/2, free 1/2",
        "EUR starter -1/2, growth 1/2, enterprise 1/2",
        "EUR starter 1, growth 1/2, enterprise 1/2",
    ],
)
def test_prices_that_cannot_be_read_stop_the_start(text: str) -> None:
    with pytest.raises(SettingsError):
        Settings.load({"WEBKIT_TIER_PRICES": text})
