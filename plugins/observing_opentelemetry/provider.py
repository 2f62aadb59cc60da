"""Spans for requests, jobs and calls of vendors, sent to a collector by OTLP over HTTP.

Nothing of OpenTelemetry's globals is touched: another part of the process may have set them up for itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from webkit.sdk import Begun, Doing, Health, HealthReport, Observer, ProviderError, calls_nobody
from webkit.sdk.http import HttpLine
from webkit.sdk.watching import Patience, PerProcess, surrounding_trace

from .settings import OpenTelemetrySettings, header_lines

KINDS = {Doing.REQUEST: SpanKind.SERVER, Doing.JOB: SpanKind.CONSUMER, Doing.VENDOR: SpanKind.CLIENT}
NAMES = {"method": "http.request.method", "endpoint": "webkit.endpoint"}
"""Attributes that have a name everybody knows."""
EVERY_MILLIS = 1000
SEND_SECONDS = 5.0
HEALTH_SECONDS = 1.5
MOST_ATTRIBUTES, LONGEST_VALUE = 20, 200
TRACEPARENT = "traceparent"
_wire = TraceContextTextMapPropagator()


class BegunSpan:
    """A span that is open."""

    def __init__(self, span: Span, doing: Doing) -> None:
        self._span, self._doing = span, doing
        carrier: dict[str, str] = {}
        _wire.inject(carrier, set_span_in_context(span, Context()))
        self.trace = carrier.get(TRACEPARENT, "")

    @calls_nobody
    def end(self, outcome: str, error: BaseException | None = None) -> None:
        self._span.set_attribute("webkit.outcome", _told(outcome))
        if self._doing is Doing.REQUEST and outcome.isdecimal():
            self._span.set_attribute("http.response.status_code", int(outcome))
        kind = _kind(error) if error is not None else ""
        if kind:
            self._span.set_attribute("error.type", kind)
        if outcome == "failed" or (self._doing is Doing.REQUEST and outcome.startswith("5")):
            self._span.set_status(Status(StatusCode.ERROR, kind or None))
        self._span.end()


class Sender:
    """The spans of one process on their way."""

    def __init__(self, settings: OpenTelemetrySettings) -> None:
        exporter = OTLPSpanExporter(
            endpoint=settings.traces_url, headers=dict(header_lines(settings.headers)), timeout=SEND_SECONDS
        )
        self._provider = TracerProvider(
            sampler=ParentBasedTraceIdRatio(settings.share),
            resource=Resource({"service.name": settings.service}),
            shutdown_on_exit=False,  # a collector that is silent must not keep a process
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=EVERY_MILLIS))
        self.tracer: Tracer = self._provider.get_tracer("webkit")

    def send(self) -> None:
        """Send what waits."""
        self._provider.force_flush()


class OpenTelemetryObserver:
    """One collector. Spans wait in memory for a thread of this process, at most two thousand."""

    def __init__(self, settings: OpenTelemetrySettings) -> None:
        self._settings = settings
        self._senders = PerProcess(lambda: Sender(settings))
        self._patience = Patience()
        self._line = HttpLine("the collector")

    @calls_nobody
    def begin(self, doing: Doing, name: str, attributes: Mapping[str, str], trace: str) -> Begun:
        parent = _wire.extract({TRACEPARENT: trace or surrounding_trace()}, Context())
        told = dict(list(attributes.items())[:MOST_ATTRIBUTES])
        span = self._senders.get().tracer.start_span(
            _told(name),
            context=parent,
            kind=KINDS[doing],
            attributes={NAMES.get(key, f"webkit.{_told(key)}"): _told(value) for key, value in told.items()},
        )
        if doing is Doing.REQUEST:
            span.set_attribute("http.route", _told(name.partition(" ")[2]))
        return BegunSpan(span, doing)

    @calls_nobody
    def failed(self, error: BaseException, doing: Doing, name: str, attributes: Mapping[str, str]) -> None:
        """The span around it says so already: by the kind of error or the status of the answer."""

    @calls_nobody
    def flush(self) -> None:
        if (sender := self._senders.made()) is not None:
            self._patience.wait(sender.send)

    def health(self) -> HealthReport:
        """Posts no spans at all."""
        headers = {"Content-Type": "application/x-protobuf", **header_lines(self._settings.headers)}
        try:
            answer = self._line.ask(
                "POST", self._settings.traces_url, headers=headers, body=b"", seconds=HEALTH_SECONDS
            )
        except ProviderError as error:
            return HealthReport(Health.DOWN, str(error))
        if answer.status in (401, 403):
            return HealthReport(Health.DOWN, "the collector refuses OTEL_EXPORTER_OTLP_HEADERS")
        if answer.status >= 300:
            return HealthReport(Health.DOWN, f"the collector answered with {answer.status}")
        return HealthReport(Health.OK)


def _kind(error: BaseException) -> str:
    """What kind of error it is; what it says may be about somebody."""
    cls = type(error)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


_checked: type[Observer] = OpenTelemetryObserver


def _told(text: str) -> str:
    """As much of it as can be sent: half a character would lose all that is sent with it."""
    return text[:LONGEST_VALUE].encode("utf-8", "replace").decode()
