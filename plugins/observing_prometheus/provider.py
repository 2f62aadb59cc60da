"""Counts what it is told, and writes what all processes have counted as Prometheus reads it."""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from webkit.sdk import Begun, Doing, Exposition, HasMetrics, Health, HealthReport, Observer, calls_nobody
from webkit.sdk.watching import Patience, PerProcess, gauges, shared_memory

from .counts import COUNT, LEVELS, SUM, Counts, Part, Series
from .settings import PrometheusSettings

TIMES = {
    Doing.REQUEST: ("webkit_request_seconds", "Time of requests by rule and class of status.", ("rule", "status")),
    Doing.JOB: ("webkit_job_seconds", "Time of attempts at jobs by kind and outcome.", ("kind", "outcome")),
    Doing.VENDOR: (
        "webkit_vendor_call_seconds",
        "Time of calls of providers by method, provider and outcome.",
        ("call", "provider", "outcome"),
    ),
}
FAILURES = "webkit_unexpected_failures"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Timer:
    """Something that has begun."""

    trace = ""

    def __init__(self, counts: Counts, doing: Doing, labels: Series) -> None:
        self._counts, self._doing, self._labels = counts, doing, labels
        self._began = time.perf_counter()

    @calls_nobody
    def end(self, outcome: str, error: BaseException | None = None) -> None:
        if self._doing is Doing.REQUEST:
            outcome = f"{outcome[:1]}xx"
        self._counts.time((str(self._doing), *self._labels, outcome), time.perf_counter() - self._began)


class PrometheusObserver:
    """The counts of this process and, through Redis, of all."""

    def __init__(self, settings: PrometheusSettings) -> None:
        self._token = settings.token
        self._counts = PerProcess(lambda: Counts(shared_memory()))
        self._patience = Patience()

    @calls_nobody
    def begin(self, doing: Doing, name: str, attributes: Mapping[str, str], trace: str) -> Begun:
        more = (attributes.get("provider", ""),) if doing is Doing.VENDOR else ()
        return Timer(self._counts.get(), doing, (_name(doing, name), *more))

    @calls_nobody
    def failed(self, error: BaseException, doing: Doing, name: str, attributes: Mapping[str, str]) -> None:
        self._counts.get().count((FAILURES, str(doing), _name(doing, name)))

    @calls_nobody
    def flush(self) -> None:
        if (counts := self._counts.made()) is not None:
            self._patience.wait(counts.send)

    def health(self) -> HealthReport:
        if shared_memory() is None:
            return HealthReport(Health.DEGRADED, "no REDIS_URL: every process counts for itself alone")
        return HealthReport(Health.OK)

    @calls_nobody
    def metrics(self, authorization: str) -> Exposition | None:
        want = f"Bearer {self._token.get_secret_value()}"
        if not hmac.compare_digest(want.encode(), authorization.encode("utf-8", "replace")):
            return None
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Everything(self._counts.get(), shared=shared_memory() is not None))
        return Exposition(generate_latest(registry), CONTENT_TYPE_LATEST)


class Everything(Collector):
    """What is on the page."""

    def __init__(self, counts: Counts, *, shared: bool) -> None:
        self._counts, self._shared = counts, shared

    def describe(self) -> list[Metric]:
        """Nothing is asked before the page is."""
        return []

    def collect(self) -> Iterator[Metric]:
        found = self._counts.everything()
        for doing, (name, words, labels) in TIMES.items():
            yield _times(HistogramMetricFamily(name, words, labels=labels), str(doing), found)
        failures = CounterMetricFamily(FAILURES, "What nobody expected, by where.", labels=("doing", "name"))
        for (series, part), number in sorted(found.items()):
            if series[0] == FAILURES and part == COUNT:
                failures.add_metric(series[1:], number)
        yield failures
        yield from self._gauges()

    def _gauges(self) -> Iterator[Metric]:
        now = gauges()
        depth = GaugeMetricFamily("webkit_queue_depth", "Ids that wait in a queue.", labels=("queue",))
        for queue, length in now.queues.items():
            depth.add_metric((queue,), length)
        yield depth
        for name, words, value in (
            (
                "outbox_oldest_due_seconds",
                "How long the oldest due job waits for its first try.",
                now.oldest_due_seconds,
            ),
            ("jobs_waiting", "Jobs that are yet to be done.", now.waiting),
            ("jobs_dead", "Jobs that gave up and need a person.", now.dead),
            ("webhooks_waiting", "What vendors reported and was not applied yet.", now.webhooks),
            ("metrics_shared", "1 where all processes count together, 0 where this one is alone.", int(self._shared)),
        ):
            yield GaugeMetricFamily(f"webkit_{name}", words, value=value)


def _times(family: HistogramMetricFamily, doing: str, found: Mapping[Part, int]) -> HistogramMetricFamily:
    for series in sorted({series for series, _part in found if series[0] == doing}):
        below, levels = 0, []
        for level in LEVELS:
            below += found.get((series, level), 0)
            levels.append((level, float(below)))
        family.add_metric(series[1:], levels, sum_value=found.get((series, SUM), 0) / 1e6)
    return family


def _name(doing: Doing, name: str) -> str:
    """A name of which there are not endlessly many: anybody may invent methods of HTTP."""
    method, _, rule = name.partition(" ")
    return f"OTHER {rule}" if doing is Doing.REQUEST and method not in METHODS else name


_checked: type[Observer] = PrometheusObserver
_metrics: type[HasMetrics] = PrometheusObserver
