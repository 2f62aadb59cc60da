"""Units, thresholds, words: what is measured is converted once, judged as it reads, and never made up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel.numbers import parse_decimal
from hypothesis import given
from hypothesis import strategies as st

from webkit.core.kernel.i18n import use_locale
from webkit.sdk import Metric, MetricKey, Score, ScoreKey, Unit
from webkit.website_audits import measures
from webkit.website_audits.measures import SCALES, Rating, kept, limit, printed, rate, rate_score

M = MetricKey
TIMES = [key for key in M if key is not M.CLS]
values = st.decimals(0, 60, places=3)


@pytest.mark.parametrize(
    ("key", "good", "fair", "poor"),
    [
        (M.LCP, ("2.5", "0"), ("2.501", "4"), ("4.001", "60")),
        (M.CLS, ("0.1", "0"), ("0.101", "0.25"), ("0.251", "3")),
        (M.INP, ("0.2", "0"), ("0.201", "0.5"), ("0.501", "9")),
        (M.FCP, ("1.8", "0"), ("1.801", "3"), ("3.001", "60")),
        (M.SI, ("3.4", "0"), ("3.401", "5.8"), ("5.801", "60")),
        (M.TBT, ("0.2", "0"), ("0.201", "0.6"), ("0.601", "60")),
    ],
)
def test_thresholds(key: MetricKey, good: tuple[str, ...], fair: tuple[str, ...], poor: tuple[str, ...]) -> None:
    for rating, given_values in ((Rating.GOOD, good), (Rating.FAIR, fair), (Rating.POOR, poor)):
        assert {rate(key, Decimal(value)) for value in given_values} == {rating}
    assert rate(key, None) is Rating.UNKNOWN


def test_thresholds_of_scores() -> None:
    assert [rate_score(value) for value in (100, 90, 89, 50, 49, 0, None)] == [
        *(Rating.GOOD, Rating.GOOD, Rating.FAIR, Rating.FAIR, Rating.POOR, Rating.POOR, Rating.UNKNOWN)
    ]


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        (M.LCP, "2.412", "2.4 s"),
        (M.LCP, "0.9", "0.9 s"),
        (M.LCP, "2.504", "2.504 s"),
        (M.LCP, "2.51", "2.51 s"),
        (M.LCP, "4.04", "4.04 s"),
        (M.LCP, "0.04", "0.04 s"),
        (M.LCP, "0", "0.0 s"),
        (M.SI, "12.345", "12.3 s"),
        (M.CLS, "0.31", "0.31"),
        (M.CLS, "0.1", "0.10"),
        (M.CLS, "0.103", "0.103"),
        (M.INP, "0.34", "340 ms"),
        (M.TBT, "1.2", "1,200 ms"),
        (M.TBT, "0", "0 ms"),
    ],
)
def test_what_is_printed(key: MetricKey, value: str, text: str) -> None:
    assert printed(key, Decimal(value)) == text


def test_limits_are_short() -> None:
    assert [limit(key, scale.good) for key, scale in SCALES.items()] == [
        *("2.5 s", "0.1", "200 ms", "1.8 s", "200 ms", "3.4 s")
    ]
    assert [limit(key, scale.fair) for key, scale in SCALES.items()] == [
        *("4 s", "0.25", "500 ms", "3 s", "600 ms", "5.8 s")
    ]


@given(st.sampled_from(TIMES), values)
def test_a_unit_is_converted_once(key: MetricKey, seconds: Decimal) -> None:
    in_seconds = kept(Metric(key, seconds, Unit.SECONDS))
    assert in_seconds == kept(Metric(key, seconds * 1000, Unit.MILLISECONDS)) == seconds
    assert kept(Metric(M.CLS, seconds, Unit.NONE)) == seconds
    assert kept(Metric(key, None, Unit.MILLISECONDS)) is None


@given(st.sampled_from(M), values, st.sampled_from(["en", "it-IT", "de-CH", "hi-IN"]))
def test_what_is_printed_is_judged_as_it_reads(key: MetricKey, value: Decimal, locale: str) -> None:
    with use_locale(locale):
        number, _, unit = printed(key, value).partition(" ")
    read = parse_decimal(number, locale=locale.replace("-", "_"))
    assert unit == ("" if key is M.CLS else "ms" if SCALES[key].in_milliseconds else "s")
    shown = read / 1000 if unit == "ms" else read
    assert rate(key, shown) is rate(key, value)
    assert abs(shown - value) <= Decimal("0.05")
    assert bool(shown) is bool(value)


@given(st.sampled_from(M), values, values)
def test_a_change_agrees_with_what_is_printed(key: MetricKey, before: Decimal, after: Decimal) -> None:
    forth, back = measures.change(key, before, after), measures.change(key, after, before)
    assert {"better": "worse", "worse": "better", "same": "same"}[forth.direction] == back.direction
    if printed(key, before) == printed(key, after):
        assert forth.direction == "same"
    elif after < before:
        assert forth.direction == "better"


@given(st.one_of(st.none(), st.integers(0, 100)), st.one_of(st.none(), st.integers(0, 100)))
def test_a_change_of_a_score(before: int | None, after: int | None) -> None:
    found = measures.change_of_score(before, after)
    if before is None or after is None:
        assert (found.direction, found.words) == ("", "")
    else:
        assert found.direction == ("same" if after == before else "better" if after > before else "worse")
        assert str(abs(after - before)) in found.words or after == before


@pytest.mark.parametrize(
    ("key", "value", "unit"),
    [(M.LCP, "1", Unit.NONE), (M.CLS, "1", Unit.SECONDS), (M.LCP, "-1", Unit.SECONDS), (M.LCP, "NaN", Unit.SECONDS)],
)
def test_impossible_metrics_cannot_be_made(key: MetricKey, value: str, unit: Unit) -> None:
    with pytest.raises(ValueError):
        Metric(key, Decimal(value), unit)
    for score in (-1, 101):
        with pytest.raises(ValueError):
            Score(ScoreKey.SEO, score)
