"""The contract of observers."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from webkit.core.capabilities.observing import Doing, HasMetrics, Observer, ObservingFeature
from webkit.core.kernel.observing import Begin, trace

from .contract import ProviderContract

TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
MOST_SECONDS = 1.0
SPARE_SECONDS = 1.0
"""For a machine that is busy."""
MODE = "live"  # written whole, whoever looks for keys in a repository would find one
HIDDEN = (
    *(f"sk_{MODE}_51Hxxxxsecret", "whsec_0123456789abcdef", "qrst-bearer-0123456789", "hunter2-password"),
    *("/p/5Jd0secret-token-of-a-link", "someone@example.com", "+39 333 123 4567", "Via Segreta 12"),
)
"""What stands in messages of errors and must not leave."""
MESSAGE = (
    f"sk_{MODE}_51Hxxxxsecret whsec_0123456789abcdef Bearer qrst-bearer-0123456789 "
    "postgresql://u:hunter2-password@db/x "
    "https://deals.example/p/5Jd0secret-token-of-a-link someone@example.com +39 333 123 4567\n"
    "DETAIL:  Key (street)=(Via Segreta 12) exists."
)
ATTRIBUTES = {"method": "GET", "endpoint": "invoices.show"}
Heard = Callable[[], bytes]


class _Mute(Exception):
    """An error that cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


class ObservingContract(ProviderContract):
    """Override `heard`: a callable giving all that the double of the vendor has received, as it can be read.

    And `dead`: the same provider, where the vendor takes connections and says nothing.
    """

    @pytest.fixture
    def heard(self, provider: Observer) -> Heard:
        raise NotImplementedError("override the `heard` fixture")

    @pytest.fixture
    def dead(self) -> Observer:
        raise NotImplementedError("override the `dead` fixture")

    def test_what_begins_ends_and_nests(self, provider: Observer) -> None:
        with _begun(provider, Doing.REQUEST, "GET /x") as outer:
            around = trace()
            with _begun(provider, Doing.VENDOR, "email.send"):
                assert (trace() != around) is bool(around)
            assert trace() == around
            outer.end("200")
        assert trace() == ""

    def test_a_trace_is_handed_on(self, provider: Observer, another: Observer) -> None:
        first = provider.begin(Doing.REQUEST, "GET /x", ATTRIBUTES, "")
        if not first.trace:
            pytest.skip("does not trace")
        job = another.begin(Doing.JOB, "mail.send", {"attempt": "1"}, first.trace)
        found = [TRACEPARENT.fullmatch(each.trace) for each in (first, job)]
        assert all(found), "a trace is what the header `traceparent` says"
        (trace_id, span), (job_trace_id, job_span) = [match.groups() for match in found if match]
        assert trace_id == job_trace_id and span != job_span
        job.end("ok")
        first.end("200")

    def test_no_trace_of_anybody_is_taken_for_one(self, provider: Observer) -> None:
        begun = provider.begin(Doing.JOB, "mail.send", {}, "nonsense-\r\nX: y")
        assert not begun.trace or TRACEPARENT.fullmatch(begun.trace)
        begun.end("ok")

    def test_what_failed_is_scrubbed(self, provider: Observer, heard: Heard) -> None:
        error = _raised()
        begun = provider.begin(Doing.REQUEST, "GET /x", ATTRIBUTES, "")
        begun.end("500", error)
        provider.failed(error, Doing.REQUEST, "GET /x", ATTRIBUTES)
        provider.flush()
        told = heard().decode("utf-8", "replace")
        assert told, "the vendor heard nothing"
        assert [word for word in HIDDEN if word in told] == []

    def test_who_declares_metrics_has_them(self, provider: Observer) -> None:
        assert isinstance(provider, HasMetrics) is (ObservingFeature.METRICS in self.spec.features)

    @pytest.mark.parametrize(
        "shown", ["", "Bearer", "Bearer ", "Bearer x", "Basic eDp5", "Bearer \xe9\udc80"], ids=ascii
    )
    def test_metrics_are_for_whoever_shows_the_token(self, provider: Observer, shown: str) -> None:
        self.needs(ObservingFeature.METRICS)
        assert isinstance(provider, HasMetrics) and provider.metrics(shown) is None

    @pytest.mark.parametrize(
        "name", ["", "x" * 100_000, "GET /\u0000\udc80", "東京 🎉"], ids=lambda name: ascii(name[:20])
    )
    def test_nothing_that_is_told_makes_it_raise(self, provider: Observer, name: str) -> None:
        for doing in Doing:
            begun = provider.begin(doing, name, {name: name, "provider": name}, "")
            begun.end(name, _Mute())
            provider.failed(_Mute(), doing, name, {name: name})
        provider.flush()

    def test_a_vendor_that_is_silent_keeps_nobody(self, dead: Observer) -> None:
        began = time.monotonic()
        for _ in range(3):
            dead.begin(Doing.JOB, "mail.send", {"attempt": "1"}, "").end("failed", KeyError("x"))
            dead.failed(KeyError("x"), Doing.JOB, "mail.send", {})
        assert time.monotonic() - began < SPARE_SECONDS, "telling must not wait"
        for _ in range(3):  # it learns that nobody listens
            dead.flush()
        assert time.monotonic() - began < MOST_SECONDS + 2 * SPARE_SECONDS


@contextmanager
def _begun(observer: Observer, doing: Doing, name: str) -> Iterator[Begin]:
    begun = Begin((observer,), doing, name, ATTRIBUTES, "")
    try:
        yield begun
    finally:
        begun.leave()


def _raised() -> BaseException:
    secret_of_a_frame = MESSAGE
    try:
        try:
            raise KeyError(secret_of_a_frame)
        except KeyError as inner:
            raise ValueError(MESSAGE) from inner
    except ValueError as error:
        return error
