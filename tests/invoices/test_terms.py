"""Terms of payment, without a database: days, instalments that make the whole, and what is open of them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webkit.core.kernel.errors import DomainError
from webkit.invoices.terms import Due, Instalment, Part, Rule, Terms, due_on, still_open

DAY = date(2026, 11, 22)
ON_RECEIPT = Due(Rule.RECEIPT)


@pytest.mark.parametrize(
    ("due", "day"),
    [
        (Due(Rule.RECEIPT), DAY),
        (Due(Rule.NET, 30), date(2026, 12, 22)),
        (Due(Rule.MONTH_END), date(2026, 11, 30)),
        (Due(Rule.MONTH_END, 10), date(2026, 12, 10)),
        (Due(Rule.DAY, day=date(2027, 1, 15)), date(2027, 1, 15)),
    ],
)
def test_each_rule_leads_to_its_day(due: Due, day: date) -> None:
    assert due.on(DAY) == day
    assert Due.from_dict(due.to_dict()) == due


def test_the_end_of_february_is_known() -> None:
    assert Due(Rule.MONTH_END).on(date(2028, 2, 3)) == date(2028, 2, 29)


def test_a_day_that_is_over_is_refused() -> None:
    with pytest.raises(DomainError, match="is over"):
        Due(Rule.DAY, day=DAY - timedelta(days=1)).on(DAY)


@pytest.mark.parametrize(
    "wrong",
    [lambda: Due(Rule.NET, 366), lambda: Due(Rule.NET, -1), lambda: Due(Rule.DAY), lambda: Due(Rule.NET, 1, DAY)],
)
def test_rules_that_say_nothing_are_never_made(wrong: object) -> None:
    with pytest.raises(DomainError):
        wrong()  # type: ignore[operator]


def _percents(*values: str | None) -> Terms:
    parts = [Part(Due(Rule.NET, 15 * n), Decimal(value) if value else None) for n, value in enumerate(values)]
    return Terms(ON_RECEIPT, tuple(parts))


@pytest.mark.parametrize(
    ("terms", "total", "amounts"),
    [
        (_percents("30", "70"), 10001, [3000, 7001]),
        (_percents("33.33", "33.33", "33.34"), 100, [33, 33, 34]),
        (_percents("33.3", "33.3", None), 1000, [333, 333, 334]),
        (Terms(ON_RECEIPT, (Part(ON_RECEIPT, amount=500), Part(ON_RECEIPT))), 1234, [500, 734]),
        (Terms(ON_RECEIPT, (Part(ON_RECEIPT, amount=500), Part(ON_RECEIPT, amount=734))), 1234, [500, 734]),
    ],
)
def test_instalments_are_the_total(terms: Terms, total: int, amounts: list[int]) -> None:
    assert terms.amounts(total, "EUR") == amounts


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        (_percents("30", "60"), "90 %, not to 100"),
        (Terms(ON_RECEIPT, (Part(ON_RECEIPT, amount=500), Part(ON_RECEIPT, amount=733))), "the invoice to"),
        (Terms(ON_RECEIPT, (Part(ON_RECEIPT, amount=1234), Part(ON_RECEIPT))), "needs an amount"),
        (Terms(ON_RECEIPT, (Part(ON_RECEIPT, amount=2000), Part(ON_RECEIPT))), "needs an amount"),
    ],
)
def test_instalments_that_are_not_the_total_are_refused(terms: Terms, sentence: str) -> None:
    with pytest.raises(DomainError, match=sentence):
        terms.amounts(1234, "EUR")


def test_only_the_last_one_may_be_what_remains() -> None:
    with pytest.raises(DomainError, match="Only the last"):
        _percents("30", None, "70")
    with pytest.raises(DomainError, match="at least two"):
        _percents("100")


def test_instalments_follow_each_other_in_time() -> None:
    back = Terms(ON_RECEIPT, (Part(Due(Rule.NET, 30), Decimal(50)), Part(ON_RECEIPT, Decimal(50))))
    with pytest.raises(DomainError, match="before the one above"):
        back.resolve(1000, "EUR", DAY)


plans = st.lists(st.integers(1, 60), min_size=2, max_size=24).map(
    lambda weights: _percents(
        *[str((Decimal(w) * 100 / sum(weights)).quantize(Decimal("0.01"))) for w in weights[:-1]], None
    )
)


@given(plans, st.integers(100_000, 10**12))
def test_instalments_sum_to_the_total_whatever_they_are(terms: Terms, total: int) -> None:
    schedule = terms.resolve(total, "EUR", DAY)
    assert sum(part.amount for part in schedule) == total
    assert [part.due for part in schedule] == sorted(part.due for part in schedule)
    assert Terms.from_dict(terms.to_dict()) == terms
    assert tuple(Instalment.from_dict(part.to_dict()) for part in schedule) == schedule


amounts = st.lists(st.integers(1, 10**9), min_size=1, max_size=12)


@given(amounts, st.data())
def test_what_is_open_is_the_total_less_what_came_and_what_was_credited(each: list[int], data: st.DataObject) -> None:
    schedule = tuple(Instalment(amount, DAY + timedelta(days=n)) for n, amount in enumerate(each))
    credited = data.draw(st.integers(0, sum(each)))
    received = data.draw(st.integers(0, sum(each) - credited))
    left = still_open(schedule, received, credited)
    assert sum(part.amount for part in left) == sum(each) - received - credited
    assert [part.due for part in left] == sorted(part.due for part in left)
    assert due_on(left, DAY) == 0
    assert due_on(left, DAY + timedelta(days=99)) == sum(part.amount for part in left)
    more = data.draw(st.integers(0, sum(part.amount for part in left)))
    step = still_open(left, more, 0)
    assert step == still_open(schedule, received + more, credited)


def test_money_pays_the_first_and_credit_takes_off_the_last() -> None:
    schedule = tuple(Instalment(100, DAY + timedelta(days=n)) for n in range(3))
    assert [part.amount for part in still_open(schedule, 150, 30)] == [50, 70]
